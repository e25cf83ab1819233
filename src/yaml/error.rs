//! What can be wrong with the shape of a document, said in Swedish with its place.

use std::fmt;
use std::path::Path;

use expression::ParseError;
use serde::de::{Expected, Unexpected};

use super::{Place, locate};
use crate::problem::Problem;

/// One thing wrong with the shape.
#[derive(Debug)]
pub(super) struct Error {
    message: String,
    hint: Option<String>,
    place: Option<Place>,
    /// Where within the scalar: for expressions inside text.
    inner: Option<Box<Inner>>,
    /// The field that is missing, when that is what is wrong.
    missing: Option<&'static str>,
}

/// A part of a scalar's text.
#[derive(Debug)]
struct Inner {
    text: String,
    offset: usize,
    length: usize,
}

impl Error {
    /// The same error at a place, unless it has one: the innermost place is the right one.
    pub fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    /// The same error with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error about a `kind` of thing, where that is a word and not a type's name.
    pub fn of(mut self, kind: &str) -> Self {
        if kind.starts_with(char::is_lowercase) {
            self.message = format!("{kind} {}", self.message);
        }
        self
    }

    /// An expression that can't be read, within the scalar `text`.
    pub fn inside(place: Place, text: &str, error: ParseError) -> Self {
        let inner = Inner { text: text.to_owned(), offset: error.offset, length: error.length };
        Self { inner: Some(Box::new(inner)), ..Self::new(error.message, error.hint) }.at(place)
    }

    /// Ends the reading of a part whose fault has been reported already.
    pub fn already_told() -> Self {
        Self::new(String::new(), None)
    }

    pub fn is_told(&self) -> bool {
        self.message.is_empty()
    }

    /// The field that is missing, when that is what is wrong.
    pub fn missing(&self) -> Option<&'static str> {
        self.missing
    }

    pub fn into_problem(self, file: &Path, source: &str) -> Problem {
        let place = self.place.unwrap_or_default();
        let place = match self.inner {
            Some(inner) => locate(source, place, &inner.text, inner.offset, inner.length),
            None => place,
        };
        let mut problem = Problem::at(file, place.line, place.column, self.message).length(place.length);
        problem.hint = self.hint;
        problem
    }

    fn new(message: String, hint: Option<String>) -> Self {
        Self { message, hint, place: None, inner: None, missing: None }
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
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
        let error = Self::new(format!("`{name}` saknas"), Some(format!("lägg till `{name}: …` här")));
        Self { missing: Some(name), ..error }
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

/// More names than this are not all told when one of them is near.
const MANY: usize = 16;

/// The nearest known name, if one is near, and all that may stand there.
pub(crate) fn near(name: &str, known: &[&str]) -> String {
    let all = format!("möjliga namn: {}", known.join(", "));
    match nearest(name, known) {
        Some(best) if known.len() > MANY => format!("menade du `{best}`?"),
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
