//! Backups: everything an installation needs to go on, in one file that either database can be restored from.
//!
//! The file is lines of JSON, packed with gzip and, when a key is given, encrypted with age: tables from one snapshot,
//! then the seal's key, the secrets and, when wanted, the screenshots. Every part has its number of rows and its
//! SHA-256; nothing is restored from a file that does not hold.

mod error;
mod format;
mod key;
mod read;
mod restore;
mod write;

pub use error::Error;
pub use key::{LockKey, OpenKey};
pub use read::{Contents, verify};
pub use restore::{Options, restore};
pub use write::{Source, back_up};

/// The result of a function here.
pub type Result<T> = std::result::Result<T, Error>;

/// Told of how far it has come: what is worked on, and how many rows of it are done.
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64);
