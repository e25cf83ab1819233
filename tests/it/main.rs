//! Integration tests.

mod secret;
