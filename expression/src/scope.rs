//! The names that an expression may see, and their values.

use std::collections::BTreeMap;
use std::fmt;

use crate::Value;

/// Names and their values. Nothing else is visible to an expression: no clock, no environment.
#[derive(Clone, Default)]
pub struct Scope(BTreeMap<String, Value>);

impl Scope {
    /// Gives a name a value, in place of any it had.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into().flatten());
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Takes a name away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Scope {
    /// The names only: the values are a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
