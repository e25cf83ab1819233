//! Integration tests.

mod schedule;
mod schedule_times;
