//! What was found in one schedule file, each fault at its place.

use std::path::Path;

use serde_saphyr::Spanned;

use super::cron_expression::CronProblem;
use super::read::{column_of, line_of, line_of_field, word_length};
use crate::problem::Problem;

/// What was found in one file.
pub(super) struct Report<'a> {
    pub file: &'a Path,
    pub source: &'a str,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl Report<'_> {
    /// A field that must be there is not, or has nothing in it.
    pub fn missing(&mut self, name: &str, example: &str) {
        let problem = match line_of_field(self.source, name) {
            None => Problem::at(self.file, 1, 1, format!("fältet {name} saknas")),
            Some(line) => Problem::at(self.file, line, 1, format!("fältet {name} är tomt")).length(name.len()),
        };
        self.problems.push(problem.hint(format!("det ska stå t.ex. {example}")));
    }

    /// What stands here can't be meant.
    pub fn wrong<T>(&mut self, at: &Spanned<T>, message: String, hint: impl Into<String>) {
        let problem = self.problem(at, message).hint(hint);
        self.problems.push(problem);
    }

    /// What stands here is allowed but hardly meant.
    pub fn doubt<T>(&mut self, at: &Spanned<T>, message: String, hint: impl Into<String>) {
        let warning = self.problem(at, message).hint(hint);
        self.warnings.push(warning);
    }

    fn problem<T>(&self, at: &Spanned<T>, message: String) -> Problem {
        let (line, column) = (line_of(at.referenced), column_of(at.referenced));
        Problem::at(self.file, line, column, message).length(word_length(self.source, line, column))
    }

    /// A fault in a part of the cron text, underlined where the text stands in one line as it was read.
    pub fn wrong_in_cron(&mut self, text: &Spanned<String>, fault: CronProblem) {
        let whole = self.problem(text, fault.message);
        let line: Vec<char> =
            self.source.lines().nth(whole.line.saturating_sub(1)).unwrap_or_default().chars().collect();
        let quote = usize::from(matches!(line.get(whole.column.saturating_sub(1)), Some('"' | '\'')));
        let shown: String =
            line.iter().skip(whole.column.saturating_sub(1) + quote).take(text.value.chars().count()).collect();
        let column = whole.column + quote + fault.offset;
        let problem =
            if shown == text.value { Problem { column, length: fault.length.max(1), ..whole } } else { whole };
        self.problems.push(problem.hint(fault.hint));
    }
}
