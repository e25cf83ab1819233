//! The runner: it claims runs and items, does their stages and steps, and makes each commit once.
//!
//! It emits events and never prints. `worker` is the loop, `item` the way through the stages, `fence` the commit,
//! `work` what steps work with, `steps` the steps themselves.

mod automatic;
mod browsers;
mod circuit;
mod decide;
mod delivery;
mod drain;
mod error;
mod fence;
mod item;
mod letter;
mod lives;
mod record;
mod run;
mod scope;
mod steps;
mod suggest;
mod unread;
mod verify;
mod work;
mod worker;

pub use circuit::circuit_id;
pub use record::{Record, from_plain};
pub use worker::{Worker, WorkerOptions};
