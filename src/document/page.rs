//! The templates of documents. A document is one file: its style stands in it, it fetches nothing and runs nothing.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use rust_decimal::Decimal;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Error;
use crate::wording;

const STYLE: &str = include_str!("templates/document.css");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(environment);

const SOURCES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("explanation.html", include_str!("templates/explanation.html")),
    ("letter.html", include_str!("templates/letter.html")),
    ("rulebook.html", include_str!("templates/rulebook.html")),
];

/// A template with its blanks filled in; everything put into it is escaped.
pub(super) fn page(template: &str, content: &Value) -> Result<String, Error> {
    TEMPLATES.get_template(template)?.render(Serde(content))
}

/// The one style that a document may have, for a page's content security policy.
pub fn style_hash() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE.as_bytes())))
}

/// `1 234,50 kr` with spaces that do not break, and a minus sign that is read out as one.
pub(super) fn kronor(amount: &str) -> String {
    format!("{}\u{a0}kr", number(amount))
}

fn number(amount: &str) -> String {
    wording::kronor(amount).replace(' ', "\u{a0}").replacen('-', "\u{2212}", 1)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_global("style", minijinja::Value::from_safe_string(STYLE.to_owned()));
    environment.add_filter("kr", |amount: &str| kronor(amount));
    environment.add_filter("number", |amount: &str| number(amount));
    environment.add_filter("unsigned", |amount: &str| {
        amount.parse::<Decimal>().map_or_else(|_| amount.to_owned(), |amount| amount.abs().to_string())
    });
    // A paragraph's number is not left alone on a line.
    environment.add_filter("law", |text: &str| text.replace(" §", "\u{a0}§").replace(" kap.", "\u{a0}kap."));
    environment.add_filter("month", |text: &str| wording::month(text));
    environment.add_filter("outcome", |id: &str| wording::outcome(id).to_owned());
    for (name, source) in SOURCES {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(name, %error, "a template of a document is wrong");
        }
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        for (name, _) in SOURCES {
            TEMPLATES.get_template(name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn amounts_and_months_are_written_as_in_swedish() {
        assert_eq!(kronor("-1234.5"), "\u{2212}1\u{a0}234,50\u{a0}kr");
        assert_eq!(wording::month("2025-12"), "december 2025");
        assert_eq!(wording::month("?"), "?");
    }
}
