//! Secrets: passwords and keys of the systems that are driven, named in configuration, kept encrypted, never printed.
//!
//! A [`Secret`] cannot print itself; the [`SecretStore`] keeps them encrypted at rest; the [`Redactor`] masks secrets
//! and personal numbers in everything that leaves the process as text. This module must never log and never put a
//! value, or a part of one, into an error.

pub mod bundle;
mod error;
mod key;
mod personal_number;
mod redactor;
mod store;

use std::fmt;

use zeroize::Zeroizing;

pub use error::SecretError;
pub use redactor::Redactor;
pub use store::SecretStore;

/// What stands where a secret was.
pub const MASK: &str = "[hemlighet]";

/// A value that cannot print itself and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a value, so that no other copy needs to remain.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself. Every call is a place to look at in a review: it may go to the system that asks for it,
    /// never into a log, an error, an event, an address or the arguments of a process.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
