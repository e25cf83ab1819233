//! The browser on real pages, with the real chromedriver and headless shell.
//!
//! Every test has a browser of its own and ends by looking for what it may have left running.

#![expect(clippy::unwrap_used)]

mod desk;
mod faults;
mod files;
mod lives;
mod places;
mod readiness;
mod targets;
