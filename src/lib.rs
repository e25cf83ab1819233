//! Kollega: a digital coworker (robothandläggare) for Swedish municipalities.
//!
//! The map of the modules is `docs/architecture.md`.

pub mod calendar;
pub mod problem;
pub mod schedule;
