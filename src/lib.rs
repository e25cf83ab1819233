//! Kollega: a digital coworker (robothandläggare) for Swedish municipalities.
//!
//! The map of the modules is `docs/architecture.md`.

pub mod alert;
pub mod app;
pub mod backup;
pub mod bot;
pub mod browser;
pub mod calendar;
pub mod check;
pub mod cli;
pub mod config;
pub mod console;
pub mod deadline;
pub mod delegate;
pub mod demo;
pub mod desk;
pub mod document;
pub mod duration;
pub mod explanation;
pub mod intake;
pub mod mail;
pub mod model;
pub mod operate;
pub mod outage;
pub mod person;
pub mod problem;
pub mod replay;
pub mod rulebook;
pub mod runner;
pub mod schedule;
pub mod scheduler;
pub mod screenshots;
pub mod script;
pub mod seal;
pub mod search;
pub mod secret;
pub mod size;
pub mod spot_check;
pub mod ssbtek;
pub mod stop;
pub mod store;
pub mod terminal;
pub mod why;
pub mod wording;
pub mod yaml;
