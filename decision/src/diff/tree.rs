//! A rule book as a list of named things with fields, read from its text as it is written.

use serde_json::{Map, Value as Json};

use super::ChangedPart;
use crate::content::Content;

/// A rule, a cell, a guideline …: its fields by their path, each as text.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub part: ChangedPart,
    pub name: String,
    pub from: Option<String>,
    pub fields: Vec<(String, String)>,
}

impl Element {
    fn new(part: ChangedPart, name: &str, value: &Json) -> Self {
        let from = value.pointer("/valid/from").or_else(|| value.get("from"));
        let mut fields = Vec::new();
        flatten("", value, &mut fields);
        Self { part, name: name.to_owned(), from: from.and_then(as_text), fields }
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The field's value with what names the thing taken away.
    fn without(mut self, field: &str) -> Self {
        self.fields.retain(|(known, _)| known != field);
        self
    }
}

/// Everything that a rule book's files say, comments and cases aside.
pub(super) fn elements(content: &Content) -> Vec<Element> {
    let mut elements = of_book(&parsed(content, "rulebook.yaml"));
    elements.extend(of_guidelines(&parsed(content, "guidelines.yaml")));
    for (path, _) in content.files().filter(|(path, _)| path.starts_with("amounts/")) {
        elements.extend(of_table(&parsed(content, path)));
    }
    elements
}

/// A file's top level. A book that could be loaded has no file that can't be read.
fn parsed(content: &Content, path: &str) -> Map<String, Json> {
    let text = content.file(path).map(|file| file.text).unwrap_or_default();
    match serde_saphyr::from_str(&text) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn of_book(book: &Map<String, Json>) -> Vec<Element> {
    let mut elements = Vec::new();
    for (key, value) in book {
        match key.as_str() {
            "rules" => elements.extend(list(ChangedPart::Rule, value, "id")),
            "values" => elements.extend(list(ChangedPart::Value, value, "name")),
            "authorities" => elements.extend(list(ChangedPart::Authority, value, "id")),
            "income_kinds" => elements.extend(list(ChangedPart::IncomeKind, value, "kind")),
            "cost_kinds" => elements.extend(list(ChangedPart::CostKind, value, "kind")),
            "laws" => elements.extend(map(ChangedPart::Law, value)),
            "parameters" => elements.extend(map(ChangedPart::Parameter, value)),
            "rulebook" | "title" | "version" => elements.push(Element::new(ChangedPart::Book, key, value)),
            _ => elements.push(Element::new(ChangedPart::Other, key, value)),
        }
    }
    elements
}

fn of_guidelines(guidelines: &Map<String, Json>) -> Vec<Element> {
    let mut elements = Vec::new();
    for (key, value) in guidelines {
        match key.as_str() {
            "guidelines" => elements.extend(list(ChangedPart::Guideline, value, "cost")),
            // What the municipality has chosen, beside what the rule book offers.
            "parameters" => {
                let chosen = value.as_object().into_iter().flatten();
                elements.extend(chosen.map(|(name, value)| {
                    Element::new(ChangedPart::Parameter, &format!("{name} (kommunens val)"), value)
                }));
            }
            "counted_incomes" => elements.extend(list(ChangedPart::CountedIncome, value, "kind")),
            _ => elements.push(Element::new(ChangedPart::Guideline, key, value)),
        }
    }
    elements
}

fn of_table(table: &Map<String, Json>) -> Vec<Element> {
    let year = table.get("year").and_then(as_text).unwrap_or_default();
    let mut elements = Vec::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            // Who typed them in is in the file, for those who keep the book: names of persons are told to nobody else.
            ("year" | "entries", _) => {}
            ("cells", Json::Object(cells)) => {
                let cells = cells.iter();
                elements.extend(
                    cells.map(|(cell, value)| Element::new(ChangedPart::Amount, &format!("{year} {cell}"), value)),
                );
            }
            _ => elements.push(Element::new(ChangedPart::Amount, &format!("{year} {key}"), value)),
        }
    }
    elements
}

/// The things of a list, each named by one of its fields; texts name themselves.
fn list(part: ChangedPart, value: &Json, name: &str) -> Vec<Element> {
    let things = value.as_array().into_iter().flatten();
    things
        .map(|thing| match thing {
            Json::Object(fields) => {
                let named = fields.get(name).and_then(as_text).unwrap_or_default();
                Element::new(part, &named, thing).without(name)
            }
            text => Element::new(part, &as_text(text).unwrap_or_default(), &Json::Null),
        })
        .collect()
}

/// The things of a map; where one has several versions, each by itself.
fn map(part: ChangedPart, value: &Json) -> Vec<Element> {
    let mut elements = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Json::Array(versions) if versions.iter().all(Json::is_object) => {
                elements.extend(versions.iter().map(|version| Element::new(part, name, version)));
            }
            _ => elements.push(Element::new(part, name, value)),
        }
    }
    elements
}

/// Every value by its path; what is empty is left out, and lists of plain values are one text.
fn flatten(path: &str, value: &Json, fields: &mut Vec<(String, String)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Json::Object(inner) => {
            for (key, value) in inner {
                flatten(&below(key), value, fields);
            }
        }
        Json::Array(list) if list.iter().any(|one| one.is_object() || one.is_array()) => {
            for (index, value) in list.iter().enumerate() {
                flatten(&below(&(index + 1).to_string()), value, fields);
            }
        }
        Json::Array(list) => {
            let texts: Vec<String> = list.iter().filter_map(as_text).collect();
            fields.push((path.to_owned(), texts.join(", ")));
        }
        plain => fields.extend(as_text(plain).map(|text| (path.to_owned(), text))),
    }
}

fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Bool(true) => Some("ja".to_owned()),
        Json::Bool(false) => Some("nej".to_owned()),
        other => Some(other.to_string()),
    }
}
