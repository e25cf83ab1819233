//! Integration tests.

mod schedule;
