//! Values with the place they were written at, and values whose errors are caught.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use expression::ParseError;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::error::Error;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters.
    pub length: usize,
    /// Whether the scalar stands in quotes or a block, so that its text begins after the place.
    pub quoted: bool,
}

thread_local! {
    /// The place of the value that is being read: set by the reader, taken by the value's visitor.
    static PLACE: Cell<Place> = const { Cell::new(Place { line: 0, column: 0, length: 0, quoted: false }) };
    /// Expressions that could not be read while the rest of the document could.
    static BROKEN: RefCell<Vec<Error>> = const { RefCell::new(Vec::new()) };
}

/// Keeps an expression's error for the report, so that what stands around it is read on.
pub fn note_broken_expression(place: Place, text: &str, error: ParseError) {
    BROKEN.with_borrow_mut(|broken| broken.push(Error::inside(place, text, error)));
}

pub(super) fn take_broken_expressions() -> Vec<Error> {
    BROKEN.take()
}

pub(super) fn set_place(place: Place) {
    PLACE.set(place);
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    pub place: Place,
    pub value: T,
}

pub(super) const PLACED: &str = "kollega::Placed";
pub(super) const CAUGHT: &str = "kollega::Caught";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlacedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PlacedVisitor<T> {
            type Value = Placed<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("ett värde")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Placed<T>, D::Error> {
                let place = PLACE.get();
                Ok(Placed { place, value: T::deserialize(deserializer)? })
            }
        }
        deserializer.deserialize_newtype_struct(PLACED, PlacedVisitor(PhantomData))
    }
}

/// A value, or nothing where it was wrong and the error has been kept for the report.
#[derive(Debug, Clone)]
pub struct Caught<T>(pub Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Caught<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CaughtVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for CaughtVisitor<T> {
            type Value = Caught<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("ett värde")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut once: A) -> Result<Caught<T>, A::Error> {
                once.next_element().map(Caught)
            }
        }
        deserializer.deserialize_newtype_struct(CAUGHT, CaughtVisitor(PhantomData))
    }
}

/// Reads a list whose broken elements are reported and left out, so that the others are checked too.
pub fn caught_list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Caught<T>>::deserialize(deserializer)?;
    Ok(list.into_iter().filter_map(|element| element.0).collect())
}
