//! Something wrong in a file of a rule book: file, line, caret, what to do. The program shows it with the line itself.

use std::fmt;
use std::path::PathBuf;

/// Something wrong at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, in the folder that was asked for.
    pub file: PathBuf,
    /// The line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters the caret underlines, at least 1.
    pub length: usize,
    /// What is wrong, in Swedish.
    pub message: String,
    /// What to do about it, in Swedish.
    pub hint: Option<String>,
}

impl Problem {
    /// Its line, for a problem that is about two places: `rad 12`, with the file where that is another.
    pub(crate) fn line_beside(&self, other: &Self) -> String {
        if self.file == other.file {
            return format!("rad {}", self.line);
        }
        format!("{} rad {}", self.file.file_name().unwrap_or_default().to_string_lossy(), self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, " ({hint})"))
    }
}
