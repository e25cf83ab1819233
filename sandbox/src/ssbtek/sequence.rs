//! Walks an element's children in the order the contract gives them, and collects everything that is not so.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::tree::Element;

pub struct Sequence<'a> {
    namespace: &'static str,
    path: String,
    children: &'a [Element],
}

/// What breaks the contract, in words.
pub type Problems = Vec<String>;

impl<'a> Sequence<'a> {
    pub fn of(namespace: &'static str, path: &str, element: &'a Element, problems: &mut Problems) -> Self {
        if !element.children.is_empty() && !element.text.trim().is_empty() {
            problems.push(format!("{path}: text är inte tillåten här"));
        }
        Self { namespace, path: path.to_owned(), children: &element.children }
    }

    pub fn optional(&mut self, name: &str) -> Option<&'a Element> {
        let (first, rest) = self.children.split_first()?;
        if first.name != name || first.namespace != self.namespace {
            return None;
        }
        self.children = rest;
        Some(first)
    }

    pub fn required(&mut self, name: &str, problems: &mut Problems) -> Option<&'a Element> {
        let found = self.optional(name);
        if found.is_none() {
            let instead = self.children.first().map_or("inget", |one| one.name.as_str());
            problems.push(format!("{}: {name} saknas (här står {instead})", self.path));
        }
        found
    }

    /// The text of a required element that fits.
    pub fn text(&mut self, name: &str, fits: fn(&str) -> bool, problems: &mut Problems) -> String {
        match self.required(name, problems) {
            Some(element) => fitting(&self.path, element, fits, problems),
            None => String::new(),
        }
    }

    pub fn optional_text(&mut self, name: &str, fits: fn(&str) -> bool, problems: &mut Problems) -> Option<String> {
        let element = self.optional(name)?;
        Some(fitting(&self.path, element, fits, problems))
    }

    pub fn end(self, problems: &mut Problems) {
        for extra in self.children {
            problems.push(format!("{}: {} hör inte hemma här", self.path, extra.name));
        }
    }
}

fn fitting(path: &str, element: &Element, fits: fn(&str) -> bool, problems: &mut Problems) -> String {
    let text = element.text.trim();
    if !element.children.is_empty() || !fits(text) {
        problems.push(format!("{path}/{}: värdet följer inte kontraktet", element.name));
    }
    text.to_owned()
}

pub fn anything(_: &str) -> bool {
    true
}

pub fn not_empty(text: &str) -> bool {
    !text.is_empty()
}

pub fn boolean(text: &str) -> bool {
    matches!(text, "true" | "false" | "0" | "1" | "")
}

pub fn date(text: &str) -> bool {
    text.get(..10).is_some_and(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok())
}

pub fn date_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok() || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
}

/// Twelve digits, the fifth of them 2–9.
pub fn organisation(text: &str) -> bool {
    twelve_digits(text) && text.as_bytes().get(4).is_some_and(|digit| *digit >= b'2')
}

pub fn twelve_digits(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}
