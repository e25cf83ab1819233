//! A name as it stands in an expression, and where its value was found the last time: names and fields have the same
//! places each time an expression is worked out.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A name and a guess of its place. The guess is always checked: it can make an answer quicker, but never another.
#[derive(Debug)]
pub(crate) struct Name {
    text: String,
    guess: AtomicUsize,
}

impl Name {
    /// The place of the element that is called this; no two are called the same.
    pub fn find<T>(&self, elements: &[T], called: impl Fn(&T) -> &str) -> Option<usize> {
        let is = |element: &T| same(called(element), &self.text);
        let guess = self.guess.load(Ordering::Relaxed);
        if elements.get(guess).is_some_and(is) {
            return Some(guess);
        }
        let place = elements.iter().position(is)?;
        self.guess.store(place, Ordering::Relaxed);
        Some(place)
    }
}

/// Whether two short texts are the same: by their first and last eight bytes, which is quicker than to ask for a comparison
/// of memory.
#[inline]
fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => a.first_chunk::<8>() == b.first_chunk::<8>() && a.last_chunk::<8>() == b.last_chunk::<8>(),
        4..8 => a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk::<4>(),
        _ => a == b,
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), guess: AtomicUsize::new(0) }
    }
}

impl Clone for Name {
    fn clone(&self) -> Self {
        Self::from(self.text.as_str())
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}
