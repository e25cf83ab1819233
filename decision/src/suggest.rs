//! From facts and rule book to a suggestion, and the suggestion's id.
//!
//! No clock, no file, no environment: the same facts and the same book give the same answer for ever.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::facts::Facts;
use crate::run::Run;
use crate::{FactsError, RuleBook, Suggestion};

impl RuleBook {
    /// What the rules say of an application. Facts that can't be right are an error that names the field.
    pub fn suggest(&self, facts: &Json) -> Result<Suggestion, FactsError> {
        self.suggest_by_rules(facts).map(|(suggestion, _)| suggestion)
    }

    /// The suggestion, and the rules that had something to say.
    pub(crate) fn suggest_by_rules(&self, facts: &Json) -> Result<(Suggestion, BTreeSet<&str>), FactsError> {
        let id = suggestion_id(facts, self.sha256());
        let facts = Facts::read(facts)?;
        let mut run = Run::new(self, &facts);
        run.try_rules();
        let denied = run.try_result_rules();
        let rules = std::mem::take(&mut run.met);
        Ok((run.suggestion(id, &facts, denied), rules))
    }
}

/// The same for the same facts, however their fields are ordered, and the same book.
fn suggestion_id(facts: &Json, book: &str) -> String {
    let mut text = Vec::with_capacity(2048);
    write_sorted(facts, &mut text);
    text.push(b'\n');
    text.extend_from_slice(book.as_bytes());
    hex::encode(&Sha256::digest(&text)[..16])
}

fn write_sorted(json: &Json, text: &mut Vec<u8>) {
    match json {
        Json::Object(fields) => {
            text.push(b'{');
            if fields.keys().is_sorted() {
                fields.iter().for_each(|field| write_field(field, text));
            } else {
                fields.iter().collect::<BTreeMap<_, _>>().into_iter().for_each(|field| write_field(field, text));
            }
            text.push(b'}');
        }
        Json::Array(list) => {
            text.push(b'[');
            for value in list {
                write_sorted(value, text);
                text.push(b',');
            }
            text.push(b']');
        }
        other => write_json(other, text),
    }
}

fn write_field((name, value): (&String, &Json), text: &mut Vec<u8>) {
    write_json(name, text);
    text.push(b':');
    write_sorted(value, text);
    text.push(b',');
}

fn write_json(value: &impl Serialize, text: &mut Vec<u8>) {
    let Ok(()) = serde_json::to_writer(text, value) else { unreachable!("JSON is written to memory") };
}
