//! Integration tests.

mod browser;
mod certificate;
mod check;
mod docs_schedules;
mod mail;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
