//! A rule book as one page that anybody may read.

use decision::RuleBook;
use serde_json::{Value, json};

use super::{Error, page};

/// The whole book: rules, amounts, guidelines, choices and cases. `changes` is what differs from an earlier book.
pub fn rulebook(book: &RuleBook, changes: Option<&Value>) -> Result<String, Error> {
    let document = serde_json::to_value(book.document()).map_err(|error| {
        Error::new(minijinja::ErrorKind::BadSerialization, error.to_string())
    })?;
    page::page("rulebook.html", &json!({"book": document, "changes": changes}))
}
