//! What differs between two versions of a rule book, in Swedish that needs no programmer.
//!
//! It compares what is written, part by part and field by field, so a field that this file has no word for is told by
//! its own name rather than left out. Comments and lay-out are no differences.

mod tree;
mod words;

use std::fmt::Write as _;

use serde::Serialize;

use crate::RuleBook;
use tree::{Element, elements};

/// One difference between two versions of a rule book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub part: ChangedPart,
    /// The rule's id, the table's year and cell, the cost of a guideline, and so on.
    pub name: String,
    /// From which month the thing applies, where it says so.
    pub from: Option<String>,
    pub change: ChangeKind,
    /// The field that differs, as it is written: `when`, `line.amount`; none where the whole thing is new or gone.
    pub field: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// The same in one Swedish sentence.
    pub text: String,
}

/// Which part of a rule book a difference is in, in the order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedPart {
    Book,
    Rule,
    Amount,
    Guideline,
    CountedIncome,
    Parameter,
    Law,
    Value,
    IncomeKind,
    CostKind,
    Authority,
    /// A part of the book that is none of the others.
    Other,
}

/// What has become of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
    /// A rule that is tried in another order.
    Moved,
}

/// Everything in which the second version differs from the first; nothing when their rules, amounts and guidelines say
/// the same.
pub fn diff(before: &RuleBook, after: &RuleBook) -> Vec<Change> {
    let (before, after) = (elements(before.content()), elements(after.content()));
    let mut changes = moved(&before, &after);
    let (pairs, removed, added) = paired(&before, &after);
    for (old, new) in pairs {
        changes.extend(changed_fields(old, new));
    }
    changes.extend(removed.into_iter().map(|element| whole(element, ChangeKind::Removed)));
    changes.extend(added.into_iter().map(|element| whole(element, ChangeKind::Added)));
    changes.sort_by(|a, b| (a.part, &a.name, &a.from, a.change).cmp(&(b.part, &b.name, &b.from, b.change)));
    changes
}

/// The differences as a text, under a heading for each part.
pub fn describe(changes: &[Change]) -> String {
    let mut text = String::new();
    let mut part = None;
    for change in changes {
        if part != Some(change.part) {
            part = Some(change.part);
            let space = if text.is_empty() { "" } else { "\n" };
            // Writing to a text can't fail.
            let _ = writeln!(text, "{space}{}", words::heading(change.part));
        }
        let _ = writeln!(text, "- {}", change.text);
    }
    text
}

type Paired<'a> = (Vec<(&'a Element, &'a Element)>, Vec<&'a Element>, Vec<&'a Element>);

/// What stands in both, only before, only after. The same thing has the same name and begins in the same month; what is
/// left over has the same name.
fn paired<'a>(before: &'a [Element], after: &'a [Element]) -> Paired<'a> {
    let (mut pairs, mut removed) = (Vec::new(), Vec::new());
    let mut added: Vec<&Element> = after.iter().collect();
    let mut take = |pairs: &mut Vec<_>, old: &'a Element, same: &dyn Fn(&Element) -> bool| {
        let found = added.iter().position(|new| new.part == old.part && new.name == old.name && same(new));
        if let Some(place) = found {
            pairs.push((old, added.remove(place)));
        }
        found.is_some()
    };
    let mut left = Vec::new();
    for old in before {
        if !take(&mut pairs, old, &|new| new.from == old.from) {
            left.push(old);
        }
    }
    for old in left {
        if !take(&mut pairs, old, &|_| true) {
            removed.push(old);
        }
    }
    (pairs, removed, added)
}

fn changed_fields(old: &Element, new: &Element) -> Vec<Change> {
    let mut fields: Vec<&String> = old.fields.iter().chain(&new.fields).map(|(name, _)| name).collect();
    fields.sort_by_key(|field| words::place(field));
    fields.dedup();
    let mut changes = Vec::new();
    for field in fields {
        let (before, after) = (old.field(field), new.field(field));
        if before == after {
            continue;
        }
        changes.push(Change {
            part: new.part,
            name: new.name.clone(),
            from: new.from.clone(),
            change: ChangeKind::Changed,
            field: Some(field.clone()),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            text: words::changed(new, field, before, after),
        });
    }
    changes
}

/// Something that is new or gone.
fn whole(element: &Element, change: ChangeKind) -> Change {
    let told = words::summary(element);
    let told = (!told.is_empty()).then_some(told);
    let text = match change {
        ChangeKind::Added => words::added(element),
        _ => words::removed(element),
    };
    let (before, after) = if change == ChangeKind::Added { (None, told) } else { (told, None) };
    Change {
        part: element.part,
        name: element.name.clone(),
        from: element.from.clone(),
        change,
        field: None,
        before,
        after,
        text,
    }
}

/// Rules that are tried in another order than before: those outside the longest row that has kept its order.
fn moved(before: &[Element], after: &[Element]) -> Vec<Change> {
    let rules = |elements: &[Element], other: &[Element]| -> Vec<(String, Option<String>)> {
        let key = |element: &Element| (element.name.clone(), element.from.clone());
        let known: Vec<_> = other.iter().filter(|element| element.part == ChangedPart::Rule).map(key).collect();
        let mine = elements.iter().filter(|element| element.part == ChangedPart::Rule).map(key);
        mine.filter(|rule| known.contains(rule)).collect()
    };
    let (old, new) = (rules(before, after), rules(after, before));
    let places: Vec<usize> = new.iter().filter_map(|rule| old.iter().position(|known| known == rule)).collect();
    let kept = longest_rising(&places);
    let mut changes = Vec::new();
    for (place, (name, from)) in new.iter().enumerate().filter(|(place, _)| !kept.contains(place)) {
        let after = place.checked_sub(1).and_then(|above| new.get(above)).map(|(name, _)| name.clone());
        let text = match &after {
            Some(above) => format!("Regeln {name} prövas nu efter {above}."),
            None => format!("Regeln {name} prövas nu först av alla."),
        };
        changes.push(Change {
            part: ChangedPart::Rule,
            name: name.clone(),
            from: from.clone(),
            change: ChangeKind::Moved,
            field: None,
            before: None,
            after,
            text,
        });
    }
    changes
}

/// The indexes of a longest rising row in a list without repetitions.
fn longest_rising(places: &[usize]) -> Vec<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let before = (0..index).filter(|earlier| places[*earlier] < *place).max_by_key(|earlier| best[*earlier].0);
        best.push((before.map_or(0, |earlier| best[earlier].0) + 1, before));
    }
    let mut next = (0..best.len()).max_by_key(|index| best[*index].0);
    let mut row = Vec::new();
    while let Some(index) = next {
        row.push(index);
        next = best[index].1;
    }
    row
}
