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
use words::Wording;

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
    /// What belongs to the sentence, a line each: what a rule that is new or gone says, what was and is where that is long.
    pub details: Vec<String>,
}

/// The differences in one part of the book, as they are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    pub heading: &'static str,
    pub lines: Vec<ToldLine>,
}

/// A sentence, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldLine {
    pub text: String,
    pub details: Vec<String>,
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
    let (old_words, new_words) = (Wording { book: before }, Wording { book: after });
    let (before, after) = (elements(before.content()), elements(after.content()));
    let mut changes = moved(&before, &after, new_words);
    let (pairs, removed, added) = paired(&before, &after);
    for (old, new) in pairs {
        changes.extend(changed_fields((old, old_words), (new, new_words)));
    }
    changes.extend(removed.into_iter().map(|element| whole(element, ChangeKind::Removed, old_words)));
    changes.extend(added.into_iter().map(|element| whole(element, ChangeKind::Added, new_words)));
    changes.sort_by(|a, b| (a.part, &a.name, &a.from, a.change).cmp(&(b.part, &b.name, &b.from, b.change)));
    changes
}

/// The differences under a heading for each part; a year's table that is new or gone is told as one.
pub fn told(changes: &[Change]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for change in changes {
        let heading = words::heading(change.part);
        if told.last().is_none_or(|last| last.heading != heading) {
            told.push(Told { heading, lines: Vec::new() });
        }
        let line = match table_of(change, changes) {
            None => Some(ToldLine { text: change.text.clone(), details: change.details.clone() }),
            Some(title) if std::ptr::eq(title, change) => Some(words::table(title, changes)),
            Some(_) => None,
        };
        told.last_mut().map(|part| &mut part.lines).into_iter().for_each(|lines| lines.extend(line.clone()));
    }
    told
}

/// Where a change is a part of a whole table that is new or gone: the change of the table's title.
fn table_of<'a>(change: &Change, changes: &'a [Change]) -> Option<&'a Change> {
    let (year, _) =
        change.name.split_once(' ').filter(|_| change.part == ChangedPart::Amount && change.field.is_none())?;
    let title = format!("{year} title");
    changes.iter().find(|other| other.part == change.part && other.change == change.change && other.name == title)
}

/// The differences as a text.
pub fn describe(changes: &[Change]) -> String {
    let mut text = String::new();
    for part in told(changes) {
        let space = if text.is_empty() { "" } else { "\n" };
        // Writing to a text can't fail.
        let _ = writeln!(text, "{space}{}", part.heading);
        for line in part.lines {
            let _ = writeln!(text, "- {}", line.text);
            for detail in line.details {
                let _ = writeln!(text, "    {detail}");
            }
        }
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

fn changed_fields((old, old_words): (&Element, Wording), (new, new_words): (&Element, Wording)) -> Vec<Change> {
    let mut fields: Vec<&String> = old.fields.iter().chain(&new.fields).map(|(name, _)| name).collect();
    fields.sort_by_key(|field| words::place(field));
    fields.dedup();
    let mut changes = Vec::new();
    for field in fields {
        let (before, after) = (old.field(field), new.field(field));
        if before == after {
            continue;
        }
        let (text, details) = words::changed((old, old_words), (new, new_words), field);
        changes.push(Change {
            part: new.part,
            name: new.name.clone(),
            from: new.from.clone(),
            change: ChangeKind::Changed,
            field: Some(field.clone()),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            text,
            details,
        });
    }
    changes
}

/// Something that is new or gone.
fn whole(element: &Element, change: ChangeKind, words: Wording) -> Change {
    let told = words.summary(element);
    let told = (!told.is_empty()).then_some(told);
    let (before, after) = if change == ChangeKind::Added { (None, told) } else { (told, None) };
    Change {
        part: element.part,
        name: element.name.clone(),
        from: element.from.clone(),
        change,
        field: None,
        before,
        after,
        text: words.whole(element, change),
        details: words.details(element),
    }
}

/// Rules that are tried in another order than before: those outside the longest row that has kept its order.
fn moved(before: &[Element], after: &[Element], words: Wording) -> Vec<Change> {
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
        let above = place.checked_sub(1).and_then(|above| new.get(above));
        let (rule, after) = (words.rule_name(name, from.as_deref()), above.map(|(name, _)| name.clone()));
        let text = match above {
            Some((above, from)) => {
                format!("Regeln {rule} prövas nu efter {}.", words.rule_name(above, from.as_deref()))
            }
            None => format!("Regeln {rule} prövas nu först av alla."),
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
            details: Vec::new(),
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
