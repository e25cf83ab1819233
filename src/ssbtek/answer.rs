//! What SSBTEK answered about a household: how each agency answered, and the income rows they gave.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::envelope::Parts;

/// An authority that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Agency {
    /// Försäkringskassan, with Pensionsmyndigheten.
    Fk,
    /// Arbetsförmedlingen.
    Af,
    /// Centrala studiestödsnämnden.
    Csn,
    /// Skatteverket.
    Skv,
    /// The unemployment funds, by their joint organisation.
    So,
}

/// How an agency answered. The order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The whole answer came and was read.
    Ok,
    /// Something came, and something is known to be missing or could not be read.
    Partial,
    Error,
    Timeout,
}

/// The answer about all persons asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The worst answer of each agency over all persons. All five are always here.
    pub sources: BTreeMap<Agency, Status>,
    pub rows: Vec<IncomeRow>,
    pub problems: Vec<Problem>,
    /// The persons (by their place in the question) whom an agency marks as having a protected identity.
    pub protected: Vec<usize>,
}

/// One payment, or one part of a payment where the parts are of different kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncomeRow {
    /// Which of the persons asked about, from 0.
    pub person: usize,
    pub source: Agency,
    /// The rule book's kind of income; `övrigt` for a code that is not known.
    pub kind: String,
    /// The agency's own code of the benefit.
    pub code: String,
    /// The agency's own words for it.
    pub text: Option<String>,
    /// The month it is for, when its days are in one month.
    pub period: Option<Month>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Kronor before tax and deductions.
    pub gross: Option<Decimal>,
    /// Kronor paid out.
    pub net: Decimal,
    pub paid: Option<NaiveDate>,
    /// Decided but not paid yet.
    pub planned: bool,
    pub deductions: Vec<Deduction>,
}

/// What was taken from a payment: tax (PS), distraint (INF), set-off (KVI) and others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deduction {
    pub code: String,
    pub amount: Decimal,
}

/// Why an agency's answer is not `ok`. Holds no personal number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub agency: Agency,
    /// Which of the persons asked about, from 0.
    pub person: usize,
    pub code: String,
    pub message: String,
}

/// A calendar month, `2025-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    pub year: i32,
    pub month: u32,
}

impl Agency {
    pub const ALL: [Self; 5] = [Self::Fk, Self::Af, Self::Csn, Self::Skv, Self::So];

    /// `fk`, `af`, `csn`, `skv` or `so`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Fk => "fk",
            Self::Af => "af",
            Self::Csn => "csn",
            Self::Skv => "skv",
            Self::So => "so",
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        let sources = Agency::ALL.map(|agency| (agency, Status::Ok)).into();
        Self { sources, rows: Vec::new(), problems: Vec::new(), protected: Vec::new() }
    }
}

impl Answer {
    /// Whether every agency answered in full about everybody.
    pub fn is_whole(&self) -> bool {
        self.sources.values().all(|status| *status == Status::Ok)
    }

    /// Nothing was answered about `person`.
    pub(super) fn failed(&mut self, person: usize, status: Status, code: &str, message: &str) {
        self.take(person, Parts::failed(status, code, message));
    }

    pub(super) fn take(&mut self, person: usize, parts: Parts) {
        for (agency, reading) in parts.into_readings() {
            if let Some(worst) = self.sources.get_mut(&agency) {
                *worst = reading.status.max(*worst);
            }
            self.rows.extend(reading.rows.into_iter().map(|row| IncomeRow { person, ..row }));
            let problem = |(code, message)| Problem { agency, person, code, message };
            self.problems.extend(reading.problems.into_iter().map(problem));
            if reading.protected && !self.protected.contains(&person) {
                self.protected.push(person);
            }
        }
    }
}

impl Month {
    /// The month that both days are in.
    pub fn of(from: NaiveDate, to: NaiveDate) -> Option<Self> {
        let month = |day: NaiveDate| Self { year: day.year(), month: day.month() };
        (month(from) == month(to)).then(|| month(from))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
