//! Constants: words with a fixed set of meanings, values that must be of a field's type, secrets.

use expression::{Month, Personnummer};

use crate::bot::{Action, Enqueue, FieldSpec, FieldType, Fields, Fill, Set, TargetSpec, Text, Tree, WriteFile};
use crate::duration::parse_duration;
use crate::yaml::{Placed, near};

use super::findings::Findings;
use super::names::type_name;
use super::stages::check_is_expression;
use super::walk::{Visit, Walk, constant_condition};

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE"];
/// The keys that the browser knows by name; any single character is a key too.
const KEYS: &[&str] = &[
    "Enter",
    "Tab",
    "Escape",
    "Backspace",
    "Delete",
    "Insert",
    "Space",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Shift",
    "Control",
    "Alt",
    "F1",
    "F2",
    "F3",
    "F4",
    "F5",
    "F6",
    "F7",
    "F8",
    "F9",
    "F10",
    "F11",
    "F12",
];

pub(super) fn check(fields: &Fields, walk: &Walk<'_>, findings: &mut Findings<'_>) {
    for visit in &walk.visits {
        check_step(fields, visit, findings);
    }
}

fn check_step(fields: &Fields, visit: &Visit<'_>, findings: &mut Findings<'_>) {
    let has_system = visit.has_system;
    match &visit.step.action {
        Action::Open(open) => check_address(&open.url, findings),
        Action::Fill(fill) | Action::Type(fill) => check_fill(fill, findings),
        Action::Keypad(keypad) => check_secret(&keypad.secret, findings),
        Action::Press(press) => check_key(&press.key, findings),
        Action::Wait(wait) => wait.timeout.iter().for_each(|timeout| check_timeout(timeout, findings)),
        Action::Set(set) => check_set(fields, set, findings),
        Action::When(when) => check_condition(&when.is, findings),
        Action::HandOver(it) => {
            it.when.iter().for_each(|when| check_condition(when, findings));
            check_code(&it.code, findings);
        }
        Action::Fail(fail) => fail.when.iter().for_each(|when| check_condition(when, findings)),
        Action::ForEach(each) if each.list.template.is_constant() => {
            findings.text(
                &each.list,
                "`in` är en fast text, ingen lista",
                format!("skriv `in: \"${{{}}}\"`", each.list.source()),
            );
        }
        Action::Enqueue(enqueue) => check_enqueue(fields, enqueue, findings),
        Action::Http(http) => check_http(http, has_system, findings),
        Action::Csv(csv) => csv.separator.iter().for_each(|it| check_separator(it, findings)),
        Action::WriteFile(write) => check_file(write, findings),
        _ => {}
    }
}

fn check_address(url: &Text, findings: &mut Findings<'_>) {
    let source = url.source();
    if !["/", "?", "http://", "https://", "${"].iter().any(|start| source.starts_with(start)) {
        findings.text(
            url,
            format!("`{source}` är ingen adress"),
            "börja med `/` (från systemets adress) eller https://",
        );
    }
}

fn check_http(http: &crate::bot::Http, has_system: bool, findings: &mut Findings<'_>) {
    if !METHODS.contains(&http.method.value.as_str()) {
        let hint = near(&http.method.value.to_uppercase(), METHODS);
        findings.word(&http.method, format!("metoden `{}` finns inte", http.method.value), hint);
    }
    let source = http.url.source();
    let whole = ["http://", "https://", "${"].iter().any(|start| source.starts_with(start));
    if !whole && !source.starts_with('/') {
        findings.text(
            &http.url,
            format!("`{source}` är ingen hel adress"),
            "börja med https://, eller med `/` (från systemets adress)",
        );
    } else if !whole && !has_system {
        let hint = "lägg till `on: system` i etappen, eller skriv hela adressen";
        findings.text(&http.url, format!("`{source}` är ingen hel adress"), hint);
    }
    http.bearer.iter().for_each(|secret| check_secret(secret, findings));
}

