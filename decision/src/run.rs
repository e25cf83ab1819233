//! One application being worked out: every rule is tried, and nothing stops at the first reason to refer.
//!
//! What a rule makes is in `lines`; what is made of it all when every rule has been tried, in `outcome`.

use std::collections::{BTreeMap, BTreeSet};

use expression::{EvalError, Month, Scope, Template, Value};
use serde_json::Value as Json;

use crate::RuleBook;
use crate::amounts::Table;
use crate::book_file::{ForEach, Part, Total};
use crate::facts::Facts;
use crate::rule::Rule;
use crate::suggestion::{Line, Referral};
use crate::values::{Item, Values};

/// One application being worked out.
pub(crate) struct Run<'a> {
    pub(crate) book: &'a RuleBook,
    pub(crate) period: Month,
    pub(crate) table: Option<&'a Table>,
    pub(crate) scope: Scope,
    pub(crate) items: BTreeMap<ForEach, Vec<Current>>,
    pub(crate) lines: Vec<(Part, Line)>,
    /// Incomes and costs that no later rule makes a line of.
    pub(crate) excluded: BTreeSet<(ForEach, usize)>,
    pub(crate) reasons: Vec<Reason<'a>>,
    pub(crate) notes: Vec<Fired<'a>>,
    pub(crate) unknown: BTreeSet<Total>,
    /// The rules whose conditions were met.
    pub(crate) met: BTreeSet<&'a str>,
}

/// One thing that rules are tried for, with the book's named values of it.
pub(crate) struct Current {
    pub(crate) item: Item,
    pub(crate) values: Vec<(String, Value)>,
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

impl<'a> Run<'a> {
    pub(crate) fn new(book: &'a RuleBook, facts: &Facts) -> Self {
        let values = Values::of(facts, book);
        let mut run = Self {
            book,
            period: facts.period,
            table: book.table(facts.period),
            items: BTreeMap::new(),
            scope: values.scope.clone(),
            lines: Vec::new(),
            excluded: BTreeSet::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            unknown: BTreeSet::new(),
            met: BTreeSet::new(),
        };
        if run.table.is_none() {
            run.report_missing_table();
        }
        run.work_out_named_values(&values);
        run
    }

    pub(crate) fn report_missing_table(&mut self) {
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

    pub(crate) fn work_out_named_values(&mut self, values: &Values) {
        const ALL: [ForEach; 9] = [
            ForEach::Household,
            ForEach::Person,
            ForEach::Income,
            ForEach::IncomeGroup,
            ForEach::IncomeChange,
            ForEach::Cost,
            ForEach::CostGroup,
            ForEach::Authority,
            ForEach::Result,
        ];
        let book = self.book;
        for value in book.values().iter().filter(|value| value.for_each == ForEach::Household) {
            match value.value.eval(&self.scope) {
                Ok(worked_out) => self.scope.set(value.name.as_str(), worked_out),
                Err(error) => self.report_failure(&value.name, error.message),
            }
        }
        for for_each in ALL {
            let items = values.items(for_each).iter().map(|item| self.current(for_each, item)).collect();
            self.items.insert(for_each, items);
        }
    }

    pub(crate) fn current(&mut self, for_each: ForEach, item: &Item) -> Current {
        let book = self.book;
        let mut named = Vec::new();
        if let Some(name) = for_each.name() {
            self.scope.set(name, item.value.clone());
            for value in book.values().iter().filter(|value| value.for_each == for_each) {
                match value.value.eval(&self.scope) {
                    Ok(worked_out) => {
                        self.scope.set(value.name.as_str(), worked_out.clone());
                        named.push((value.name.clone(), worked_out));
                    }
                    Err(error) => self.report_failure(&value.name, error.message),
                }
            }
            self.scope.remove(name);
            for (name, _) in &named {
                self.scope.remove(name);
            }
        }
        Current { item: item.clone(), values: named }
    }

    pub(crate) fn try_rules(&mut self) {
        let book = self.book;
        let period = self.period;
        let in_force = |rule: &&Rule| rule.validity.contains(period) && rule.for_each != ForEach::Result;
        for rule in book.rules().iter().filter(in_force) {
            for index in 0..self.items.get(&rule.for_each).map_or(0, Vec::len) {
                self.enter(rule.for_each, index);
                let outcome = self.try_rule(rule, index);
                self.leave(rule.for_each, index);
                if let Err(Stop::Failed(problem)) = outcome {
                    self.report_failure(&rule.id, problem);
                }
            }
        }
    }

    /// Puts one thing and its values into the scope; they are moved, not copied.
    pub(crate) fn enter(&mut self, for_each: ForEach, index: usize) {
        let Some((name, current)) =
            for_each.name().zip(self.items.get_mut(&for_each).and_then(|items| items.get_mut(index)))
        else {
            return;
        };
        self.scope.set(name, std::mem::take(&mut current.item.value));
        for (name, value) in &mut current.values {
            self.scope.set(name.as_str(), std::mem::take(value));
        }
    }

    pub(crate) fn leave(&mut self, for_each: ForEach, index: usize) {
        self.scope.remove("cells");
        let Some((name, current)) =
            for_each.name().zip(self.items.get_mut(&for_each).and_then(|items| items.get_mut(index)))
        else {
            return;
        };
        current.item.value = self.scope.remove(name).unwrap_or_default();
        for (name, value) in &mut current.values {
            *value = self.scope.remove(name).unwrap_or_default();
        }
    }

    pub(crate) fn try_rule(&mut self, rule: &'a Rule, index: usize) -> Result<(), Stop> {
        if !self.holds(rule.when.as_ref())? {
            return Ok(());
        }
        let makes_line = rule.line.is_some() || rule.exclude;
        if makes_line && self.excluded.contains(&(rule.for_each, index)) {
            return Ok(());
        }
        let cells = self.cells(rule, index)?;
        if let Some(value) = &cells.value {
            self.scope.set("cells", value.clone());
        }
        if !self.holds(rule.also.as_ref())? {
            return Ok(());
        }
        self.met.insert(&rule.id);
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
        let Some(condition) = condition else { return Ok(true) };
        let value = condition.eval(&self.scope)?;
        value.as_bool().map_err(|_| Stop::Failed("villkoret är inte ja eller nej".to_owned()))
    }
}
