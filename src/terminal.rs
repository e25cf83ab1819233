//! The terminal: lines and tables for whoever runs a command. Says nothing by itself.

mod output;
mod progress;
mod table;

pub use output::{Format, print, print_error};
pub use progress::Progress;
pub use table::{Column, Table, aligned};