fn check_file(write: &WriteFile, findings: &mut Findings<'_>) {
    write.separator.iter().for_each(|it| check_separator(it, findings));
    if write.name.source().starts_with('.') || write.name.source().contains(['/', '\\']) {
        let hint = "skriv mappen i `folder`, och ett namn som inte börjar med punkt i `name`";
        findings.text(&write.name, format!("`{}` är inget filnamn", write.name.source()), hint);
    }
    match (&write.text, &write.rows) {
        (None, None) => {
            let hint = "lägg till `text`, eller `rows` med `columns`";
            findings.text(&write.name, "filen har inget innehåll", hint);
        }
        (Some(_), Some(rows)) => findings.text(rows, "`text` och `rows` kan inte stå tillsammans", "behåll det ena"),
        (None, Some(rows)) if write.columns.is_empty() => {
            let hint = "lägg till kolumnernas namn i ordning: `columns: [Referens, Belopp]`";
            findings.text(rows, "`rows` saknar `columns`", hint);
        }
        (Some(_), None) => {
            if let Some(column) = write.columns.first() {
                findings.word(column, "`columns` används bara med `rows`", "ta bort det");
            }
        }
        (None, Some(_)) => {}
    }
}

fn check_fill(fill: &Fill, findings: &mut Findings<'_>) {
    let place = fill.at.0.first().map(|target| target.place).unwrap_or_default();
    match (&fill.with, &fill.secret) {
        (None, None) => {
            findings.at(
                place,
                "steget har inget värde att fylla i",
                "lägg till `with: \"…\"`, eller `secret: namn` för en hemlighet",
            );
        }
        (Some(_), Some(secret)) => {
            findings.word(secret, "`with` och `secret` kan inte stå tillsammans", "behåll det ena");
        }
        (Some(with), None) if with.template.is_constant() && asks_for_password(fill) => {
            let hint = "spara det med `kollega secret set system.password` och skriv `secret: system.password`";
            findings.text(with, "lösenord får inte stå i filen", hint);
        }
        _ => {}
    }
    fill.secret.iter().for_each(|secret| check_secret(secret, findings));
}

fn asks_for_password(fill: &Fill) -> bool {
    let named = fill.at.0.iter().filter_map(|target| match &target.value {
        TargetSpec::Field(named) | TargetSpec::Css(named) | TargetSpec::Xpath(named) => named.name.as_ref(),
        _ => None,
    });
    let words = ["lösenord", "password", "passwd", "pin-kod", "pinkod"];
    named.map(|name| name.source().to_lowercase()).any(|name| words.iter().any(|word| name.contains(word)))
}

fn check_secret(secret: &Placed<String>, findings: &mut Findings<'_>) {
    let fits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !secret.value.split('.').all(fits) {
        let hint = "här står hemlighetens namn, inte hemligheten: bokstäver a–z, siffror och punkt, till exempel `akten.password`";
        findings.word(secret, "namnet på en hemlighet kan inte se ut så", hint);
    }
}

fn check_key(key: &Placed<String>, findings: &mut Findings<'_>) {
    for part in key.value.split('+') {
        if part.chars().count() != 1 && !KEYS.contains(&part) {
            findings.word(key, format!("tangenten `{part}` finns inte"), near(part, KEYS));
        }
    }
}

fn check_timeout(timeout: &Placed<String>, findings: &mut Findings<'_>) {
    match parse_duration(&timeout.value) {
        Ok(time) if !time.is_zero() => {}
        Ok(_) => findings.word(timeout, "tiden är noll", "skriv till exempel 30s eller 2m"),
        Err(_) => {
            findings.word(
                timeout,
                format!("`{}` är ingen tid", timeout.value),
                "skriv till exempel 500ms, 30s eller 2m",
            );
        }
    }
}

fn check_separator(separator: &Placed<String>, findings: &mut Findings<'_>) {
    if separator.value.chars().count() != 1 || !separator.value.is_ascii() {
        findings.word(
            separator,
            "skiljetecknet ska vara ett enda tecken",
            "skriv \";\", \",\" eller \"\\t\", eller ta bort raden",
        );
    }
}

fn check_code(code: &Placed<String>, findings: &mut Findings<'_>) {
    if code.value.is_empty() || !code.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        let hint = "koden syns i loggen och statistiken: små bokstäver a–z, siffror och _, till exempel `needs_person`";
        findings.word(code, format!("koden `{}` kan inte se ut så", code.value), hint);
    }
}

fn check_condition(when: &Text, findings: &mut Findings<'_>) {
    match constant_condition(when) {
        Some(true) => findings.text(when, "villkoret är alltid sant", "ta bort det"),
        Some(false) => findings.text(when, "villkoret är alltid falskt: steget görs aldrig", "ta bort steget"),
        None => check_is_expression(when, findings),
    }
}

