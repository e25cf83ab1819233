//! Integration tests.

mod browser;
