//! The explanation of one suggestion: what is suggested, every line with its rule, its paragraph and where its values
//! came from, what was not counted and why, and what needs a person.

use std::collections::BTreeMap;
use std::path::PathBuf;

use decision::{AboutRule, RuleBook};
use serde::Serialize;
use serde_json::{Value, json};

use super::page::kronor;
use super::{Error, page};
use crate::config::{Config, Notice};
use crate::explanation::{Explanation, Line};
use crate::wording;

/// What stands around the suggestion.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// The item's reference; none for a suggestion outside any item.
    pub reference: Option<String>,
    /// To whom the letter goes, a line each.
    pub addressee: Vec<String>,
    /// When the suggestion was made, in local time.
    pub made: Option<String>,
    /// The decision, where there is one.
    pub decision: Option<Decided>,
    /// There is a decision whose seal is wrong: it was changed, or never made here. Nothing of it is told.
    pub forged: bool,
    /// The reasons as the applicant reads them: paragraphs.
    pub motivation: Option<String>,
    /// How to appeal, the municipality's own text; empty where it has written none.
    pub appeal: String,
    /// Who decides, as the applicant knows it.
    pub authority: String,
    /// Where the applicant can ask.
    pub contact: String,
}

impl About {
    /// What the configuration says: the municipality's own words.
    pub fn of(config: &Config) -> Result<Self, AppealError> {
        let Notice { authority, contact, .. } = config.notice.clone();
        Ok(Self { authority, contact, appeal: appeal(config)?, ..Self::default() })
    }

    /// The motivation and how to appeal, as text; empty where there are no reasons to tell yet.
    pub fn reasons(&self) -> String {
        if self.forged {
            return format!("\n{FORGED}\n");
        }
        let Some(motivation) = &self.motivation else { return String::new() };
        let title = if self.decision.is_some() { "Motivering" } else { "Utkast till motivering" };
        let appeal = match self.appeal.trim() {
            "" => String::new(),
            appeal => format!("\nSå här överklagar du\n\n{appeal}\n"),
        };
        format!("\n{title}\n\n{motivation}{appeal}")
    }
}

/// Why the municipality's text cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("texten om hur man överklagar, {} (notice.appeal i kollega.toml), kan inte läsas: {why}", .file.display())]
pub struct AppealError {
    file: PathBuf,
    why: std::io::Error,
}

/// How to appeal, in the municipality's own words; empty where it has not said.
pub fn appeal(config: &Config) -> Result<String, AppealError> {
    let Some(file) = config.notice.appeal.as_ref().map(|file| config.path(file)) else { return Ok(String::new()) };
    std::fs::read_to_string(&file).map_err(|why| AppealError { file, why })
}

/// What is said where a decision's seal is wrong.
const FORGED: &str = "Varning: det finns ett beslut vars försegling inte stämmer. Det har ändrats i databasen, eller är inte fattat i \
                      Kollega, och visas inte. Lita inte på det: säg till den som ansvarar för driften.";

/// A decision in words.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    pub outcome: String,
    pub amount: Option<String>,
    pub by: String,
    pub at: String,
    pub changed: bool,
    /// None: not shown to this person, or there is none.
    pub reason: Option<String>,
}

/// One line as it is shown.
#[derive(Debug, Serialize)]
struct Row {
    title: String,
    rule: String,
    person: Option<String>,
    amount: String,
    law: String,
    verified: bool,
    /// Why the rule is there, in the words of the rule book that answered.
    why: Option<String>,
    inputs: Vec<Fact>,
}

/// A value and where it came from.
#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
    from: Option<String>,
}

/// The explanation as a page. `book` is the rule book by the same name; its own words are used only if it is the very
/// one that answered.
pub fn explanation(
    answer: &Explanation,
    people: &BTreeMap<String, String>,
    book: Option<&RuleBook>,
    about: &About,
) -> Result<String, Error> {
    page::page("explanation.html", &content(answer, people, book, about))
}

