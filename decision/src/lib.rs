//! The decision library: facts and a rule book give a suggestion. Same input, same answer, for ever.
//!
//! It suggests and never decides. It knows no browser, no database, no network and no clock; the only files it reads
//! are those of the rule book it is told to load.

mod amounts;
mod answer_line;
mod book_file;
mod cases;
mod check;
mod content;
mod coverage;
mod diff;
mod document;
mod entries;
mod explain;
mod facts;
mod facts_reader;
mod gaps;
mod guidelines;
mod identity;
mod labels;
mod lines;
mod meaning;
mod mutants;
mod mutate;
mod names;
mod outcome;
mod own_cases;
mod parameters;
mod places;
mod problem;
mod rule;
mod rulebook;
mod run;
#[cfg(feature = "schema")]
mod schema;
mod selection;
pub mod strict_json;
mod suggest;
mod suggestion;
mod validity;
mod values;
mod yaml;
pub mod yaml_syntax;

pub use answer_line::LineError;
pub use cases::{Case, CaseResult};
pub use check::{Checked, check, gaps};
pub use content::Content;
pub use coverage::{BranchCoverage, Coverage, PartCoverage, coverage};
pub use diff::{Change, ChangeKind, ChangedPart, Told, ToldLine, describe, diff, told};
pub use document::{AboutRule, Document};
pub use entries::{Agreement, CellState, CellStatus, Difference, Turn, Typed, cell_states, table_warnings, type_in};
pub use explain::{label as input_label, value_text as input_text, value_words as input_words};
pub use facts::FACT_NAMES;
pub use facts_reader::FactsError;
pub use identity::has_identity_number;
pub use labels::{fact_label, fact_word};
pub use mutate::{MutationReport, Sample, mutate};
pub use problem::Problem;
pub use rulebook::RuleBook;
#[cfg(feature = "schema")]
pub use schema::{FileKind, schema};
pub use suggestion::{BookId, Input, Line, Money, Note, Outcome, Referral, Source, Suggestion};
