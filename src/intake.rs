//! Items from a file: reads CSV and workbooks as Swedish Excel writes them, and checks every row against the bot's fields
//! before anything is put in the queue.
//!
//! Finds all that is wrong at once, and never repeats what stands in a cell: it may be personal.

mod check;
mod csv_file;
mod sheet;
mod workbook;

use std::path::{Path, PathBuf};

pub use check::{Checked, Fault, Row, check};
pub use sheet::{Cell, Line, Sheet};

/// Why a file can't be read at all.
#[derive(Debug, thiserror::Error)]
#[error("{} kan inte läsas: {message}", .file.display())]
pub struct Error {
    file: PathBuf,
    message: String,
}

/// Reads a file by what it holds, whatever its name ends with: an Excel or OpenDocument workbook, or CSV.
pub fn read(file: &Path, sheet: Option<&str>) -> Result<Sheet, Error> {
    let wrong = |message: String| Error { file: file.to_path_buf(), message };
    let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let is_workbook = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    let read = if is_workbook { workbook::read(bytes, sheet) } else { csv_file::read(&bytes) };
    read.map_err(wrong)
}
