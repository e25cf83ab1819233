//! Reading the YAML files of a rule book, with a place for everything that is wrong in them.

use std::path::{Path, PathBuf};

use expression::Finding;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location, Spanned};

use crate::Problem;
use crate::yaml_syntax::in_swedish;

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

    /// That a field is missing: told where the thing begins that lacks it, with its name. The reader only knows where the
    /// thing ends.
    fn missing(&self, field: &str, at: Location) -> Problem {
        let message = format!("fältet ”{field}” saknas");
        let hint = Some(format!("lägg till {field}: …"));
        let ends = line(at).max(1);
        let of_file = self.lacks(field);
        let lines = self.text.lines().take(ends).enumerate();
        let things = lines.filter_map(|(index, text)| Some((index + 1, begins(text)?)));
        match things.last().filter(|_| !of_file) {
            Some((line, (indent, text))) => {
                let named = name_of(text);
                let message = named.map_or_else(|| message.clone(), |name| format!("{message} i ”{name}”"));
                let length = text.trim_end().chars().count();
                Problem { file: self.path.clone(), line, column: indent + 3, length, message, hint }
            }
            None if of_file => Problem { hint, ..whole(&self.path, message) },
            None => Problem { hint, ..self.problem(at, 0, word_length(&self.text, at), message) },
        }
    }

    /// Whether the file as a whole has no such field, and should have.
    fn lacks(&self, field: &str) -> bool {
        const FIELDS: [&[&str]; 4] = [
            &["rulebook", "title", "version", "authorities", "income_kinds", "cost_kinds", "laws", "rules"],
            &["year", "title", "sources", "cells"],
            &["municipality", "source", "guidelines"],
            &["cases"],
        ];
        let start = format!("{field}:");
        let has = |field: &str| self.text.lines().any(|line| line.starts_with(field));
        // A file is known by the fields that stand in it.
        let fields = FIELDS.iter().max_by_key(|fields| fields.iter().filter(|field| has(&format!("{field}:"))).count());
        fields.is_some_and(|fields| fields.contains(&field)) && !has(&start)
    }

    fn yaml_problem(&self, error: &Error) -> Problem {
        let error = error.without_snippet();
        let written = error.to_string();
        let english = written.split(" at line ").next().unwrap_or(&written);
        let (message, hint) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                (format!("fältet ”{field}” är okänt"), Some(format!("här kan stå {}", expected.join(", "))))
            }
            Error::SerdeMissingField { field, location } => return self.missing(field, *location),
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                (format!("”{variant}” är okänt"), Some(format!("här kan stå {}", expected.join(", "))))
            }
            Error::DuplicateMappingKey { key, .. } => (
                format!("nyckeln ”{}” står två gånger", key.as_deref().unwrap_or("?")),
                Some("ta bort den ena".to_owned()),
            ),
            Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
                (format!("{} väntas här ({english})", wanted(expected)), None)
            }
            Error::InvalidScalar { ty, .. } => (format!("{} väntas här ({english})", wanted(ty)), None),
            Error::Unexpected { expected, .. } => {
                let hint = "skriv [ett, två], eller en rad för varje del som börjar med ”- ”; en tom lista är []";
                let is_list = expected.starts_with("sequence");
                (format!("{} väntas här", wanted(expected)), is_list.then(|| hint.to_owned()))
            }
            Error::NullIntoString { .. } => {
                ("här saknas ett värde".to_owned(), Some("skriv en text efter kolonet".to_owned()))
            }
            Error::Eof { .. } => ("filen är tom, eller tar slut mitt i".to_owned(), None),
            _ => {
                let (message, hint) = in_swedish(english);
                (message, Some(hint.to_owned()))
            }
        };
        match error.location() {
            Some(at) => Problem { hint, ..self.problem(at, 0, word_length(&self.text, at), message) },
            None => Problem { hint, ..whole(&self.path, message) },
        }
    }
}

/// A line that begins a thing of a list: how far in, and its text after the dash.
fn begins(line: &str) -> Option<(usize, &str)> {
    let start = line.trim_start();
    let text = start.strip_prefix("- ")?;
    let is_thing = text.starts_with('{')
        || text.split_once(':').is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    is_thing.then_some((line.len() - start.len(), text))
}

/// What a thing of a list is called.
fn name_of(text: &str) -> Option<&str> {
    let start = ["id", "name", "case", "cost", "kind", "by"].iter().find_map(|key| {
        let rest = text.trim_start_matches('{').strip_prefix(key)?;
        rest.strip_prefix(':')
    })?;
    let name = start.split([',', '}', '#']).next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then_some(name)
}

/// What the reader wants, in Swedish.
fn wanted(expected: &str) -> String {
    let known = [
        ("struct", "en post med fält (namn: värde)"),
        ("mapping", "en post med fält (namn: värde)"),
        ("a map", "en post med fält (namn: värde)"),
        ("a sequence", "en lista"),
        ("sequence", "en lista"),
        ("a string", "en text"),
        ("string", "en text"),
        ("scalar", "ett enkelt värde"),
        ("a boolean", "true eller false"),
        ("bool", "true eller false"),
        ("i32", "ett heltal"),
        ("i64", "ett heltal"),
        ("integer", "ett heltal"),
    ];
    let found = known.iter().find(|(start, _)| expected.starts_with(start));
    found.map_or_else(|| expected.to_owned(), |(_, said)| (*said).to_owned())
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
