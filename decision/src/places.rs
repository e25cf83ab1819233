//! Where each name of a rule book's expressions has its value: worked out when the book is read, so that trying a rule
//! looks no name up.

use expression::{Place, Scope};

use crate::book_file::ForEach;
use crate::names::names_of;
use crate::rule::NamedValue;

/// The places of one rule book's names.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// A scope that has the places, and no values.
    pub empty: Scope,
    pub cells: Place,
    /// For each kind of thing that rules are tried for: its own name, then the book's values of it.
    of: [Vec<Place>; ForEach::ALL.len()],
}

impl Places {
    pub fn new(values: &[NamedValue]) -> Self {
        let mut empty = Scope::default();
        for (name, _) in names_of(ForEach::Result) {
            empty.place(name);
        }
        let cells = empty.place("cells");
        let of = ForEach::ALL.map(|for_each| {
            let own = for_each.name().unwrap_or("result");
            let named = values.iter().filter(|value| value.for_each == for_each).map(|value| value.name.as_str());
            std::iter::once(own).chain(named).map(|name| empty.place(name)).collect()
        });
        Self { empty, cells, of }
    }

    pub fn of(&self, for_each: ForEach) -> &[Place] {
        &self.of[for_each as usize]
    }
}
