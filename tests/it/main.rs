//! Integration tests: the real store, the real console over HTTP, the real program, a real browser.

mod architecture;
mod browser;
mod certificate;
mod check;
mod console;
mod console_browser;
mod decide;
mod demo;
mod docs_cli;
mod docs_config;
mod docs_office;
mod docs_robot;
mod docs_schedules;
mod fence;
mod konto;
mod mail;
mod morning;
mod office;
mod privacy;
mod schedule;
mod schedule_fifty_years;
mod schedule_times;
mod secret;
mod ssbtek;
mod trust;
