//! Reading the YAML files of a rule book, with a place for everything that is wrong in them.

use std::path::{Path, PathBuf};

use expression::Finding;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location, Spanned};

use crate::Problem;

/// One file of a rule book and its text.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub path: PathBuf,
    pub text: String,
}

impl File {
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path);
        match text {
            Ok(text) => Ok(Self { path: path.to_owned(), text }),
            Err(error) => Err(whole(path, format!("filen kan inte läsas: {error}"))),
        }
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_saphyr::from_str(&self.text).map_err(|error| self.yaml_problem(&error))
    }

    /// A problem with a value that was read with its place.
    pub fn at<T>(&self, value: &Spanned<T>, message: impl Into<String>) -> Problem {
        self.problem(value.defined, 0, word_length(&self.text, value.defined), message.into())
    }

    /// What was found in a text that was read with its place.
    pub fn found(&self, text: &Spanned<String>, finding: Finding) -> Problem {
        let problem = self.within(text, finding.offset, finding.length, finding.message);
        Problem { hint: Some(finding.hint), ..problem }
    }

    /// That an amount stands without quotation marks: YAML would take it for a number, and drop its last zero.
    pub fn unquoted<T>(&self, amount: &Spanned<T>) -> Option<Problem> {
        let start = self.text.lines().nth(line(amount.defined).checked_sub(1)?)?;
        let written: String = start.chars().skip(column(amount.defined).saturating_sub(1)).collect();
        if !written.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let number: String = written.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '_')).collect();
        let problem = self.at(amount, "beloppet ska stå inom citattecken");
        Some(Problem { hint: Some(format!("skriv \"{number}\"")), length: number.chars().count(), ..problem })
    }

    /// A problem `offset` bytes into a text that was read with its place.
    pub fn within(&self, value: &Spanned<String>, offset: usize, length: usize, message: impl Into<String>) -> Problem {
        let before = value.value.get(..offset).unwrap_or(&value.value);
        let start = self.text.lines().nth(line(value.defined).saturating_sub(1)).unwrap_or_default();
        let written = start.chars().nth(column(value.defined).saturating_sub(1)).unwrap_or(' ');
        match written {
            '|' | '>' => self.within_lines(line(value.defined) + 1, 1, before.len(), length, message.into()),
            '\'' => self.problem(
                value.defined,
                1 + before.chars().count() + before.matches('\'').count(),
                length,
                message.into(),
            ),
            '"' => {
                let escaped = before.matches(['"', '\\']).count();
                self.problem(value.defined, 1 + before.chars().count() + escaped, length, message.into())
            }
            _ => {
                let (line, column) = (line(value.defined), column(value.defined));
                self.within_lines(line, column, before.len(), length, message.into())
            }
        }
    }

    /// A problem in a text that may go on over several lines: the end of each, with the indent of the next, is one
    /// character of it.
    fn within_lines(&self, line: usize, column: usize, offset: usize, length: usize, message: String) -> Problem {
        let (mut left, mut skipped) = (offset, column.saturating_sub(1));
        let length = length.max(1);
        for (index, raw) in self.text.lines().enumerate().skip(line.saturating_sub(1)) {
            let rest: String = raw.chars().skip(skipped).collect();
            let indent = skipped + rest.chars().take_while(|c| c.is_whitespace()).count();
            let text = rest.trim();
            if left <= text.len() {
                let right = text.get(..left).unwrap_or(text).chars().count();
                let column = indent + right + 1;
                return Problem { file: self.path.clone(), line: index + 1, column, length, message, hint: None };
            }
            (left, skipped) = (left - text.len() - 1, 0);
        }
        Problem { file: self.path.clone(), line, column, length, message, hint: None }
    }

    fn problem(&self, at: Location, right: usize, length: usize, message: String) -> Problem {
        let (line, column) = (line(at), column(at) + right);
        Problem { file: self.path.clone(), line, column, length: length.max(1), message, hint: None }
    }

    fn yaml_problem(&self, error: &Error) -> Problem {
        let error = error.without_snippet();
        let (message, hint) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                (format!("fältet ”{field}” är okänt"), Some(format!("här kan stå {}", expected.join(", "))))
            }
            Error::SerdeMissingField { field, .. } => (format!("fältet ”{field}” saknas"), None),
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                (format!("”{variant}” är okänt"), Some(format!("här kan stå {}", expected.join(", "))))
            }
            Error::DuplicateMappingKey { key, .. } => {
                (format!("nyckeln ”{}” står två gånger", key.as_deref().unwrap_or("?")), None)
            }
            Error::SerdeInvalidType { .. }
            | Error::SerdeInvalidValue { .. }
            | Error::InvalidScalar { .. }
            | Error::Unexpected { .. } => (format!("värdet har fel form ({error})"), None),
            other => (format!("filen går inte att läsa som YAML ({other})"), None),
        };
        match error.location() {
            Some(at) => Problem { hint, ..self.problem(at, 0, word_length(&self.text, at), message) },
            None => Problem { hint, ..whole(&self.path, message) },
        }
    }
}

/// A problem with a file or folder as a whole.
pub(crate) fn whole(path: &Path, message: impl Into<String>) -> Problem {
    Problem { file: path.to_owned(), line: 0, column: 0, length: 1, message: message.into(), hint: None }
}

fn line(at: Location) -> usize {
    usize::try_from(at.line()).unwrap_or(0)
}

fn column(at: Location) -> usize {
    usize::try_from(at.column()).unwrap_or(0)
}

/// How long the word or quoted text at a place is.
fn word_length(text: &str, at: Location) -> usize {
    let start = text.lines().nth(line(at).saturating_sub(1)).unwrap_or_default();
    let rest: Vec<char> = start.chars().skip(column(at).saturating_sub(1)).collect();
    let ends = |c: &char| c.is_whitespace() || matches!(c, ',' | ':' | '}' | ']');
    rest.iter().position(ends).unwrap_or(rest.len()).max(1)
}
