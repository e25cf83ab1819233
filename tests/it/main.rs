//! Integration tests.

mod docs_schedules;
mod certificate;
mod check;
mod mail;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
mod browser;
