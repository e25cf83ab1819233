//! The browser: a WebDriver session that sees pages as a person does, and that never outlives its lease.
//!
//! It knows targets, windows, frames, dialogs and files; it must not know bots, items, the store or what a page means,
//! and it never logs: what was typed, read or shown belongs to the caller.

mod click;
mod config;
mod connection;
mod dialog;
mod document;
mod driver;
mod error;
mod file;
mod find;
mod frame;
mod grid;
pub mod guard;
mod health;
mod picture;
mod process;
mod read;
mod record;
mod remote;
mod session;
mod set;
mod target;
mod wait;
mod window;

pub use click::Found;
pub use config::BrowserConfig;
pub use dialog::Answer;
pub use error::{Error, ErrorKind};
pub use guard::Guard;
pub use health::PageState;
pub use process::Process;
pub use read::{Existence, Row};
pub use record::{SessionRecord, end_orphans, end_recorded};
pub use session::Session;
pub use set::{Set, SetError, SetKind};
pub use target::{Target, TargetKind};
pub use wait::Condition;
