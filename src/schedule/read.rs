//! Reading the shape of a schedule file: YAML to `WrittenSchedule`, with every fault of shape in Swedish.
//!
//! A derived reader stops at its first fault. To find them all, the faulty entry is blanked out of the text, where
//! every line keeps its number, and the rest is read again. Nothing is judged here but the shape.

use std::path::Path;

use serde_saphyr::{Error, Location, Options};

use super::written::WrittenSchedule;
use crate::problem::Problem;

/// The shape as far as it could be read, and what was wrong with it.
pub struct Shape {
    pub written: WrittenSchedule,
    pub problems: Vec<Problem>,
    /// The text with the faulty entries blanked out; a fault of meaning is not looked for in these.
    rest: String,
    /// Whether the whole text was read, up to its faulty entries.
    pub complete: bool,
}

impl Shape {
    /// Whether `source` has the field `name` but it could not be read.
    pub fn faulty(&self, source: &str, name: &str) -> bool {
        line_of_field(source, name).is_some() && line_of_field(&self.rest, name).is_none()
    }
}

/// The line on which the field `name` of the file stands.
pub fn line_of_field(text: &str, name: &str) -> Option<usize> {
    let is_field = |line: &str| line.split_once(':').is_some_and(|(key, _)| key.trim_end() == name);
    text.lines().position(is_field).map(|index| index + 1)
}

/// Reads the shape of `source`; the faults name `file`.
pub fn read_shape(file: &Path, source: &str) -> Shape {
    let mut problems = Vec::new();
    let mut rest = source.to_owned();
    loop {
        match read(&rest) {
            Ok(written) => return Shape { written, problems, rest, complete: true },
            Err(error) => {
                let error = error.without_snippet();
                let fault = fault(error);
                // After an entry was blanked out, a fault of syntax may be our own doing: it is not told.
                if fault.in_syntax && !problems.is_empty() {
                    return Shape { written: WrittenSchedule::default(), problems, rest, complete: false };
                }
                problems.push(problem(file, &rest, error, &fault));
                let blanked = error.location().and_then(|at| blank_entry(&rest, line_of(at)));
                match blanked {
                    Some(blanked) if !fault.ends_reading(error) => rest = blanked,
                    _ => return Shape { written: WrittenSchedule::default(), problems, rest, complete: false },
                }
            }
        }
    }
}

fn read(text: &str) -> Result<WrittenSchedule, Error> {
    let options: Options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options)
}

/// A fault in words.
struct Fault {
    message: String,
    hint: Option<String>,
    /// The text is not YAML at all: nothing after it can be read.
    in_syntax: bool,
}

impl Fault {
    fn shape(message: String, hint: impl Into<Option<String>>) -> Self {
        Self { message, hint: hint.into(), in_syntax: false }
    }