fn content(answer: &Explanation, people: &BTreeMap<String, String>, book: Option<&RuleBook>, about: &About) -> Value {
    let rules = book.map(RuleBook::about_rules).unwrap_or_default();
    let same = has_answered(book, answer);
    let row = |line: &Line| row(line, people, rules.get(&line.rule).filter(|_| same));
    let (left_out, counted): (Vec<&Line>, Vec<&Line>) = answer.lines.iter().partition(|line| is_left_out(line));
    let part = |wanted: &str| -> Vec<Row> {
        counted.iter().filter(|line| part_of(line, &rules) == wanted).map(|line| row(line)).collect()
    };
    let several =
        answer.lines.iter().filter_map(|line| line.person.as_deref()).collect::<std::collections::BTreeSet<_>>().len()
            > 1;
    json!({
        "answer": answer,
        "title": title(answer),
        "about": about,
        "several": several,
        "groups": [
            {"id": "norm", "title": "Riksnormen", "total": answer.norm, "sum": "Riksnormen tillsammans", "rows": part("norm")},
            {"id": "kostnader", "title": "Skäliga kostnader utöver riksnormen", "rows": part("cost")},
            {"id": "inkomster", "title": "Inkomster", "total": answer.income.as_deref().map(negated), "sum": "Inkomster som räknas", "rows": part("income")},
        ],
        "left_out": left_out.into_iter().map(row).collect::<Vec<_>>(),
        "refer": answer.refer.iter().map(|one| json!({
            "reason": one.reason, "code": one.code,
            "details": one.details.iter().map(|(name, value)| fact(name, value, None, people)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "paragraphs": about.motivation.as_deref().map(paragraphs),
        "forged": about.forged.then_some(FORGED),
        "appeal": paragraphs(&about.appeal),
        "book_title": book.map(RuleBook::title),
    })
}

/// Whether it is the very rule book that answered: only then its words are the answer's.
pub(super) fn has_answered(book: Option<&RuleBook>, answer: &Explanation) -> bool {
    book.zip(answer.rulebook.as_ref()).is_some_and(|(book, answered)| book.sha256() == answered.sha256)
}

fn title(answer: &Explanation) -> String {
    let period = answer.period.as_deref().map(wording::month).unwrap_or_default();
    match (answer.outcome.as_str(), &answer.amount) {
        ("approve", Some(amount)) => format!("Förslag: bifall med {} för {period}", kronor(amount)),
        ("approve", None) => format!("Förslag: bifall för {period}"),
        ("deny", _) => format!("Förslag: avslag för {period}"),
        _ => format!("Förslag: en handläggare avgör, {period}"),
    }
}

fn negated(amount: &str) -> String {
    if amount == "0" { amount.to_owned() } else { format!("-{amount}").replace("--", "") }
}

/// What is shown with nothing: it was looked at and not counted.
fn is_left_out(line: &Line) -> bool {
    line.amount.as_deref() == Some("0")
}

/// Which part of the calculation a line belongs to. A rule that the book no longer has is judged by its sign.
pub(super) fn part_of(line: &Line, rules: &BTreeMap<String, AboutRule>) -> &'static str {
    let known = rules.get(&line.rule).and_then(|rule| rule.part);
    let by_name = || {
        let below_zero = line.amount.as_deref().is_some_and(|amount| amount.starts_with('-'));
        if below_zero {
            "income"
        } else if line.rule.starts_with("norm") || line.rule.starts_with("payout") {
            "norm"
        } else {
            "cost"
        }
    };
    known.unwrap_or_else(by_name)
}

fn row(line: &Line, people: &BTreeMap<String, String>, rule: Option<&AboutRule>) -> Row {
    let inputs = line.inputs.iter().map(|(name, input)| {
        let from = input.get("from").and_then(Value::as_str).map(ToOwned::to_owned);
        fact(name, input.get("value").unwrap_or(input), from, people)
    });
    Row {
        title: line.title.clone(),
        rule: line.rule.clone(),
        person: line.person.as_ref().map(|id| people.get(id).unwrap_or(id).clone()),
        amount: line.amount.clone().unwrap_or_default(),
        law: line.source.text.clone(),
        verified: line.source.verified,
        why: rule.map(|rule| rule.explanation.clone()),
        inputs: inputs.collect(),
    }
}

fn fact(name: &str, value: &Value, from: Option<String>, people: &BTreeMap<String, String>) -> Fact {
    let known = value.as_str().and_then(|value| decision::input_words(name, value));
    let name = decision::input_label(name).to_owned();
    Fact { value: known.unwrap_or_else(|| value_text(&name, value, people)), name, from }
}

/// A value in words: amounts in kronor, months by name, persons by who they are.
pub(super) fn value_text(name: &str, value: &Value, people: &BTreeMap<String, String>) -> String {
    const COUNTS: [&str; 4] = ["ålder", "antal personer", "personer i boendet", "månader i följd med bistånd"];
    match value {
        Value::String(text) if name == "person" => people.get(text).unwrap_or(text).clone(),
        Value::String(text) if text.parse::<expression::Month>().is_ok() => wording::month(text),
        Value::String(text) if !COUNTS.contains(&name) && text.parse::<rust_decimal::Decimal>().is_ok() => kronor(text),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "ja".to_owned(),
        Value::Bool(false) => "nej".to_owned(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// A text as paragraphs and lists: an empty line between, and `– ` before what is a list.
pub(super) fn paragraphs(text: &str) -> Vec<Value> {
    let mut parts: Vec<Value> = Vec::new();
    for block in text.replace("\r\n", "\n").split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let mut words: Vec<&str> = Vec::new();
        let mut points: Vec<&str> = Vec::new();
        let mut after: Vec<&str> = Vec::new();
        for line in block.lines().map(str::trim) {
            match line.strip_prefix("– ").or_else(|| line.strip_prefix("- ")) {
                Some(point) => points.push(point),
                None if points.is_empty() => words.push(line),
                None => after.push(line),
            }
        }
        parts.push(json!({"text": words.join(" "), "points": points}));
        if !after.is_empty() {
            parts.push(json!({"text": after.join(" "), "points": []}));
        }
    }
    parts
}
