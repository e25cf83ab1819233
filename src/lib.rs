//! Kollega: a digital coworker (robothandläggare) for Swedish municipalities.
//!
//! The map of the modules is `docs/architecture.md`.

pub mod mail;
pub mod problem;
pub mod secret;
pub mod ssbtek;
