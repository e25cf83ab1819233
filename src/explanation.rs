//! A stored suggestion as people read it: what it says, the calculation line by line, and why it refers.
//!
//! Reads the answer's contract form and nothing else, and asks the decision library only what a name is called in
//! Swedish; it calculates nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::StoredSuggestion;

/// What the decision library answered. Amounts are kronor as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explanation {
    pub outcome: String,
    pub amount: Option<String>,
    pub need: Option<String>,
    pub income: Option<String>,
    pub norm: Option<String>,
    pub surplus: Option<String>,
    #[serde(default)]
    pub lines: Vec<Line>,
    #[serde(default)]
    pub refer: Vec<Referral>,
    #[serde(default)]
    pub notes: Vec<Note>,
    pub rulebook: Option<RuleBook>,
    pub period: Option<String>,
}

/// One line of the calculation: what it adds to the need, or, below zero, takes from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    pub rule: String,
    pub title: String,
    pub source: Source,
    pub person: Option<String>,
    pub amount: Option<String>,
    #[serde(default)]
    pub inputs: BTreeMap<String, Value>,
}

/// A legal source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    pub text: String,
    /// Whether somebody has compared it with the law.
    pub verified: bool,
}

/// A reason to let a caseworker decide.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Referral {
    pub code: String,
    pub reason: String,
}

/// Something to know about the calculation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Note {
    pub text: String,
}

/// Which rules answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleBook {
    pub name: String,
    pub version: String,
}

impl Explanation {
    /// Reads what was stored.
    pub fn of(suggestion: &StoredSuggestion) -> Result<Self, serde_json::Error> {
        let mut explanation: Self = serde_json::from_value(suggestion.answer.0.clone())?;
        if suggestion.approved == Some(false) {
            let text = "Regelbokens version är inte godkänd: förslaget kommer från en körning för hand.".to_owned();
            explanation.notes.push(Note { text });
        }
        Ok(explanation)
    }
}

impl Line {
    /// What the line was worked out from: `hyra 6300 (ansökan)`.
    pub fn worked_out_from(&self) -> String {
        let part = |(name, input): (&String, &Value)| {
            let value = input.get("value").unwrap_or(input);
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let from = input.get("from").and_then(Value::as_str).map(|from| format!(" ({from})"));
            format!("{} {value}{}", decision::input_label(name), from.unwrap_or_default())
        };
        self.inputs.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}
