//! Expressions `${…}` that are safe for money: Rhai's grammar, our own meaning.
//!
//! Rhai reads the text; its tree is then translated, node by node, into a small tree of ours that lists everything
//! allowed. Rhai's evaluator is never run, so none of its conveniences (comparing different types is false, integer
//! division truncates, a missing property is empty, banker's rounding, `eval`) can come back with an update.
//! Bots and rule books share this crate. It knows no clock, no files and no network: what an expression may see is
//! what the caller puts into the [`Scope`].

mod branch;
mod error;
mod evaluate;
mod expression;
mod findings;
mod functions;
mod infer;
mod json;
mod known;
pub mod money;
mod month;
mod month_runs;
mod mutation;
mod name;
mod node;
mod operators;
mod personnummer;
mod properties;
mod readable;
mod scope;
mod template;
mod translate;
mod types;
mod value;
mod written;

pub use branch::Branch;
pub use error::{EvalError, ParseError};
pub use expression::{Expression, Path};
pub use findings::Finding;
pub use functions::{FunctionInfo, functions};
pub use infer::{Typed, Types};
pub use json::{from_json, plain_json, to_json};
pub use month::Month;
pub use mutation::Mutation;
pub use personnummer::Personnummer;
pub use readable::Words;
pub use scope::{Place, Scope};
pub use template::Template;
pub use types::Type;
pub use value::{
    Map, Record, Value, as_date, as_decimal, as_month, as_personnummer, as_text, date, kind_name, text_of,
};
