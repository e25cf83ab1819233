//! From facts and rule book to a suggestion, and the suggestion's id.
//!
//! No clock, no file, no environment: the same facts and the same book give the same answer for ever.

use std::collections::{BTreeMap, BTreeSet};

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
    let mut hash = Sha256::new();
    write_sorted(facts, &mut hash);
    hash.update(b"\n");
    hash.update(book.as_bytes());
    hex::encode(&hash.finalize()[..16])
}

fn write_sorted(json: &Json, hash: &mut Sha256) {
    match json {
        Json::Object(fields) => {
            hash.update(b"{");
            for (name, value) in fields.iter().collect::<BTreeMap<_, _>>() {
                hash.update(Json::String(name.clone()).to_string());
                hash.update(b":");
                write_sorted(value, hash);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Json::Array(list) => {
            hash.update(b"[");
            for value in list {
                write_sorted(value, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        other => hash.update(other.to_string()),
    }
}
