//! One expression: read once, worked out many times.

use std::sync::Arc;

use crate::evaluate::Run;
use crate::node::Node;
use crate::translate::translate;
use crate::{EvalError, ParseError, Scope, Value};

/// An expression that has been read. Cloning it is cheap, and it can be used from many threads.
#[derive(Debug, Clone)]
pub struct Expression {
    source: Arc<str>,
    root: Arc<Node>,
    uses: Arc<[Path]>,
}

/// A name that an expression uses from its scope, with the properties read directly from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// `item.hyra` gives `["item", "hyra"]`. What a function or an index gives is not followed.
    pub segments: Vec<String>,
    /// Where it starts in the source, in bytes.
    pub offset: usize,
}

impl Expression {
    /// Reads an expression (without `${` and `}`).
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        let (root, uses) = translate(source)?;
        Ok(Self { source: source.into(), root: Arc::new(root), uses: uses.into() })
    }

    /// Works it out with the names of a scope.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        Run::new(scope).value(&self.root)
    }

    /// The names it uses, in the order they stand.
    pub fn uses(&self) -> &[Path] {
        &self.uses
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }
}
