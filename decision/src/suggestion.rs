//! The answer: what is suggested, every line of the calculation, and every reason why a person must decide.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

/// A suggestion, never a decision. As JSON it is the contract with the program and with other systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The same for the same facts and the same rule book.
    pub suggestion_id: String,
    pub outcome: Outcome,
    /// What would be paid; null where it can't be known.
    pub amount: Option<Money>,
    /// The norm and the reasonable costs.
    pub need: Option<Money>,
    /// What is counted of the incomes.
    pub income: Option<Money>,
    pub norm: Option<Money>,
    /// How much the incomes are above the need.
    pub surplus: Option<Money>,
    /// The calculation. Together the lines are the amount less the surplus.
    pub lines: Vec<Line>,
    /// Every reason to let a caseworker decide.
    pub refer: Vec<Referral>,
    pub notes: Vec<Note>,
    pub rulebook: BookId,
    pub date: String,
    pub period: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approve,
    Deny,
    Refer,
}

/// One line: what it adds to the need, or, below zero, what it takes from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub rule: String,
    pub title: String,
    pub source: Source,
    pub person: Option<String>,
    pub amount: Money,
    pub inputs: BTreeMap<String, Input>,
}

/// A legal source; one that nobody has verified says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub text: String,
    pub verified: bool,
}

/// A value that a line was worked out from, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub value: Json,
    pub from: Option<String>,
}

/// One reason to let a caseworker decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    pub code: String,
    pub reason: String,
    pub details: BTreeMap<String, Json>,
}

/// Something that whoever decides should know; why the rules suggest a denial stands here too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub code: String,
    pub text: String,
    /// The legal source of the rule that made it, where there is one.
    pub source: Option<Source>,
}

/// Which rule book answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookId {
    pub name: String,
    pub version: String,
    pub sha256: String,
}

/// Kronor. As JSON a text without trailing zeros: `"6020"`, `"507.5"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(Decimal);

impl Money {
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Decimal> for Money {
    fn from(amount: Decimal) -> Self {
        Self(amount.normalize())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Decimal::from_str(&text).map(Self::from).map_err(serde::de::Error::custom)
    }
}
