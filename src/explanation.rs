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
    #[serde(default)]
    pub suggestion_id: String,
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
    /// The day of the facts.
    pub date: Option<String>,
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
    #[serde(default)]
    pub details: BTreeMap<String, Value>,
}

/// Something to know about the calculation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Note {
    pub text: String,
    pub source: Option<Source>,
}

/// Which rules answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RuleBook {
    pub name: String,
    pub version: String,
    #[serde(default)]
    pub sha256: String,
}

impl Explanation {
    /// Reads what was stored.
    pub fn of(suggestion: &StoredSuggestion) -> Result<Self, serde_json::Error> {
        let mut explanation = Self::read(&suggestion.answer.0)?;
        if suggestion.approved == Some(false) {
            let text = "Regelbokens version är inte godkänd: förslaget kommer från en körning för hand.".to_owned();
            explanation.notes.push(Note { text, source: None });
        }
        Ok(explanation)
    }

    /// Reads an answer of the decision library.
    pub fn read(answer: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(answer.clone())
    }
}

/// What the persons of the facts are called, by their ids there: the one who applies, with whom, and the children.
pub fn people(facts: &Value) -> BTreeMap<String, String> {
    let ids = |list: &str| -> Vec<String> {
        let list = facts["household"][list].as_array().into_iter().flatten();
        list.filter_map(|person| person["id"].as_str().map(ToOwned::to_owned)).collect()
    };
    let adults = ids("adults").into_iter().zip(["sökanden", "medsökanden"].map(ToOwned::to_owned));
    let children = ids("children").into_iter().zip((1..).map(|number| format!("barn {number}")));
    adults.chain(children).collect()
}

impl Line {
    /// What the line was worked out from: `hyra 6300 (ansökan)`.
    pub fn worked_out_from(&self) -> String {
        let part = |(name, input): (&String, &Value)| {
            let value = decision::input_text(name, input.get("value").unwrap_or(input));
            let from = input.get("from").and_then(Value::as_str).map(|from| format!(" ({from})"));
            format!("{} {value}{}", decision::input_label(name), from.unwrap_or_default())
        };
        self.inputs.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}