    /// Whether nothing after it can be read: it is no YAML, or the file as a whole is something else than fields.
    fn ends_reading(&self, error: &Error) -> bool {
        let names_a_field = matches!(error, Error::SerdeUnknownField { .. } | Error::DuplicateMappingKey { .. });
        self.in_syntax || !names_a_field && error.location().is_some_and(|at| at.column() == 1)
    }
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            Fault::shape(format!("okänt fält: {field}"), allowed("tillåtna fält", field, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => Fault::shape(
            format!("\"{variant}\" är inget av de värden som kan stå här"),
            allowed("tillåtna värden", variant, expected),
        ),
        Error::DuplicateMappingKey { key, .. } => Fault::shape(
            format!("fältet {} står två gånger", key.as_deref().unwrap_or_default()),
            "ta bort det ena".to_owned(),
        ),
        Error::SerdeInvalidType { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::InvalidScalar { .. }
        | Error::Unexpected { .. }
        | Error::NullIntoString { .. }
        | Error::UnexpectedValueForUnit { .. } => Fault::shape("värdet är av fel slag".to_owned(), expected_of(error)),
        other => Fault {
            message: "filen går inte att läsa som YAML".to_owned(),
            hint: Some(syntax_hint(&other.to_string())),
            in_syntax: true,
        },
    }
}

/// What to do about text that is not YAML, for the faults people make; else what the parser says, in its English.
fn syntax_hint(parser: &str) -> String {
    let known = [
        (
            "anchor or alias",
            "ett värde som börjar med * eller & måste stå inom citattecken, t.ex. cron: \"0 0 6 * * Mon-Fri *\"",
        ),
        ("unclosed quote", "citattecknet som börjar här avslutas aldrig"),
        (
            "mapping values are not allowed",
            "indraget är fel här eller på raden före, eller så saknas citattecken om en text med kolon",
        ),
        ("tab", "indrag görs med mellanslag, inte med tabb"),
    ];
    let hint = known.iter().find(|(words, _)| parser.contains(words)).map(|(_, hint)| (*hint).to_owned());
    hint.unwrap_or_else(|| {
        format!("se efter indrag, kolon, citattecken och parenteser här och på raden före ({parser})")
    })
}

fn allowed(what: &str, word: &str, allowed: &[&str]) -> String {
    let all = format!("{what}: {}", allowed.join(", "));
    nearest(word, allowed).map_or(all.clone(), |near| format!("menades {near}? {all}"))
}

fn expected_of(error: &Error) -> String {
    let text = error.to_string();
    let kinds = [
        ("u32", "ett heltal, t.ex. 5"),
        ("integer", "ett heltal, t.ex. 5"),
        ("sequence", "en lista, t.ex. [failed, missed]"),
        ("struct", "fält med värden: {fält: värde} eller ett per rad"),
        ("map", "fält med värden: {fält: värde} eller ett per rad"),
        ("string", "en text"),
    ];
    let kind = kinds.iter().find(|(word, _)| text.contains(word));
    kind.map_or_else(|| text.clone(), |(_, swedish)| format!("här ska stå {swedish}"))
}

fn problem(file: &Path, text: &str, error: &Error, fault: &Fault) -> Problem {
    let Some(at) = error.location() else { return Problem::at(file, 0, 1, fault.message.clone()) };
    let (line, column) = (line_of(at), column_of(at));
    let problem = Problem::at(file, line, column, fault.message.clone()).length(word_length(text, line, column));
    match &fault.hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// The allowed name that is most like `word`, if any is like it.
pub fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let near = allowed.iter().map(|name| (edits(word, name), *name)).min()?;
    (near.0 <= 1 + word.chars().count() / 4).then_some(near.1)
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to make `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let mut cost =
                (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(rows[i - 2][j - 2] + 1);
            }
            row.push(cost);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The text without the entry at `line` and what is indented below it; the lines keep their numbers. None when there
/// is nothing to blank out.
fn blank_entry(text: &str, line: usize) -> Option<String> {
    let first = text.lines().nth(line.checked_sub(1)?).filter(|first| !first.trim().is_empty())?;
    let indent = indent_of(first);
    let mut inside = false;
    let mut blanked = String::new();
    for (i, each) in text.lines().enumerate() {
        inside = i + 1 == line || inside && (each.trim().is_empty() || indent_of(each) > indent);
        if !inside {
            blanked += each;
        }
        blanked.push('\n');
    }
    Some(blanked)
}

fn indent_of(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

/// How many characters the key, text or opening bracket at a place has.
pub fn word_length(text: &str, line: usize, column: usize) -> usize {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let length = match rest.first() {
        Some(quote @ ('"' | '\'')) => rest.iter().skip(1).position(|c| c == quote).map_or(rest.len(), |end| end + 2),
        Some('{' | '[') => 1,
        _ => plain_length(&rest),
    };
    length.max(1)
}

/// The length of a text without quotes: up to a colon, a comment or what ends it within brackets.
fn plain_length(rest: &[char]) -> usize {
    let ends = |pair: &[char]| matches!(pair, [':', ' '] | [' ', '#'] | [',' | '}' | ']', _]);
    let end = rest
        .windows(2)
        .position(ends)
        .unwrap_or_else(|| rest.len() - usize::from(matches!(rest.last(), Some(':' | ',' | '}' | ']'))));
    rest[..end].iter().collect::<String>().trim_end().chars().count()
}

pub fn line_of(at: Location) -> usize {
    usize::try_from(at.line()).unwrap_or(usize::MAX)
}

pub fn column_of(at: Location) -> usize {
    usize::try_from(at.column()).unwrap_or(usize::MAX)
}
