//! Reading YAML that a person wrote: every value knows its place, and all that is wrong is said at once, in Swedish.
//!
//! The tree comes from `granit-parser` (what serde-saphyr stands on), because a derived reader stops at the first
//! error; here a broken step is reported and the rest is read on. The types read are ordinary serde types.

mod error;
mod locate;
mod node;
mod placed;
mod read;

use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub(crate) use error::near;
pub use locate::locate;
pub(crate) use placed::Caught;
pub use placed::{Place, Placed, caught_list, note_broken_expression};
pub(crate) use read::{NODE, TREE, VALUE};

use crate::problem::Problem;

/// What came of reading a document.
pub struct Outcome<T> {
    /// What could be read. Where there are problems it may lack the parts that are wrong.
    pub value: Option<T>,
    /// What is wrong with the shape, in the order of the file.
    pub problems: Vec<Problem>,
    /// Whether nothing but the inside of expressions is wrong: no part is left out of `value`.
    pub whole: bool,
}

/// Reads a document into `T`, or says everything that is wrong with its shape.
pub fn read<T: DeserializeOwned>(file: &Path, source: &str) -> Result<T, Vec<Problem>> {
    let Outcome { value, problems, .. } = read_what_can_be(file, source);
    value.filter(|_| problems.is_empty()).ok_or(problems)
}

/// Reads a document as far as it can be read, and says everything that is wrong with its shape.
pub fn read_what_can_be<T: DeserializeOwned>(file: &Path, source: &str) -> Outcome<T> {
    let root = match node::parse(file, source) {
        Ok(root) => root,
        Err(problem) => return Outcome { value: None, problems: vec![problem], whole: false },
    };
    let collector = std::cell::RefCell::new(Vec::new());
    drop(placed::take_broken_expressions());
    let result = T::deserialize(read::Reader::new(&root, &collector));
    let mut errors = collector.into_inner();
    let value = result.map_err(|error| errors.push(error)).ok();
    let whole = errors.is_empty();
    errors.extend(placed::take_broken_expressions());
    let mut problems: Vec<Problem> =
        errors.into_iter().filter(|error| !error.is_told()).map(|error| error.into_problem(file, source)).collect();
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Outcome { value, problems, whole }
}

/// The SHA-256 of a document with line ends made equal, in hex.
pub fn content_hash(source: &str) -> String {
    hex::encode(Sha256::digest(source.replace("\r\n", "\n").as_bytes()))
}
