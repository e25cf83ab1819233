//! A rule book as one page that anybody may read.

use decision::RuleBook;
use serde_json::{Value, json};

use super::{Error, page};

/// The whole book: rules, amounts, guidelines, choices and cases; and what differs from an earlier one.
pub fn rulebook(book: &RuleBook, before: Option<&RuleBook>) -> Result<String, Error> {
    let document = serde_json::to_value(book.document())
        .map_err(|error| Error::new(minijinja::ErrorKind::BadSerialization, error.to_string()))?;
    let changes = before.map(|before| changes(before, book));
    page::page("rulebook.html", &json!({"book": document, "changes": changes}))
}

fn changes(before: &RuleBook, book: &RuleBook) -> Value {
    let parts = decision::told(&decision::diff(before, book));
    json!({"since": before.version(), "sha256": before.sha256(), "parts": parts})
}
