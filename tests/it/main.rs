//! Integration tests.

mod certificate;
mod docs_schedules;
mod mail;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
