//! One thing wrong in a file that a person wrote, shown so that it can be mended: file, line, caret, what to do.
//!
//! Every reader of bots, schedules, rule books and configuration reports in this shape, and reports all it found.

use std::fmt;
use std::path::PathBuf;

/// Something wrong at one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as the user named it.
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
    /// A problem at a place that is known by line and column.
    pub fn at(file: impl Into<PathBuf>, line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, column, length: 1, message: message.into(), hint: None }
    }

    /// The same problem with a caret of `length` characters.
    #[must_use]
    pub fn length(mut self, length: usize) -> Self {
        self.length = length.max(1);
        self
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The whole message with the line it is about, read from `source`.
    pub fn render(&self, source: &str) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("  = gör så här: {hint}\n")).unwrap_or_default();
        format!("fel: {}\n  --> {}{hint}", self.message, self.excerpt(source))
    }

    /// The place and the line with a caret; only the file where no line is meant.
    fn excerpt(&self, source: &str) -> String {
        let Self { file, line: number, column, .. } = self;
        if *number == 0 {
            return format!("{}\n", file.display());
        }
        let line = source.lines().nth(number - 1).unwrap_or_default();
        let margin = " ".repeat(number.to_string().len());
        // A tab is as wide in the line below as in the line itself.
        let before = line.chars().chain(std::iter::repeat(' ')).take(column.saturating_sub(1));
        let indent: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
        let caret = "^".repeat(self.length.max(1));
        format!("{}:{number}:{column}\n{margin} |\n{number} | {line}\n{margin} | {indent}{caret}\n", file.display())
    }
}

impl From<decision::Problem> for Problem {
    fn from(problem: decision::Problem) -> Self {
        let decision::Problem { file, line, column, length, message, hint } = problem;
        Self { file, line, column, length, message, hint }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)
    }
}
