//! Integration tests.

mod mail;
mod secret;
