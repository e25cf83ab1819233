//! What can be wrong with the shape of a document, said in Swedish with its place.

use std::fmt;
use std::path::Path;

use serde::de::{Expected, Unexpected};

use super::Place;
use crate::problem::Problem;

/// One thing wrong with the shape.
#[derive(Debug)]
pub(super) struct Error {
    message: String,
    hint: Option<String>,
    place: Option<Place>,
    /// Where within the scalar, in bytes and length: for expressions inside text.
    inner: Option<(usize, usize)>,
}

impl Error {
    /// The same error at a place, unless it has one: the innermost place is the right one.
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    pub fn into_problem(self, file: &Path) -> Problem {
        let place = self.place.unwrap_or_default();
        let (column, length) = match self.inner {
            Some((offset, length)) => (place.column + offset + usize::from(place.quoted), length),
            None => (place.column, place.length),
        };
        let mut problem = Problem::at(file, place.line, column, self.message).length(length);
        problem.hint = self.hint;
        problem
    }

    fn new(message: String, hint: Option<String>) -> Self {
        Self { message, hint, place: None, inner: None }
    }
}

/// Packs an error inside a scalar's text so that it passes through serde with its place and hint.
pub fn inner_error(message: &str, offset: usize, length: usize, hint: Option<String>) -> String {
    format!("\u{1}{offset}\u{1}{length}\u{1}{}\u{1}{message}", hint.unwrap_or_default())
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        let parts: Vec<&str> = text.splitn(5, '\u{1}').collect();
        if let ["", offset, length, hint, message] = parts[..] {
            let inner = offset.parse().ok().zip(length.parse().ok());
            let hint = (!hint.is_empty()).then(|| hint.to_owned());
            return Self { inner, ..Self::new(message.to_owned(), hint) };
        }
        Self::new(text, None)
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("här väntades {expected}, men det står {}", describe(found)), None)
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("här väntades {expected}, men det är {length} stycken"), None)
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("`{name}` finns inte"), Some(near(name, known)))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("`{name}` hör inte hit"), Some(near(name, known)))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(format!("`{name}` saknas"), Some(format!("lägg till `{name}: …` här")))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(format!("`{name}` står två gånger"), Some("ta bort den ena".into()))
    }
}

/// What stands there, in words.
fn describe(found: Unexpected) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Str(value) => format!("`{value}`"),
        Unexpected::Unit | Unexpected::Option => "ingenting".into(),
        Unexpected::Seq => "en lista".into(),
        Unexpected::Map => "namngivna värden".into(),
        other => other.to_string(),
    }
}

/// The nearest known name, if one is near, and all that may stand there.
pub(crate) fn near(name: &str, known: &[&str]) -> String {
    let all = format!("möjliga namn: {}", known.join(", "));
    match nearest(name, known) {
        Some(best) => format!("menade du `{best}`? {all}"),
        None => all,
    }
}

/// The known name that `name` most likely was meant to be.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
