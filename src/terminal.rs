//! The terminal: lines and tables for whoever runs a command. Says nothing by itself.

mod output;
mod table;

pub use output::{Format, print, print_error};
pub use table::{Column, Table, aligned};
