//! One expression: read once, worked out many times.

use std::borrow::Cow;
use std::sync::Arc;

use crate::branch::{Branch, watched};
use crate::evaluate::Run;
use crate::findings::{Finding, beginnings, constant_conditions};
use crate::mutation::{Mutation, mutations};
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

    /// What it answers as a condition.
    pub(crate) fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        Run::new(scope).yes_or_no(&self.root).map_err(|error| *error)
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
    /// The same expression with its conditions watched; `is_condition`: the whole is one too.
    #[must_use]
    pub fn watched(&self, is_condition: bool) -> (Self, Vec<Branch>) {
        let (root, branches) = watched(&self.root, is_condition);
        (Self { root: Arc::new(root), ..self.clone() }, branches)
    }

    /// The expression with one small mistake in it, in every way there is.
    pub fn mutations(&self, is_condition: bool) -> Vec<Mutation> {
        mutations(&self.root, is_condition)
    }
    /// Conditions in it that are the same for all values; `is_condition`: the whole is one too.
    pub fn constant_conditions(&self, is_condition: bool) -> Vec<Finding> {
        constant_conditions(&self.root, is_condition)
    }

    /// The texts that its value is or begins with, each with its offset.
    pub fn beginnings(&self) -> Vec<(String, usize)> {
        beginnings(&self.root)
    }
}
