//! Reading JSON strictly: every field is named in the message, nothing unknown passes, money is a text.

use chrono::{DateTime, FixedOffset, NaiveDate};
use expression::Month;
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

/// Facts that can't be right. The message is Swedish and names the field; it never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    #[error("fältet {field} saknas")]
    Missing { field: String },
    #[error("fältet {field} är okänt; här kan stå {allowed}")]
    Unknown { field: String, allowed: String },
    #[error("fältet {field}: {problem}")]
    Wrong { field: String, problem: String },
}

impl FactsError {
    /// The path of the field, as in `incomes[0].net`.
    pub fn field(&self) -> &str {
        match self {
            Self::Missing { field } | Self::Unknown { field, .. } | Self::Wrong { field, .. } => field,
        }
    }

    pub(crate) fn wrong(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Wrong { field: field.into(), problem: problem.into() }
    }
}

type Result<T> = std::result::Result<T, FactsError>;

/// The largest amount that is believed: a slip of the pen is not a fact.
const LARGEST_AMOUNT: i64 = 10_000_000;
/// More rows than this in one list is not an application.
const LONGEST_LIST: usize = 500;

/// The way to a place in the facts. It becomes text only when something is wrong there.
#[derive(Debug, Clone, Copy, Default)]
struct Path {
    steps: [Option<Step>; DEEPEST],
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Field(&'static str),
    Element(usize),
}

/// No fact lies deeper.
const DEEPEST: usize = 8;

impl Path {
    fn then(mut self, step: Step) -> Self {
        if let Some(next) = self.steps.iter_mut().find(|step| step.is_none()) {
            *next = Some(step);
        }
        self
    }

    fn text(self) -> String {
        let mut text = String::new();
        for step in self.steps.into_iter().flatten() {
            match step {
                Step::Field(name) => text = joined(text, name),
                Step::Element(index) => text = format!("{text}[{index}]"),
            }
        }
        text
    }
}

/// The path of a field in a record.
fn joined(record: String, field: &str) -> String {
    if record.is_empty() { field.to_owned() } else { record + "." + field }
}

/// One place in the facts: a value and the path to it.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    value: &'a Json,
    path: Path,
}

impl<'a> Place<'a> {
    pub fn root(value: &'a Json) -> Self {
        Self { value, path: Path::default() }
    }

    fn wrong<T>(&self, problem: impl Into<String>) -> Result<T> {
        let path = self.path.text();
        Err(FactsError::wrong(if path.is_empty() { "(hela underlaget)".to_owned() } else { path }, problem))
    }

    /// The record here, whose fields must be among `allowed`.
    pub fn record(&self, allowed: &[&str]) -> Result<Record<'a>> {
        let Some(fields) = self.value.as_object() else { return self.wrong("ska vara en post { … }") };
        let record = Record { fields, path: self.path };
        match fields.keys().find(|key| !allowed.contains(&key.as_str())) {
            None => Ok(record),
            Some(key) => Err(FactsError::Unknown { field: record.path_of(key), allowed: allowed.join(", ") }),
        }
    }

    /// The elements of the list here.
    pub fn list(&self) -> Result<Vec<Place<'a>>> {
        let Some(list) = self.value.as_array() else { return self.wrong("ska vara en lista [ … ]") };
        if list.len() > LONGEST_LIST {
            return self.wrong(format!("listan är längre än {LONGEST_LIST}"));
        }
        let places = list.iter().enumerate();
        Ok(places.map(|(index, value)| Place { value, path: self.path.then(Step::Element(index)) }).collect())
    }

    pub fn path(&self) -> String {
        self.path.text()
    }

    pub fn is_text(&self) -> bool {
        self.value.is_string()
    }

    pub fn text(&self) -> Result<String> {
        self.str().map(str::to_owned)
    }

    fn str(&self) -> Result<&'a str> {
        match self.value.as_str() {
            None => self.wrong("ska vara en text"),
            Some(text) if text.trim().is_empty() => self.wrong("får inte vara tom"),
            Some(text) if text.len() > 200 => self.wrong("texten är för lång"),
            Some(text) => Ok(text),
        }
    }

    pub fn yes_or_no(&self) -> Result<bool> {
        self.value.as_bool().map_or_else(|| self.wrong("ska vara true eller false"), Ok)
    }

    pub fn whole_number(&self, from: i64, to: i64) -> Result<i64> {
        match self.value.as_i64() {
            Some(number) if (from..=to).contains(&number) => Ok(number),
            _ => self.wrong(format!("ska vara ett heltal mellan {from} och {to}")),
        }
    }

    pub fn date(&self) -> Result<NaiveDate> {
        let text = self.str()?;
        let date = (text.len() == 10).then(|| text.parse::<NaiveDate>().ok()).flatten();
        match date {
            Some(date) if (FIRST_DAY..=LAST_DAY).contains(&date) => Ok(date),
            Some(_) => self.wrong("datumet är före 1880 eller efter 2200"),
            None => self.wrong("är inte ett datum; skriv det som 2025-12-05"),
        }
    }

    /// A moment with its offset from UTC, as in `2025-12-05T08:12:30+01:00`.
    pub fn time(&self) -> Result<DateTime<FixedOffset>> {
        let time = DateTime::parse_from_rfc3339(&self.text()?);
        time.or_else(|_| self.wrong("är inte en tidpunkt; skriv den som 2025-12-05T08:12:30+01:00"))
    }

    pub fn month(&self) -> Result<Month> {
        self.str()?.parse().or_else(|problem: String| self.wrong(problem))
    }

    /// An amount in kronor: a text of digits, with a point before at most two decimals.
    pub fn money(&self) -> Result<Decimal> {
        if self.value.is_number() {
            return self.wrong("belopp skrivs som text, till exempel \"6200\" eller \"507.50\", inte som tal");
        }
        let text = self.str()?;
        if text.starts_with(['-', '\u{2212}']) {
            return self.wrong("beloppet får inte vara negativt");
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
        let digits =
            |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 12) || !digits(decimals, 2) {
            return self.wrong("är inte ett belopp; skriv siffror med punkt före ören, till exempel \"507.50\"");
        }
        match text.parse::<Decimal>() {
            Ok(amount) if amount <= Decimal::from(LARGEST_AMOUNT) => Ok(amount.normalize()),
            _ => self.wrong("beloppet är orimligt stort"),
        }
    }

    /// One of a few words.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let text = self.str()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let allowed = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        found.map_or_else(|| self.wrong(format!("värdet är okänt; här kan stå {}", allowed())), Ok)
    }
}

const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1880, 1, 1).expect("a date");
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2200, 12, 31).expect("a date");

/// A record of the facts whose fields are known to be allowed.
#[derive(Debug, Clone)]
pub(crate) struct Record<'a> {
    fields: &'a Map<String, Json>,
    path: Path,
}

impl<'a> Record<'a> {
    pub fn path_of(&self, field: &str) -> String {
        joined(self.path.text(), field)
    }

    /// A field that must be there.
    pub fn required(&self, field: &'static str) -> Result<Place<'a>> {
        let value = self.fields.get(field).ok_or_else(|| FactsError::Missing { field: self.path_of(field) })?;
        Ok(Place { value, path: self.path.then(Step::Field(field)) })
    }

    /// A field that may be left out or null.
    pub fn optional(&self, field: &'static str) -> Option<Place<'a>> {
        let value = self.fields.get(field).filter(|value| !value.is_null())?;
        Some(Place { value, path: self.path.then(Step::Field(field)) })
    }
}
