//! Kollega: a digital coworker (robothandläggare) for Swedish municipalities.
//!
//! The map of the modules is `docs/architecture.md`.

pub mod bot;
pub mod browser;
pub mod calendar;
pub mod check;
pub mod config;
pub mod duration;
pub mod mail;
pub mod model;
pub mod problem;
pub mod schedule;
pub mod secret;
pub mod store;
pub mod yaml;
