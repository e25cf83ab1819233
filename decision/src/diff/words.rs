//! The Swedish words for what differs.

use expression::money;
use rust_decimal::Decimal;

use super::ChangedPart;
use super::tree::Element;

/// The fields that have a word, in the order they are told.
const FIELDS: [(&str, &str); 33] = [
    ("", "värde"),
    ("title", "titel"),
    ("explanation", "förklaring"),
    ("text", "lydelse"),
    ("verified", "verifierad"),
    ("law", "rättskälla"),
    ("valid.from", "gäller från och med"),
    ("valid.to", "gäller till och med"),
    ("valid.new", "är ny"),
    ("valid.ends", "upphör"),
    ("from", "gäller från och med"),
    ("to", "gäller till och med"),
    ("for_each", "prövas för varje"),
    ("when", "villkor"),
    ("also", "ytterligare villkor"),
    ("line.part", "del av beräkningen"),
    ("line.amount", "belopp"),
    ("line.person", "radens person"),
    ("amount", "belopp"),
    ("source", "källa"),
    ("value", "värde"),
    ("about", "beskrivning"),
    ("counted", "hur slaget räknas"),
    ("exclude", "räknas inte"),
    ("refer.code", "kod för handläggaren"),
    ("refer.reason", "skäl för handläggaren"),
    ("refer.unknown", "summor som inte går att veta"),
    ("deny.text", "avslagets text"),
    ("note.text", "anmärkningens text"),
    ("reported_by", "redovisas av"),
    ("per", "gäller per"),
    ("ceiling.single", "tak för ensam vuxen"),
    ("ceiling.family", "tak för familj"),
];

/// Fields with names that the book gives them, by how their path begins.
const INNER: [(&str, &str); 4] = [
    ("choices.", "valet"),
    ("cells.", "cellen"),
    ("inputs.", "uppgiften"),
    ("refer.details.", "uppgift till handläggaren:"),
];

/// Where a field is told among the others.
pub(super) fn place(field: &str) -> (usize, String) {
    let known = FIELDS.iter().position(|(known, _)| *known == field);
    (known.unwrap_or(FIELDS.len()), field.to_owned())
}

fn word(field: &str) -> String {
    let known = FIELDS.iter().find(|(known, _)| *known == field);
    let inner = |(start, said): &(&str, &str)| Some(format!("{said} {}", field.strip_prefix(start)?));
    match known {
        Some((_, word)) => (*word).to_owned(),
        None => INNER.iter().find_map(inner).unwrap_or_else(|| field.to_owned()),
    }
}

pub(super) fn heading(part: ChangedPart) -> &'static str {
    match part {
        ChangedPart::Book => "Regelboken",
        ChangedPart::Rule => "Regler",
        ChangedPart::Amount => "Belopp",
        ChangedPart::Guideline => "Riktlinjer",
        ChangedPart::CountedIncome => "Inkomster som räknas utan bedömning",
        ChangedPart::Parameter => "Parametrar",
        ChangedPart::Law => "Rättskällor",
        ChangedPart::Value => "Namngivna värden",
        ChangedPart::IncomeKind => "Slag av inkomster",
        ChangedPart::CostKind => "Slag av kostnader",
        ChangedPart::Authority => "Myndigheter",
        ChangedPart::Other => "Övrigt",
    }
}

/// The part's noun, and whether it is an ett-word.
fn noun(part: ChangedPart) -> (&'static str, &'static str, bool) {
    match part {
        ChangedPart::Book => ("uppgift", "Uppgiften", false),
        ChangedPart::Rule => ("regel", "Regeln", false),
        ChangedPart::Amount => ("belopp", "Beloppet", true),
        ChangedPart::Guideline => ("riktlinje", "Riktlinjen", false),
        ChangedPart::CountedIncome => ("inkomst som räknas utan bedömning:", "Inkomsten", false),
        ChangedPart::Parameter => ("parameter", "Parametern", false),
        ChangedPart::Law => ("rättskälla", "Rättskällan", false),
        ChangedPart::Value => ("värde", "Värdet", true),
        ChangedPart::IncomeKind => ("slag av inkomst:", "Inkomstslaget", true),
        ChangedPart::CostKind => ("slag av kostnad:", "Kostnadsslaget", true),
        ChangedPart::Authority => ("myndighet", "Myndigheten", false),
        ChangedPart::Other => ("avdelning", "Avdelningen", false),
    }
}

