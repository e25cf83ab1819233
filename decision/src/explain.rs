//! A suggestion as Swedish text: what it was worked out from, and why, for the caseworker and the person concerned.

use expression::money;
use serde_json::Value as Json;

use crate::suggestion::{Line, Money, Note, Outcome, Referral, Source, Suggestion};

impl Suggestion {
    /// The whole suggestion as text, a line each.
    pub fn explain(&self) -> String {
        let mut text = vec![self.heading()];
        text.extend(self.totals());
        if !self.lines.is_empty() {
            text.push("\nBeräkning".to_owned());
            text.extend(self.lines.iter().flat_map(line));
        }
        if !self.refer.is_empty() {
            text.push("\nEn handläggare ska avgöra, därför att".to_owned());
            text.extend(self.refer.iter().map(referral));
        }
        if !self.notes.is_empty() {
            text.push("\nAnmärkningar".to_owned());
            text.extend(self.notes.iter().map(note));
        }
        let book = &self.rulebook;
        text.push(format!("\nRegelbok {} {} ({})", book.name, book.version, book.sha256.get(..12).unwrap_or_default()));
        text.push(format!("Förslag {}, underlag av den {}", self.suggestion_id, self.date));
        text.join("\n") + "\n"
    }

    fn heading(&self) -> String {
        let outcome = match (self.outcome, self.amount) {
            (Outcome::Approve, Some(amount)) => format!("bifall med {} kr", money::kr(amount.decimal())),
            (Outcome::Approve, None) => "bifall".to_owned(),
            (Outcome::Deny, _) => "avslag".to_owned(),
            (Outcome::Refer, _) => "lämnas till handläggare".to_owned(),
        };
        format!("Förslag för {}: {outcome}", self.period)
    }

    fn totals(&self) -> Vec<String> {
        let total = |name: &str, amount: Option<Money>| {
            let value = amount.map_or_else(
                || "kan inte räknas ut".to_owned(),
                |amount| format!("{} kr", money::kr(amount.decimal())),
            );
            format!("  {name:<12} {value}")
        };
        if self.lines.is_empty() && self.need.is_none() {
            return Vec::new();
        }
        let mut totals = vec![
            total("Riksnorm", self.norm),
            total("Behov", self.need),
            total("Inkomster", self.income),
            total("Belopp", self.amount),
        ];
        totals.extend(
            self.surplus
                .filter(|surplus| !surplus.decimal().is_zero())
                .map(|surplus| total("Överskott", Some(surplus))),
        );
        totals
    }
}

fn line(line: &Line) -> Vec<String> {
    let person = line.person.as_ref().map(|person| format!(" ({person})")).unwrap_or_default();
    let mut text = vec![format!("  {:>10} kr  {}{person}", money::kr(line.amount.decimal()), line.title)];
    text.push(format!("                 regel {}, {}", line.rule, source(&line.source)));
    for (name, input) in &line.inputs {
        let from = input.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
        text.push(format!("                 {} {}{from}", label(name), value_text(name, &input.value)));
    }
    text
}

fn source(source: &Source) -> String {
    if source.verified { source.text.clone() } else { format!("{} (ej verifierad källa)", source.text) }
}

fn referral(referral: &Referral) -> String {
    let details: Vec<String> =
        referral.details.iter().map(|(name, value)| format!("{} {}", label(name), value_text(name, value))).collect();
    let details = if details.is_empty() { String::new() } else { format!(": {}", details.join(", ")) };
    format!("  - {} [{}{details}]", referral.reason, referral.code)
}

/// What a name of the shipped rules is called in text; a municipality's own names stand as they are.
pub fn label(name: &str) -> &str {
    match name {
        "age" => "ålder",
        "amount_capped" => "belopp med riktlinjen",
        "amount_uncapped" => "belopp med hela kostnaden",
        "answer" => "svar",
        "applied" => "sökt",
        "assistance_months_in_row" => "månader i följd med bistånd",
        "cell" => "cell",
        "community_size" => "personer i boendet",
        "counted_month" => "räknas för",
        "days_at_home" => "dagar hemma",
        "declared" => "uppgett",
        "earned_before" => "arbetsinkomst under året före perioden",
        "earned_this_year" => "arbetsinkomst under året",
        "capped" | "guideline" => "riktlinje",
        "gross" => "brutto",
        "in_history" => "månader i följd enligt listan",
        "kind" => "slag",
        "limit" => "gräns",
        "lunch_days" => "lunchdagar i veckan",
        "members" => "antal personer",
        "missing" => "saknas",
        "net" => "netto",
        "paid" => "utbetalt",
        "period" => "månad",
        "person" => "person",
        "personal" | "shared" => "belopp",
        "reported" => "redovisat",
        "seven" => "för sju personer",
        "since" => "sedan",
        "sum" => "summa",
        "surplus" => "överskott",
        "six" => "för sex personer",
        "source" => "källa",
        "table" => "tabell",
        "uncapped" => "hela kostnaden",
        other => other,
    }
}

fn note(note: &Note) -> String {
    let source = note.source.as_ref().map(|found| format!(" [{}]", source(found))).unwrap_or_default();
    format!("  - {}{source}", note.text)
}

/// What a value of a name of the shipped rules is called in text, where it is a word of ours: `timeout`, `fk`.
pub fn value_words(name: &str, value: &str) -> Option<String> {
    matches!(name, "answer" | "source").then(|| crate::labels::words(&format!("\"{value}\"")))?
}

/// A value in text: an amount in kronor, a word of ours in Swedish.
pub fn value_text(name: &str, value: &Json) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    // Somebody may be called by a number.
    let amount = || if name == "person" { None } else { Some(format!("{} kr", money::kr(text.parse().ok()?))) };
    value_words(name, text).or_else(amount).unwrap_or_else(|| text.to_owned())
}
