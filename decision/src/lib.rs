//! The decision library: facts and a rule book give a suggestion. Same input, same answer, for ever.
//!
//! It suggests and never decides. It knows no browser, no database, no network and no clock; the only files it reads
//! are those of the rule book it is told to load.

mod amounts;
mod book_file;
mod cases;
mod content;
mod diff;
mod document;
mod explain;
mod facts;
mod facts_reader;
mod guidelines;
mod identity;
mod labels;
mod lines;
mod names;
mod outcome;
mod parameters;
mod problem;
mod rule;
mod rulebook;
mod run;
mod selection;
mod suggest;
mod suggestion;
mod validity;
mod values;
mod yaml;

pub use cases::{Case, CaseResult};
pub use content::Content;
pub use diff::{Change, ChangeKind, ChangedPart, describe, diff};
pub use document::{AboutRule, Document};
pub use explain::label as input_label;
pub use facts::FACT_NAMES;
pub use facts_reader::FactsError;
pub use problem::Problem;
pub use rulebook::RuleBook;
pub use suggestion::{BookId, Input, Line, Money, Note, Outcome, Referral, Source, Suggestion};
