//! The one place that prints.

use std::io::{self, Write};

use clap::ValueEnum;

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// För människor
    #[default]
    Table,
    /// För program: en JSON-lista
    Json,
}

/// Prints a line. Whoever reads may stop reading: a closed pipe is no error.
pub fn print(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line for the person at the terminal, apart from the result.
pub fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
