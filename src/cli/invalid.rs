//! What the user gave that cannot be right: exit code 2.

/// The message, in Swedish.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);
