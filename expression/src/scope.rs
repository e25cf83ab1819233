//! The names that an expression may see, and their values.

use std::fmt;
use std::sync::Arc;

use crate::Value;
use crate::name::Name;

/// Names and their values. Nothing else is visible to an expression: no clock, no environment.
///
/// A name keeps its place when it is taken away, so that expressions find it where it was.
#[derive(Clone, Default)]
pub struct Scope(Vec<(Arc<str>, Option<Value>)>);

/// The place of a name in a scope and its clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

impl Scope {
    /// Gives a name a value, in place of any it had.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let place = self.place(name);
        self.0[place.0].1 = Some(value.into());
    }

    /// The place that a name has, or gets now.
    pub fn place(&mut self, name: &str) -> Place {
        let found = self.0.iter().position(|(known, _)| **known == *name);
        Place(found.unwrap_or_else(|| {
            self.0.push((name.into(), None));
            self.0.len() - 1
        }))
    }

    /// Exchanges the value at a place; nothing stands for a name that is not there.
    ///
    /// # Panics
    /// When the place is another scope's.
    pub fn swap(&mut self, place: Place, value: &mut Option<Value>) {
        std::mem::swap(&mut self.0[place.0].1, value);
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| **known == *name).and_then(|(_, value)| value.as_ref())
    }

    pub(crate) fn find(&self, name: &Name) -> Option<&Value> {
        name.find(&self.0, |(known, _)| known).and_then(|(_, value)| value.as_ref())
    }

    /// Takes a name away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.iter_mut().find(|(known, _)| **known == *name).and_then(|(_, value)| value.take())
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> =
            self.0.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| &**name).collect();
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
