//! Integration tests: the real store, the real console over HTTP, the real program.

mod console;
mod decide;
mod office;
