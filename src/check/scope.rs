//! Which names an expression may use at one place of a bot, and where what they hold comes from.

use std::collections::{BTreeMap, BTreeSet};

use expression::Path as Name;

use crate::bot::{Fields, Text, Tree};

use super::parts::tree_texts;

/// Names that are always there, or have a meaning of their own.
pub(super) const RESERVED: &[&str] = &["item", "suggestion", "decision", "now", "today", "run", "config"];

/// Where a value comes from, as far as can be told from what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// From a personal field.
    pub personal: bool,
    /// From the suggestion.
    pub suggestion: bool,
    /// From the decision.
    pub decision: bool,
}

impl Origin {
    fn and(self, other: Self) -> Self {
        Self {
            personal: self.personal || other.personal,
            suggestion: self.suggestion || other.suggestion,
            decision: self.decision || other.decision,
        }
    }
}

/// A name set by a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local {
    pub origin: Origin,
    /// Set whichever way the steps went.
    pub certain: bool,
}

/// The names in force at one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub locals: BTreeMap<String, Local>,
    /// Whether there is an item: not in `collect` and not in a sign-in.
    pub item: bool,
    pub suggestion: bool,
    pub decision: bool,
    /// Fields of the item that hold what the suggestion said.
    pub suggested: BTreeSet<String>,
}

impl Scope {
    /// Gives a name a value from `origin`.
    pub fn set(&mut self, name: &str, origin: Origin) {
        match name.strip_prefix("item.") {
            Some(field) if origin.suggestion => {
                self.suggested.insert(field.to_owned());
            }
            Some(field) => {
                self.suggested.remove(field);
            }
            None => {
                self.locals.insert(name.to_owned(), Local { origin, certain: true });
            }
        }
    }

    /// After a choice: what only one of two ways set is no longer certain.
    pub fn after_either(one: Self, other: &Self) -> Self {
        let mut both = one;
        for (name, local) in &mut both.locals {
            local.certain &= other.locals.get(name).is_some_and(|known| known.certain);
        }
        for (name, local) in &other.locals {
            let here = both.locals.entry(name.clone()).or_insert(Local { certain: false, ..*local });
            here.origin = here.origin.and(local.origin);
        }
        both.suggested.extend(other.suggested.iter().cloned());
        both
    }

    /// Where the value of a name comes from.
    pub fn origin_of(&self, fields: &Fields, text: &Text, name: &Name) -> Origin {
        match name.segments[0].as_str() {
            "suggestion" => Origin { suggestion: true, ..Origin::default() },
            "decision" => Origin { decision: true, ..Origin::default() },
            "item" => match item_field(text, name) {
                Some(field) => Origin {
                    personal: fields.get(field).is_some_and(|field| field.personal),
                    suggestion: self.suggested.contains(field),
                    decision: false,
                },
                None => Origin { personal: fields.0.iter().any(|field| field.personal), ..Origin::default() },
            },
            local => self.locals.get(local).map(|local| local.origin).unwrap_or_default(),
        }
    }

    /// Where the value of a text comes from.
    pub fn origin(&self, fields: &Fields, text: &Text) -> Origin {
        let names = text.template.uses().iter();
        names.fold(Origin::default(), |sum, name| sum.and(self.origin_of(fields, text, name)))
    }

    /// Where the values of a tree come from.
    pub fn tree_origin(&self, fields: &Fields, tree: &Tree) -> Origin {
        tree_texts(tree).into_iter().fold(Origin::default(), |sum, text| sum.and(self.origin(fields, text)))
    }
}

/// The field of the item that a name reads: `item.hyra`, `or_else(item, "hyra", …)` or `has(item, "hyra")`.
pub(super) fn item_field<'a>(text: &'a Text, name: &'a Name) -> Option<&'a str> {
    if let Some(field) = name.segments.get(1) {
        return Some(field);
    }
    quoted_after(text.source(), name.offset + "item".len(), &[',']).or_else(|| {
        let rest = &text.source()[name.offset + "item".len()..];
        let call = rest.strip_prefix(".or_else(").or_else(|| rest.strip_prefix(".has("))?;
        quoted_after(text.source(), text.source().len() - call.len(), &[])
    })
}

/// The text within quotes that follows at an offset, after the characters `lead` and blanks.
fn quoted_after<'a>(source: &'a str, offset: usize, lead: &[char]) -> Option<&'a str> {
    let mut rest = source.get(offset..)?.trim_start();
    for character in lead {
        rest = rest.strip_prefix(*character)?.trim_start();
    }
    rest.strip_prefix('"')?.split('"').next()
}
