//! The names that an expression may see, and their values.

use std::fmt;
use std::sync::Arc;

use crate::Value;
use crate::name::Name;

/// Names and their values. Nothing else is visible to an expression: no clock, no environment.
///
/// A name keeps its place when it is taken away, so that expressions find it where it was.
#[derive(Clone, Default)]
pub struct Scope {
    /// Shared by a scope and its clones until one of them gets another name.
    names: Arc<Vec<String>>,
    values: Vec<Option<Value>>,
}

/// The place of a name in a scope and its clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

impl Scope {
    /// Gives a name a value, in place of any it had.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let Place(place) = self.place(name);
        self.values[place] = Some(value.into());
    }

    /// The place that a name has, or gets now.
    pub fn place(&mut self, name: &str) -> Place {
        Place(self.position(name).unwrap_or_else(|| {
            Arc::make_mut(&mut self.names).push(name.to_owned());
            self.values.push(None);
            self.values.len() - 1
        }))
    }

    /// Exchanges the value at a place; nothing stands for a name that is not there.
    ///
    /// # Panics
    /// When the place is another scope's.
    pub fn swap(&mut self, Place(place): Place, value: &mut Option<Value>) {
        std::mem::swap(&mut self.values[place], value);
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values[self.position(name)?].as_ref()
    }

    pub(crate) fn find(&self, name: &Name) -> Option<&Value> {
        self.values[name.find(&self.names, String::as_str)?].as_ref()
    }

    /// Takes a name away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.position(name)?;
        self.values[place].take()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let there = self.names.iter().zip(&self.values).filter(|(_, value)| value.is_some());
        let mut names: Vec<&str> = there.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.into_iter()
    }
}

impl fmt::Debug for Scope {
    /// The names only: the values are a person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