/// What differs in one field, as a sentence.
pub(super) fn changed(element: &Element, field: &str, before: Option<&str>, after: Option<&str>) -> String {
    let (before, after) =
        (before.map(|text| shown(element, field, text)), after.map(|text| shown(element, field, text)));
    let (what, field) = (named(element), word(field));
    match (before, after) {
        (Some(before), Some(after)) => format!("{what}: {field} ändras från {before} till {after}."),
        (None, Some(after)) => format!("{what}: {field} tillkommer: {after}."),
        (Some(before), None) => format!("{what}: {field} tas bort (var {before})."),
        (None, None) => what,
    }
}

pub(super) fn added(element: &Element) -> String {
    let (noun, _, neuter) = noun(element.part);
    let new = if neuter { "Nytt" } else { "Ny" };
    let summary = summary(element);
    let told = if summary.is_empty() { String::new() } else { format!(": {summary}") };
    format!("{new} {noun} {}{told}.", own_name(element))
}

pub(super) fn removed(element: &Element) -> String {
    let (_, _, neuter) = noun(element.part);
    let gone = if neuter { "borttaget" } else { "borttagen" };
    let summary = summary(element);
    let told = if summary.is_empty() { String::new() } else { format!(" (var: {summary})") };
    format!("{} är {gone}{told}.", named(element))
}

/// Every field of a thing that is new or gone.
pub(super) fn summary(element: &Element) -> String {
    let mut fields: Vec<&(String, String)> = element.fields.iter().collect();
    fields.sort_by_key(|(field, _)| place(field));
    let told = fields.into_iter().map(|(field, value)| {
        let value = shown(element, field, value);
        if field.is_empty() { value } else { format!("{} {value}", word(field)) }
    });
    told.collect::<Vec<_>>().join("; ")
}

fn named(element: &Element) -> String {
    let (_, noun, _) = noun(element.part);
    format!("{noun} {}", own_name(element))
}

/// A thing's name, with what makes it readable and tells it from others of the same name.
fn own_name(element: &Element) -> String {
    let name = match element.part {
        ChangedPart::Amount => amount_name(&element.name),
        ChangedPart::Rule | ChangedPart::Authority | ChangedPart::Parameter => match element.field("title") {
            Some(title) => format!("{} (”{}”)", element.name, without_expressions(title)),
            None => element.name.clone(),
        },
        _ => element.name.clone(),
    };
    match &element.from {
        Some(from) if matches!(element.part, ChangedPart::Law | ChangedPart::Guideline | ChangedPart::Rule) => {
            format!("{name} från {from}")
        }
        _ => name,
    }
}

/// A title with `…` for what only an application can tell.
fn without_expressions(title: &str) -> String {
    let (mut text, mut depth) = (String::new(), 0_usize);
    let mut chars = title.chars().peekable();
    while let Some(c) = chars.next() {
        match (depth, c) {
            (0, '$') if chars.peek() == Some(&'{') => {
                chars.next();
                depth = 1;
                text.push('…');
            }
            (0, c) => text.push(c),
            (_, '{') => depth += 1,
            (_, '}') => depth -= 1,
            _ => {}
        }
    }
    text
}

/// `2025 children.4-6` as people say it.
fn amount_name(name: &str) -> String {
    let Some((year, cell)) = name.split_once(' ') else { return name.to_owned() };
    let said = match cell.split_once('.') {
        Some(("adults", "single")) => "en ensam vuxen".to_owned(),
        Some(("adults", "cohabiting_pair")) => "två sammanboende tillsammans".to_owned(),
        Some(("children", age)) => format!("barn {} år", age.replace('-', "–")),
        Some(("children_lunch_out", age)) => format!("barn {} år som äter lunch utanför hemmet", age.replace('-', "–")),
        Some(("shared", "1")) => "gemensamma kostnader för 1 person".to_owned(),
        Some(("shared", persons)) => format!("gemensamma kostnader för {persons} personer"),
        _ => return format!("{cell} {year}"),
    };
    format!("{cell} {year} ({said})")
}

/// A value as it is told: amounts in kronor, expressions and texts within quotation marks.
fn shown(element: &Element, field: &str, value: &str) -> String {
    let is_amount = match element.part {
        ChangedPart::Amount => field == "amount",
        ChangedPart::Guideline => field.starts_with("ceiling."),
        _ => false,
    };
    match value.parse::<Decimal>() {
        Ok(amount) if is_amount => format!("{} kr", money::kr(amount)),
        _ if value.contains(' ') || value.contains("${") => format!("”{value}”"),
        _ => value.to_owned(),
    }
}
