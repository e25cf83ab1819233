//! Integration tests.

mod check;

mod docs_schedules;
mod certificate;
mod mail;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
mod browser;
