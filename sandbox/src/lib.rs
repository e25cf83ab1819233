//! The practice systems: an e-application portal, a legacy verksamhetssystem, SSBTEK, a mailbox, a ledger that is called by
//! programs, and a control panel for faults.
//! They depend on nothing of the product; what they show and answer is described in the crate's README.

mod akten;
mod amount;
mod control;
mod decode;
mod dice;
mod error;
mod expected;
mod fault;
mod fault_layer;
mod identity;
mod ledger;
mod mailbox;
mod pages;
mod pdf;
mod portal;
mod record;
mod seed;
mod serve;
mod session;
mod shared;
mod ssbtek;
mod start;
mod store;

pub use error::Error;
pub use expected::{Expected, Outcome, expected_outcomes};
pub use fault::{FaultKind, FaultSpec, System};
pub use ledger::{LedgerRecord, Order};
pub use record::{Counts, Detail, Kind, NewRecord, Record};
pub use start::{Addresses, Config, Sandbox, start};

/// The sign-ins of the practice systems; for demo and tests, the same everywhere.
pub mod credentials {
    pub const PORTAL_USER: &str = "robot";
    pub const PORTAL_PASSWORD: &str = "Sommar-2025";
    pub const AKTEN_USER: &str = "robot01";
    pub const AKTEN_PASSWORD: &str = "Vinter-2025";
    pub const AKTEN_PIN: &str = "4711";
}
