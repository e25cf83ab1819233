//! Stored suggestions, answered again: by the version that answered then, where the answers must be the same, or by
//! another, to see whose would change. Reads page by page, so that any number of them needs little memory.
//!
//! Nothing of an item leaves here but its reference, outcomes, amounts, and the rules that differ.

mod nightly;
mod other;
mod shelf;

use decision::RuleBook;

pub use nightly::{due_night, serve, turn};
pub use other::{ByRule, Moved, Sums, WithBook};

use crate::model::Answered;
use crate::store::{self, Since, Store};
use shelf::{Shelf, Version};

/// How many are read at a time.
const PAGE: i64 = 200;

/// A stored suggestion that is not answered again as it was.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The stored suggestion's id.
    pub suggestion: String,
    pub bot: String,
    pub reference: String,
    pub at: String,
    pub rulebook: String,
    pub sha256: String,
    /// The version of the program that answered then.
    pub program: Option<String>,
    /// What differs, in Swedish; never what stands there.
    pub why: String,
}

/// What answering again came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    pub answered: i64,
    pub same: i64,
    pub differing: i64,
    /// Suggestions from before versions were kept, whose version is not here: nobody can tell.
    pub unknown: i64,
}

/// How one came out.
enum Verdict {
    Same,
    Unknown,
    Differs(String),
}

/// Every stored suggestion, answered again by the version that answered it.
pub struct WithTheirOwn<'a> {
    store: &'a Store,
    since: Since,
    shelf: Shelf<'a>,
    after: String,
    /// What it has come to so far.
    pub checked: Checked,
}

impl<'a> WithTheirOwn<'a> {
    /// Nothing answered yet.
    pub fn new(store: &'a Store, since: Since) -> Self {
        Self { store, since, shelf: Shelf::new(store), after: String::new(), checked: Checked::default() }
    }

    /// Answers the next of them; those that differ, or none when all are done.
    pub async fn page(&mut self) -> store::Result<Option<Vec<Difference>>> {
        let page = self.store.suggestions_after(&self.after, &self.since, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after.clone_from(&last.suggestion.id);
        let mut pairs = Vec::new();
        for answered in page {
            let version = self.shelf.version_of(&answered).await?;
            pairs.push((answered, version));
        }
        let mut differing = Vec::new();
        for (answered, verdict) in judged(pairs).await? {
            self.checked.answered += 1;
            match verdict {
                Verdict::Same => self.checked.same += 1,
                Verdict::Unknown => self.checked.unknown += 1,
                Verdict::Differs(why) => {
                    self.checked.differing += 1;
                    differing.push(difference(answered, why));
                }
            }
        }
        Ok(Some(differing))
    }
}

/// Works the answers out beside the other tasks, which must not wait for it.
async fn judged(pairs: Vec<(Answered, Version)>) -> store::Result<Vec<(Answered, Verdict)>> {
    let work = move || -> Vec<(Answered, Verdict)> {
        let judged = pairs.into_iter().map(|(answered, version)| {
            let verdict = match version {
                Version::Known(book) => judge(&answered, &book),
                Version::Unknown => Verdict::Unknown,
                Version::Unusable(why) => Verdict::Differs(why),
            };
            (answered, verdict)
        });
        judged.collect()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| store::Error::Corrupt(error.to_string()))
}

fn judge(answered: &Answered, book: &RuleBook) -> Verdict {
    let stored = &answered.suggestion.answer.0;
    let again = match book.suggest(&answered.suggestion.facts.0) {
        Ok(again) => again,
        Err(error) => return Verdict::Differs(format!("underlaget godtas inte längre: {}", error.field())),
    };
    let Ok(again) = serde_json::to_value(&again) else {
        return Verdict::Differs("svaret kan inte skrivas".to_owned());
    };
    // As text, so that 1 and 1.0 are not the same.
    let [before, after] = [stored, &again].map(ToString::to_string);
    if before == after {
        Verdict::Same
    } else {
        Verdict::Differs(format!("svaret är ett annat: {}", fields(stored, &again)))
    }
}

/// The names of the fields that differ.
fn fields(stored: &serde_json::Value, again: &serde_json::Value) -> String {
    let names = stored.as_object().into_iter().chain(again.as_object()).flatten().map(|(name, _)| name.as_str());
    let mut names: Vec<&str> = names.filter(|name| stored.get(name) != again.get(name)).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn difference(answered: Answered, why: String) -> Difference {
    let (rulebook, sha256) = shelf::name_of(&answered);
    let Answered { suggestion, reference, bot } = answered;
    let (id, at, program) = (suggestion.id, suggestion.at, suggestion.program);
    Difference { suggestion: id, bot, reference, at, rulebook, sha256, program, why }
}
