//! Integration tests.

mod check;

mod mail;
mod secret;
mod schedule;
mod schedule_times;
