//! What is known to be there, and to be empty, when a condition has been met.

use std::collections::BTreeMap;

/// Some alternatives, of which one is so. In each, names are there or empty, by how they are written; what is not named
/// can be either. Without an alternative it can't happen.
#[derive(Debug, Clone)]
pub(crate) struct Known(Vec<BTreeMap<String, bool>>);

/// With more alternatives than this, what they have in common is enough.
const MANY: usize = 64;

impl Known {
    pub fn nothing() -> Self {
        Self(vec![BTreeMap::new()])
    }

    pub fn impossible() -> Self {
        Self(Vec::new())
    }

    /// Nothing, where it may be so.
    pub fn possible(may_be: bool) -> Self {
        if may_be { Self::nothing() } else { Self::impossible() }
    }

    pub fn one(name: &str, is_there: bool) -> Self {
        Self(vec![BTreeMap::from([(name.to_owned(), is_there)])])
    }

    /// That both are so.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |one: &BTreeMap<String, bool>, two: &BTreeMap<String, bool>| {
            let fits = two.iter().all(|(name, is_there)| one.get(name).is_none_or(|known| known == is_there));
            fits.then(|| one.iter().chain(two).map(|(name, is_there)| (name.clone(), *is_there)).collect())
        };
        let pairs = self.0.iter().flat_map(|one| other.0.iter().filter_map(move |two| both(one, two)));
        Self(pairs.collect()).simpler()
    }

    /// That one of them is so.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect()).simpler()
    }

    /// Whether a name can't be empty.
    pub fn is_there(&self, name: &str) -> bool {
        self.0.iter().all(|one| one.get(name) == Some(&true))
    }

    /// The same, of another thing that has taken over a name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let is_of = |known: &str| known.split('.').next() == Some(name);
        let kept = |one: &BTreeMap<String, bool>| {
            one.iter().filter(|(known, _)| !is_of(known)).map(|(known, is_there)| (known.clone(), *is_there)).collect()
        };
        Self(self.0.iter().map(kept).collect()).simpler()
    }

    fn simpler(mut self) -> Self {
        self.0.sort();
        self.0.dedup();
        if self.0.len() > MANY {
            let mut common = self.0.swap_remove(0);
            common.retain(|name, is_there| self.0.iter().all(|one| one.get(name) == Some(is_there)));
            return Self(vec![common]);
        }
        self
    }
}
