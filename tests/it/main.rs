//! Integration tests: the real store, the real console over HTTP, the real program, a real browser.

mod browser;
mod certificate;
mod check;
mod console;
mod decide;
mod docs_robot;
mod docs_schedules;
mod konto;
mod mail;
mod office;
mod schedule;
mod schedule_times;
mod secret;
mod ssbtek;
