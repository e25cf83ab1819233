//! One expression: read once, worked out many times.

use std::borrow::Cow;
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
        self.look(scope).map(Cow::into_owned)
    }

    /// Its value as [`Expression::eval`] gives it, read where it is when it is in the scope.
    pub(crate) fn look<'s>(&'s self, scope: &'s Scope) -> Result<Cow<'s, Value>, EvalError> {
        Run::new(scope).value(&self.root).map_err(|error| *error)
    }

    /// The names it uses, in the order they stand.
    pub fn uses(&self) -> &[Path] {
        &self.uses
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }
}
