//! What SSBTEK answered about a household: how each agency answered, and the income rows they gave.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use expression::Month;
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
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The worst answer of each agency over all persons. [`super::Client::ask`] gives all five.
    pub sources: BTreeMap<Agency, Status>,
    pub rows: Vec<IncomeRow>,
    pub problems: Vec<Problem>,
    /// The persons (by their place in the question) whom an agency marks as having a protected identity.
    pub protected: Vec<usize>,
    /// The correlation ids of the calls, by person: what the answers can be found by at SSBTEK.
    #[serde(skip)]
    pub ids: Vec<String>,
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
    #[serde(serialize_with = "as_text")]
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

impl Answer {
    /// Whether every agency answered in full about everybody.
    pub fn is_whole(&self) -> bool {
        Agency::ALL.iter().all(|agency| self.sources.get(agency) == Some(&Status::Ok))
    }

    /// Nothing was answered about `person`.
    pub(super) fn failed(&mut self, person: usize, status: Status, code: &str, message: &str) {
        self.take(person, Parts::failed(status, code, message));
    }

    pub(super) fn take(&mut self, person: usize, parts: Parts) {
        for (agency, reading) in parts.into_readings() {
            let worst = self.sources.entry(agency).or_insert(reading.status);
            *worst = reading.status.max(*worst);
            self.rows.extend(reading.rows.into_iter().map(|row| IncomeRow { person, ..row }));
            let problem = |(code, message)| Problem { agency, person, code, message };
            self.problems.extend(reading.problems.into_iter().map(problem));
            if reading.protected && !self.protected.contains(&person) {
                self.protected.push(person);
            }
        }
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn as_text<S: serde::Serializer>(month: &Option<Month>, serializer: S) -> Result<S::Ok, S::Error> {
    month.as_ref().map(ToString::to_string).serialize(serializer)
}
