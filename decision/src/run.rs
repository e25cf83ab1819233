//! One application being worked out: every rule is tried, and nothing stops at the first reason to refer.
//!
//! What a rule makes is in `lines`; what is made of it all when every rule has been tried, in `outcome`.

use std::collections::BTreeSet;

use expression::{EvalError, Month, Place, Scope, Template, Value};
use serde_json::Value as Json;

use crate::RuleBook;
use crate::amounts::Table;
use crate::book_file::{ForEach, Part, Total};
use crate::facts::Facts;
use crate::rule::Rule;
use crate::suggestion::{Line, Referral};
use crate::values::{Item, Items, Values};

/// One application being worked out.
pub(crate) struct Run<'a> {
    pub(crate) book: &'a RuleBook,
    pub(crate) period: Month,
    pub(crate) table: Option<&'a Table>,
    pub(crate) scope: Scope,
    /// By kind, in the order of [`ForEach::ALL`].
    pub(crate) items: [Vec<Current>; ForEach::ALL.len()],
    pub(crate) lines: Vec<(Part, Line)>,
    /// Incomes and costs that no later rule makes a line of.
    pub(crate) excluded: BTreeSet<(ForEach, usize)>,
    /// What some rule has made a line of, left out or referred, or failed at.
    answered: BTreeSet<(ForEach, usize)>,
    pub(crate) reasons: Vec<Reason<'a>>,
    pub(crate) notes: Vec<Fired<'a>>,
    pub(crate) unknown: BTreeSet<Total>,
    /// The rules whose conditions were met.
    pub(crate) met: Vec<&'a str>,
}

/// One thing that rules are tried for.
pub(crate) struct Current {
    /// Whom a line about it concerns.
    pub(crate) person: Option<String>,
    /// The thing itself, then the book's named values of it; those that could not be worked out are not there.
    values: Vec<Option<Value>>,
}

/// A reason to refer, in the order of the rules.
pub(crate) enum Reason<'a> {
    Known(Referral),
    /// To be written when the totals are known.
    Fired(Fired<'a>),
}

pub(crate) struct Fired<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) index: usize,
    pub(crate) cells: Option<Value>,
}

/// Why a rule was left for this thing.
pub(crate) enum Stop {
    /// A cell is missing; it has been reported.
    Cell,
    /// An expression failed.
    Failed(String),
}

impl From<EvalError> for Stop {
    fn from(error: EvalError) -> Self {
        Self::Failed(error.message)
    }
}

