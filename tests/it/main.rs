//! Integration tests.

mod mail;
mod secret;
mod schedule;
mod schedule_times;
