//! From facts and rule book to a suggestion, and the suggestion's id.
//!
//! No clock, no file, no environment: the same facts and the same book give the same answer for ever.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

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
    pub(crate) fn suggest_by_rules(&self, facts: &Json) -> Result<(Suggestion, Vec<&str>), FactsError> {
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
    let mut text = BufWriter::with_capacity(512, Hash(Sha256::new()));
    let written = write_sorted(facts, &mut text).and_then(|()| write!(text, "\n{book}"));
    let Ok(Hash(hash)) = written.and_then(|()| text.into_inner().map_err(Into::into)) else {
        unreachable!("a hash takes everything")
    };
    hex::encode(&hash.finalize()[..16])
}

/// What is written is hashed.
struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_sorted(json: &Json, text: &mut impl Write) -> io::Result<()> {
    match json {
        Json::Object(fields) => {
            text.write_all(b"{")?;
            if fields.keys().is_sorted() {
                fields.iter().try_for_each(|field| write_field(field, text))?;
            } else {
                fields.iter().collect::<BTreeMap<_, _>>().into_iter().try_for_each(|field| write_field(field, text))?;
            }
            text.write_all(b"}")
        }
        Json::Array(list) => {
            text.write_all(b"[")?;
            for value in list {
                write_sorted(value, text)?;
                text.write_all(b",")?;
            }
            text.write_all(b"]")
        }
        other => Ok(serde_json::to_writer(text, other)?),
    }
}

fn write_field((name, value): (&String, &Json), text: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *text, name)?;
    text.write_all(b":")?;
    write_sorted(value, text)?;
    text.write_all(b",")
}