impl Current {
    fn swap(&mut self, places: &[Place], scope: &mut Scope) {
        for (place, value) in places.iter().zip(&mut self.values) {
            scope.swap(*place, value);
        }
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(book: &'a RuleBook, facts: &Facts) -> Self {
        let Values { scope, items } = Values::of(facts, book);
        let mut run = Self {
            book,
            period: facts.period,
            table: book.table(facts.period),
            items: ForEach::ALL.map(|_| Vec::new()),
            scope,
            lines: Vec::with_capacity(6),
            excluded: BTreeSet::new(),
            answered: BTreeSet::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            unknown: BTreeSet::new(),
            met: Vec::new(),
        };
        if run.table.is_none() {
            run.report_missing_table();
        }
        run.work_out_named_values(items);
        run
    }

    fn report_missing_table(&mut self) {
        let year = self.period.year();
        let details = [("missing", format!("riksnorm {year}")), ("period", self.period.to_string())];
        let reason = format!("Riksnormens belopp för {year} finns inte i regelboken");
        self.report("table_missing", reason, details, &[Total::Norm]);
    }

    pub(crate) fn report<const N: usize>(
        &mut self,
        code: &str,
        reason: String,
        details: [(&str, String); N],
        unknown: &[Total],
    ) {
        let details = details.into_iter().map(|(name, text)| (name.to_owned(), Json::String(text))).collect();
        self.reasons.push(Reason::Known(Referral { code: code.to_owned(), reason, details }));
        self.unknown.extend(unknown);
    }

    /// A mistake in the rule book must never become an amount.
    pub(crate) fn report_failure(&mut self, rule: &str, problem: String) {
        let details = [("rule", rule.to_owned()), ("problem", problem)];
        let reason = format!("Regeln {rule} kunde inte räknas ut");
        self.report("rule_failed", reason, details, &[Total::Norm, Total::Income]);
    }

    fn work_out_named_values(&mut self, items: Items) {
        let book = self.book;
        for value in book.values().iter().filter(|value| value.for_each == ForEach::Household) {
            match value.value.eval(&self.scope) {
                Ok(worked_out) => self.scope.set(&value.name, worked_out),
                Err(error) => self.report_failure(&value.name, error.message),
            }
        }
        for (for_each, items) in ForEach::ALL.into_iter().zip(items) {
            self.items[for_each as usize] = items.into_iter().map(|item| self.current(for_each, item)).collect();
        }
    }

    /// The thing with the book's named values of it.
    fn current(&mut self, for_each: ForEach, item: Item) -> Current {
        if for_each.name().is_none() {
            return Current { person: item.person, values: Vec::new() };
        }
        let book = self.book;
        let places = book.places().of(for_each);
        let mut values = vec![None; places.len()];
        values[0] = Some(item.value);
        self.scope.swap(places[0], &mut values[0]);
        let named = book.values().iter().filter(|value| value.for_each == for_each);
        for (place, value) in places[1..].iter().zip(named) {
            match value.value.eval(&self.scope) {
                Ok(worked_out) => self.scope.swap(*place, &mut Some(worked_out)),
                Err(error) => self.report_failure(&value.name, error.message),
            }
        }
        let mut current = Current { person: item.person, values };
        current.swap(places, &mut self.scope);
        current
    }

    /// Which rules are met first, a thing at a time; then what they make, in the order of the rules.
    pub(crate) fn try_rules(&mut self) {
        let book = self.book;
        let mut met = self.conditions();
        met.sort_by_key(|(rule, index, _)| (*rule, *index));
        for (rule, index, condition) in met {
            let rule = &book.rules()[rule];
            let outcome = condition.and_then(|()| {
                self.enter(rule.for_each, index);
                let outcome = self.carry_out(rule, index);
                self.leave(rule.for_each, index);
                outcome
            });
            if let Err(Stop::Failed(problem)) = outcome {
                self.report_failure(&rule.id, problem);
                self.answered.insert((rule.for_each, index));
            }
        }
        self.report_unanswered();
    }

    /// A person, an income or a cost that no rule has anything to say of must not vanish from the sum: a book may have a
    /// month that none of its rules is for.
    fn report_unanswered(&mut self) {
        for (for_each, unknown, what) in [
            (ForEach::Person, Total::Norm, "personen"),
            (ForEach::Income, Total::Income, "inkomsten"),
            (ForEach::Cost, Total::Need, "kostnaden"),
        ] {
            for index in 0..self.items[for_each as usize].len() {
                if self.answered.contains(&(for_each, index)) || self.excluded.contains(&(for_each, index)) {
                    continue;
                }
                self.unknown.insert(unknown);
                if self.table.is_some() {
                    let row = (index + 1).to_string();
                    let reason = format!("Ingen regel gäller för {what} på rad {row} i underlaget");
                    let details = [("what", for_each.name().unwrap_or_default().to_owned()), ("row", row)];
                    self.report("no_rule", reason, details, &[unknown]);
                }
            }
        }
    }

    /// The rules whose first condition is met, by their places and the thing's, and those where it failed. A condition sees
    /// nothing that a rule makes.
    fn conditions(&mut self) -> Vec<(usize, usize, Result<(), Stop>)> {
        let rules = self.book.rules().iter().enumerate();
        // What keeps a whole case from being decided by rules does so also in a month that the book is not for.
        let is_guard =
            |rule: &Rule| rule.refer.is_some() && matches!(rule.for_each, ForEach::Household | ForEach::Authority);
        let guards = self.table.is_none();
        let in_force: Vec<(usize, &Rule)> =
            rules.filter(|(_, rule)| rule.validity.contains(self.period) || guards && is_guard(rule)).collect();
        let mut met = Vec::with_capacity(in_force.len());
        for for_each in ForEach::ALL.into_iter().filter(|for_each| *for_each != ForEach::Result) {
            for index in 0..self.items[for_each as usize].len() {
                self.enter(for_each, index);
                for (place, rule) in in_force.iter().filter(|(_, rule)| rule.for_each == for_each) {
                    match self.holds(rule.when.as_ref()) {
                        Ok(false) => {}
                        answer => met.push((*place, index, answer.map(|_| ()))),
                    }
                }
                self.leave(for_each, index);
            }
        }
        met
    }

    /// Puts one thing and its values into the scope; they are moved, not copied.
    pub(crate) fn enter(&mut self, for_each: ForEach, index: usize) {
        if let Some(current) = self.items[for_each as usize].get_mut(index) {
            current.swap(self.book.places().of(for_each), &mut self.scope);
        }
    }

    /// Takes them out again.
    pub(crate) fn leave(&mut self, for_each: ForEach, index: usize) {
        self.set_cells(None);
        self.enter(for_each, index);
    }

    pub(crate) fn set_cells(&mut self, cells: Option<&Value>) {
        self.scope.swap(self.book.places().cells, &mut cells.cloned());
    }

    /// What a rule makes whose first condition is met.
    fn carry_out(&mut self, rule: &'a Rule, index: usize) -> Result<(), Stop> {
        let makes_line = rule.line.is_some() || rule.exclude;
        if makes_line && self.excluded.contains(&(rule.for_each, index)) {
            return Ok(());
        }
        let cells = self.cells(rule, index)?;
        self.set_cells(cells.value.as_ref());
        if !self.holds(rule.also.as_ref())? {
            return Ok(());
        }
        self.met.push(&rule.id);
        if makes_line || rule.refer.is_some() {
            self.answered.insert((rule.for_each, index));
        }
        if let Some(line) = &rule.line {
            let made = self.line(rule, line, index, &cells)?;
            self.lines.push((line.part, made));
        }
        if rule.exclude {
            self.exclude(rule, index, &cells)?;
        }
        let fired = || Fired { rule, index, cells: cells.value.clone() };
        if let Some(refer) = &rule.refer {
            self.unknown.extend(&refer.unknown);
            self.reasons.push(Reason::Fired(fired()));
        }
        if rule.note.is_some() {
            self.notes.push(fired());
        }
        Ok(())
    }

    pub(crate) fn holds(&self, condition: Option<&Template>) -> Result<bool, Stop> {
        condition.map_or(Ok(true), |condition| Ok(condition.holds(&self.scope)?))
    }
}