fn check_enqueue(fields: &Fields, enqueue: &Enqueue, findings: &mut Findings<'_>) {
    if enqueue.reference.source().trim().is_empty() {
        findings.text(
            &enqueue.reference,
            "referensen är tom",
            "skriv ärendets nummer i systemet: samma ärende tas då bara en gång",
        );
    } else if enqueue.reference.template.is_constant() {
        let hint = "skriv något som skiljer ärendena åt, till exempel \"${row.Ärendenr}\"";
        findings.text(&enqueue.reference, "alla ärenden får samma referens", hint);
    }
    check_order(enqueue, findings);
    let Some(given) = &enqueue.fields else { return };
    let Tree::Map(entries) = &given.value else {
        findings.at(given.place, "`fields` ska vara namngivna värden", "skriv {fält: \"${…}\"}");
        return;
    };
    for (name, value) in entries {
        if let Some(field) = fields.get(&name.value) {
            check_constant(field, value, name.place, findings);
        } else {
            let known: Vec<&str> = fields.0.iter().map(|field| field.name.as_str()).collect();
            let hint = format!("{}; nya fält läggs till under `item: fields:`", near(&name.value, &known));
            findings.word(name, format!("ärendet har inget fält `{}`", name.value), hint);
        }
    }
}

/// The deadline and the priority, where they are constant.
fn check_order(enqueue: &Enqueue, findings: &mut Findings<'_>) {
    let constant = |text: &&Text| text.template.is_constant();
    if let Some(deadline) = enqueue.deadline.as_ref().filter(constant)
        && !crate::deadline::is_written(deadline.source())
    {
        let message = format!("`{}` är ingen tidsfrist", deadline.source());
        findings.text(deadline, message, crate::deadline::WRITTEN);
    }
    if let Some(priority) = enqueue.priority.as_ref().filter(constant)
        && priority.source().trim().parse::<i64>().is_err()
    {
        let hint = "skriv till exempel 10; högre går före, 0 är det vanliga";
        findings.text(priority, format!("`{}` är inget heltal", priority.source()), hint);
    }
}

fn check_set(fields: &Fields, set: &Set, findings: &mut Findings<'_>) {
    let field = set.into.value.strip_prefix("item.").and_then(|name| fields.get(name));
    if let Some(field) = field {
        check_constant(field, &set.to, set.into.place, findings);
    }
}

/// A constant that a field of this type can't hold.
fn check_constant(field: &FieldSpec, value: &Tree, place: crate::yaml::Place, findings: &mut Findings<'_>) {
    let (text, place) = match value {
        Tree::Text(text) if text.template.is_constant() => (text.source().to_owned(), text.place),
        Tree::Text(_) | Tree::Plain(serde_json::Value::Null) => return,
        Tree::Plain(value) => (value.to_string(), place),
        Tree::List(_) if field.kind == FieldType::List => return,
        Tree::Map(_) if field.kind == FieldType::Map => return,
        Tree::List(_) | Tree::Map(_) => {
            let message = format!("fältet `{}` är {}", field.name, type_name(field.kind));
            findings.at(place, message, format!("skriv {}", example(field.kind)));
            return;
        }
    };
    if !fits(field.kind, text.trim()) {
        let message = format!("`{text}` passar inte i fältet `{}`, som är {}", field.name, type_name(field.kind));
        findings.at(place, message, format!("skriv {}", example(field.kind)));
    }
}

fn fits(kind: FieldType, text: &str) -> bool {
    match kind {
        FieldType::Text => true,
        FieldType::Money => expression::money::parse(text).is_ok(),
        FieldType::Integer => text.parse::<i64>().is_ok(),
        FieldType::Date => text.parse::<chrono::NaiveDate>().is_ok(),
        FieldType::Month => text.parse::<Month>().is_ok(),
        FieldType::Personnummer => Personnummer::parse(text).is_ok(),
        FieldType::Bool => matches!(text.to_lowercase().as_str(), "true" | "false" | "ja" | "nej"),
        FieldType::List | FieldType::Map => false,
    }
}

fn example(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "en text",
        FieldType::Money => "ett belopp som 6300 eller \"6 300,50 kr\"",
        FieldType::Integer => "ett heltal som 12",
        FieldType::Date => "ett datum som 2025-12-10",
        FieldType::Month => "en månad som 2025-12",
        FieldType::Personnummer => "ett uttryck som läser numret: ett personnummer hör inte hemma i filen",
        FieldType::Bool => "true eller false",
        FieldType::List => "en lista: [a, b]",
        FieldType::Map => "namngivna värden: {a: 1}",
    }
}
