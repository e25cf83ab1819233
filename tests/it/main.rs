//! Integration tests: the real store, the real console over HTTP, the real program.

mod console;
mod decide;
mod office;
//! Integration tests.

mod docs_schedules;
mod certificate;
mod mail;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
mod browser;
