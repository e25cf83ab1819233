//! Reading YAML that a person wrote: every value knows its place, and all that is wrong is said at once, in Swedish.
//!
//! The tree comes from `granit-parser` (what serde-saphyr stands on), because a derived reader stops at the first
//! error; here a broken step is reported and the rest is read on. The types read are ordinary serde types.

mod error;
mod node;
mod placed;
mod read;

use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub use error::inner_error;
pub use placed::{Place, Placed, caught_list};
pub(crate) use read::{NODE, TREE, VALUE};

use crate::problem::Problem;

/// Reads a document into `T`, or says everything that is wrong with its shape.
pub fn read<T: DeserializeOwned>(file: &Path, source: &str) -> Result<T, Vec<Problem>> {
    let root = node::parse(file, source).map_err(|problem| vec![problem])?;
    let collector = std::cell::RefCell::new(Vec::new());
    let result = T::deserialize(read::Reader::new(&root, &collector));
    let mut errors = collector.into_inner();
    match result {
        Ok(value) if errors.is_empty() => return Ok(value),
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    let mut problems: Vec<Problem> = errors.into_iter().map(|error| error.into_problem(file)).collect();
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(problems)
}

/// The SHA-256 of a document with line ends made equal, in hex.
pub fn content_hash(source: &str) -> String {
    hex::encode(Sha256::digest(source.replace("\r\n", "\n").as_bytes()))
}
