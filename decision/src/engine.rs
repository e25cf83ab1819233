//! From facts and rule book to a suggestion. Every rule is tried; nothing stops at the first reason to refer.
//!
//! It reads no clock, no file and no environment: the same facts and the same book give the same answer for ever.

use std::collections::{BTreeMap, BTreeSet};

use expression::{EvalError, Month, Scope, Template, Value, as_decimal, money, plain_json};
use rust_decimal::Decimal;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::RuleBook;
use crate::amounts::{Cell, Found, Table};
use crate::book_file::{ForEach, Part, Rounding, Total};
use crate::facts::Facts;
use crate::facts_reader::FactsError;
use crate::rule::{LineRule, ReferRule, Rule};
use crate::suggestion::{Input, Line, Money, Note, Outcome, Referral, Source, Suggestion};
use crate::values::{Item, Values, or_empty, record};

impl RuleBook {
    /// What the rules say of an application. Facts that can't be right are an error that names the field.
    pub fn suggest(&self, facts: &Json) -> Result<Suggestion, FactsError> {
        let id = suggestion_id(facts, self.sha256());
        let facts = Facts::read(facts)?;
        let mut run = Run::new(self, &facts);
        run.try_rules();
        Ok(run.suggestion(id, &facts))
    }
}

/// One application being worked out.
struct Run<'a> {
    book: &'a RuleBook,
    period: Month,
    table: Option<&'a Table>,
    scope: Scope,
    items: BTreeMap<ForEach, Vec<Current>>,
    lines: Vec<(Part, Line)>,
    /// Incomes and costs that no later rule makes a line of.
    excluded: BTreeSet<(ForEach, usize)>,
    reasons: Vec<Reason<'a>>,
    notes: Vec<Fired<'a>>,
    unknown: BTreeSet<Total>,
}

/// One thing that rules are tried for, with the book's named values of it.
struct Current {
    item: Item,
    values: Vec<(String, Value)>,
}

/// A reason to refer, in the order of the rules.
enum Reason<'a> {
    Known(Referral),
    /// To be written when the totals are known.
    Fired(Fired<'a>),
}

struct Fired<'a> {
    rule: &'a Rule,
    index: usize,
    cells: Option<Value>,
}

/// Why a rule was left for this thing.
enum Stop {
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
    fn new(book: &'a RuleBook, facts: &Facts) -> Self {
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
        };
        if run.table.is_none() {
            run.report_missing_table();
        }
        run.work_out_named_values(&values);
        run
    }

    fn report_missing_table(&mut self) {
        let year = self.period.year();
        let details = [("missing", format!("riksnorm {year}")), ("period", self.period.to_string())];
        let reason = format!("Riksnormens belopp för {year} finns inte i regelboken");
        self.report("table_missing", reason, details, &[Total::Norm]);
    }

    fn report<const N: usize>(&mut self, code: &str, reason: String, details: [(&str, String); N], unknown: &[Total]) {
        let details = details.into_iter().map(|(name, text)| (name.to_owned(), Json::String(text))).collect();
        self.reasons.push(Reason::Known(Referral { code: code.to_owned(), reason, details }));
        self.unknown.extend(unknown);
    }

    /// A mistake in the rule book must never become an amount.
    fn report_failure(&mut self, rule: &str, problem: String) {
        let details = [("rule", rule.to_owned()), ("problem", problem)];
        let reason = format!("Regeln {rule} kunde inte räknas ut");
        self.report("rule_failed", reason, details, &[Total::Norm, Total::Income]);
    }

    fn work_out_named_values(&mut self, values: &Values) {
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

    fn current(&mut self, for_each: ForEach, item: &Item) -> Current {
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

    fn try_rules(&mut self) {
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
    fn enter(&mut self, for_each: ForEach, index: usize) {
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

    fn leave(&mut self, for_each: ForEach, index: usize) {
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

    fn try_rule(&mut self, rule: &'a Rule, index: usize) -> Result<(), Stop> {
        if !self.holds(rule.when.as_ref())? {
            return Ok(());
        }
        let makes_line = rule.line.is_some() || rule.exclude;
        if makes_line && self.excluded.contains(&(rule.for_each, index)) {
            return Ok(());
        }
        let cells = self.cells(rule, index)?;
        if let Some((values, _)) = &cells {
            self.scope.set("cells", values.clone());
        }
        if !self.holds(rule.also.as_ref())? {
            return Ok(());
        }
        let used = cells.as_ref().map_or(&[][..], |(_, used)| used.as_slice());
        if let Some(line) = &rule.line {
            let made = self.line(rule, line, index, used)?;
            self.lines.push((line.part, made));
        }
        if rule.exclude {
            self.exclude(rule, index, used)?;
        }
        let fired = || Fired { rule, index, cells: cells.as_ref().map(|(values, _)| values.clone()) };
        if let Some(refer) = &rule.refer {
            self.unknown.extend(&refer.unknown);
            self.reasons.push(Reason::Fired(fired()));
        }
        if rule.note.is_some() {
            self.notes.push(fired());
        }
        Ok(())
    }

    fn holds(&self, condition: Option<&Template>) -> Result<bool, Stop> {
        let Some(condition) = condition else { return Ok(true) };
        let value = condition.eval(&self.scope)?;
        value.as_bool().map_err(|_| Stop::Failed("villkoret är inte ja eller nej".to_owned()))
    }

    /// The verified cells of a rule by name. One that is not verified is reported, and the rule stops.
    #[expect(clippy::type_complexity, reason = "a value for the scope, and what it was made of")]
    fn cells(&mut self, rule: &Rule, index: usize) -> Result<Option<(Value, Vec<(String, String, Cell)>)>, Stop> {
        if rule.cells.is_empty() {
            return Ok(None);
        }
        let Some(table) = self.table else {
            self.excluded.insert((rule.for_each, index));
            return Err(Stop::Cell);
        };
        let mut used = Vec::new();
        let mut missing = false;
        for (name, template) in &rule.cells {
            let cell_name = template.text(&self.scope)?;
            match table.cell(&cell_name) {
                Found::Verified(cell) => used.push((name.clone(), cell_name, cell.clone())),
                Found::NoSuchCell => {
                    return Err(Stop::Failed(format!("cellen {cell_name} finns inte i {}", table.title)));
                }
                Found::NotVerified => {
                    missing = true;
                    self.report_unverified(rule, table, &cell_name);
                }
            }
        }
        if missing {
            self.excluded.insert((rule.for_each, index));
            return Err(Stop::Cell);
        }
        let values = used.iter().map(|(name, _, cell)| (name.as_str().into(), Value::from(cell.amount)));
        Ok(Some((Value::from_map(values.collect()), used)))
    }

    fn report_unverified(&mut self, rule: &Rule, table: &Table, cell: &str) {
        let unknown = match (rule.for_each, rule.line.as_ref().map(|line| line.part)) {
            (ForEach::Income, _) | (_, Some(Part::Income)) => Total::Income,
            (ForEach::Cost | ForEach::CostGroup, _) | (_, Some(Part::Cost)) => Total::Need,
            _ => Total::Norm,
        };
        let details = [("table", table.title.clone()), ("cell", cell.to_owned())];
        let reason = format!("Beloppet {cell} i {} är inte verifierat", table.title);
        self.report("amount_unverified", reason, details, &[unknown]);
    }

    fn line(&self, rule: &Rule, line: &LineRule, index: usize, cells: &[(String, String, Cell)]) -> Result<Line, Stop> {
        let value = line.amount.eval(&self.scope)?;
        let amount = as_decimal(&value).ok_or_else(|| Stop::Failed("radens belopp är inte ett tal".to_owned()))?;
        let named = line.person.as_ref().map(|template| template.eval(&self.scope)).transpose()?;
        let person = named.and_then(|value| expression::as_text(&value)).or_else(|| self.person_of(rule, index));
        self.made_line(rule, person, money::round(amount, 2), cells)
    }

    fn exclude(&mut self, rule: &Rule, index: usize, cells: &[(String, String, Cell)]) -> Result<(), Stop> {
        self.excluded.insert((rule.for_each, index));
        let part = if rule.for_each == ForEach::Income { Part::Income } else { Part::Cost };
        if rule.refer.is_none() {
            let line = self.made_line(rule, self.person_of(rule, index), Decimal::ZERO, cells)?;
            self.lines.push((part, line));
        }
        Ok(())
    }

    fn person_of(&self, rule: &Rule, index: usize) -> Option<String> {
        self.items.get(&rule.for_each)?.get(index)?.item.person.clone()
    }

    fn made_line(
        &self,
        rule: &Rule,
        person: Option<String>,
        amount: Decimal,
        cells: &[(String, String, Cell)],
    ) -> Result<Line, Stop> {
        let source = rule.source(self.period).cloned();
        let source = source.ok_or_else(|| Stop::Failed("regeln saknar rättskälla för perioden".to_owned()))?;
        let mut inputs = BTreeMap::new();
        for (name, cell_name, cell) in cells {
            let table = self.table.map_or("", |table| table.title.as_str());
            let from = format!("{table}, {cell_name}: {}", cell.source);
            let value = Json::String(cell.amount.normalize().to_string());
            inputs.insert(name.clone(), Input { value, from: Some(from) });
        }
        for (name, value, from) in &rule.inputs {
            let value = plain_json(&value.eval(&self.scope)?);
            if !value.is_null() {
                let from = from.as_ref().map(|template| template.text(&self.scope)).transpose()?;
                inputs.insert(name.clone(), Input { value, from });
            }
        }
        let title = rule.title.text(&self.scope)?;
        Ok(Line { rule: rule.id.clone(), title, source, person, amount: amount.into(), inputs })
    }

    fn suggestion(mut self, suggestion_id: String, facts: &Facts) -> Suggestion {
        let totals = self.totals();
        self.scope.set("result", totals.value());
        let denied = self.try_result_rules();
        let concealed = self.reasons.iter().find_map(|reason| match reason {
            Reason::Fired(fired) if fired.rule.refer.as_ref().is_some_and(|refer| refer.conceal) => Some(fired.rule),
            _ => None,
        });
        if let Some(refer) = concealed.and_then(|rule| rule.refer.as_ref()) {
            return self.concealed(suggestion_id, refer, facts);
        }
        let notes = self.written_notes();
        let refer = self.written_reasons();
        let totals = totals.without_choice(&self.unknown);
        let (amount, surplus) = self.payout(totals.balance);
        let outcome = match (refer.is_empty(), amount) {
            (false, _) | (_, None) => Outcome::Refer,
            _ if denied => Outcome::Deny,
            (_, Some(amount)) if amount.decimal().is_zero() => Outcome::Deny,
            _ => Outcome::Approve,
        };
        Suggestion {
            suggestion_id,
            outcome,
            amount,
            need: totals.need.map(Into::into),
            income: totals.income.map(Into::into),
            norm: totals.norm.map(Into::into),
            surplus,
            lines: self.lines.into_iter().map(|(_, line)| line).collect(),
            refer,
            notes,
            rulebook: self.book.id().clone(),
            date: facts.date.to_string(),
            period: self.period.to_string(),
        }
    }

    /// Nothing but the public code: not the lines, not the other reasons, not what was unknown.
    fn concealed(&self, suggestion_id: String, refer: &ReferRule, facts: &Facts) -> Suggestion {
        let reason = refer.reason.text(&Scope::default()).unwrap_or_default();
        Suggestion {
            suggestion_id,
            outcome: Outcome::Refer,
            amount: None,
            need: None,
            income: None,
            norm: None,
            surplus: None,
            lines: Vec::new(),
            refer: vec![Referral { code: refer.code.clone(), reason, details: BTreeMap::new() }],
            notes: Vec::new(),
            rulebook: self.book.id().clone(),
            date: facts.date.to_string(),
            period: self.period.to_string(),
        }
    }

    fn totals(&self) -> Totals {
        let sum = |wanted: &[Part]| -> Decimal {
            let lines = self.lines.iter().filter(|(part, _)| wanted.contains(part));
            lines.map(|(_, line)| line.amount.decimal()).sum()
        };
        let known = |totals: &[Total]| !totals.iter().any(|total| self.unknown.contains(total));
        let norm = known(&[Total::Norm]).then(|| sum(&[Part::Norm]));
        let need = known(&[Total::Norm, Total::Need]).then(|| sum(&[Part::Norm, Part::Cost]));
        let income = known(&[Total::Income]).then(|| -sum(&[Part::Income]));
        let balance = need.zip(income).map(|(need, income)| need - income);
        Totals { norm, need, income, balance }
    }

    /// Rules about the totals; whether one of them denies.
    fn try_result_rules(&mut self) -> bool {
        let book = self.book;
        let mut denied = false;
        let period = self.period;
        let in_force = |rule: &&Rule| rule.validity.contains(period) && rule.for_each == ForEach::Result;
        for rule in book.rules().iter().filter(in_force) {
            match self.holds(rule.when.as_ref()) {
                Ok(true) => {
                    denied |= rule.deny.is_some();
                    if let Some(refer) = &rule.refer {
                        self.unknown.extend(&refer.unknown);
                        self.reasons.push(Reason::Fired(Fired { rule, index: 0, cells: None }));
                    }
                    self.notes.push(Fired { rule, index: 0, cells: None });
                }
                Ok(false) | Err(Stop::Cell) => {}
                Err(Stop::Failed(problem)) => self.report_failure(&rule.id, problem),
            }
        }
        denied
    }

    fn written_notes(&mut self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for fired in std::mem::take(&mut self.notes) {
            let rule = fired.rule;
            for note in rule.note.iter().chain(&rule.deny) {
                let text = self.inside(&fired, |scope| note.text.text(scope));
                match text {
                    Ok(text) => notes.push(Note { code: note.code.clone(), text }),
                    Err(error) => self.report_failure(&rule.id, error.message),
                }
            }
        }
        notes.dedup();
        notes
    }

    fn written_reasons(&mut self) -> Vec<Referral> {
        let mut written: Vec<Referral> = Vec::new();
        for reason in std::mem::take(&mut self.reasons) {
            let referral = match reason {
                Reason::Known(referral) => referral,
                Reason::Fired(fired) => self.referral(&fired),
            };
            if !written.contains(&referral) {
                written.push(referral);
            }
        }
        written
    }

    fn referral(&mut self, fired: &Fired<'a>) -> Referral {
        let Some(refer) = &fired.rule.refer else { unreachable!("only rules that refer are kept as reasons") };
        let reason = self.inside(fired, |scope| refer.reason.text(scope));
        let reason = reason.unwrap_or_else(|error| format!("{} ({})", fired.rule.id, error.message));
        let mut details = BTreeMap::new();
        for (name, template) in &refer.details {
            let value = self.inside(fired, |scope| template.eval(scope));
            let value = value.map_or_else(|error| Json::String(error.message), |value| plain_json(&value));
            if !value.is_null() {
                details.insert(name.clone(), value);
            }
        }
        Referral { code: refer.code.clone(), reason, details }
    }

    /// Works something out with the scope that a rule had when it fired, and the totals.
    fn inside<T>(
        &mut self,
        fired: &Fired<'a>,
        work: impl FnOnce(&Scope) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        self.enter(fired.rule.for_each, fired.index);
        if let Some(cells) = &fired.cells {
            self.scope.set("cells", cells.clone());
        }
        let result = work(&self.scope);
        self.leave(fired.rule.for_each, fired.index);
        result
    }

    /// What is paid and what is left over. Rounding adds a line of its own, so that the lines still add up.
    fn payout(&mut self, balance: Option<Decimal>) -> (Option<Money>, Option<Money>) {
        let Some(balance) = balance else { return (None, None) };
        let surplus = (-balance).max(Decimal::ZERO);
        let exact = balance.max(Decimal::ZERO);
        let paid = match self.book.rounding() {
            Rounding::None => exact,
            Rounding::NearestKrona => money::round(exact, 0),
            Rounding::UpKrona => exact.ceil(),
            Rounding::DownKrona => exact.floor(),
        };
        if paid != exact {
            let source = Source { text: "Kommunens inställning payout_rounding".to_owned(), verified: false };
            let (rule, title) = ("payout.rounding".to_owned(), "Avrundning av utbetalningen".to_owned());
            let line =
                Line { rule, title, source, person: None, amount: (paid - exact).into(), inputs: BTreeMap::new() };
            self.lines.push((Part::Norm, line));
        }
        (Some(paid.into()), Some(surplus.into()))
    }
}

/// The totals; nothing where a rule said that they can't be known.
#[derive(Clone, Copy)]
struct Totals {
    norm: Option<Decimal>,
    need: Option<Decimal>,
    income: Option<Decimal>,
    balance: Option<Decimal>,
}

impl Totals {
    fn value(self) -> Value {
        record([
            ("norm", or_empty(self.norm)),
            ("need", or_empty(self.need)),
            ("income", or_empty(self.income)),
            ("balance", or_empty(self.balance)),
        ])
    }

    /// What depends on a caseworker's choice is not answered.
    fn without_choice(self, unknown: &BTreeSet<Total>) -> Self {
        let known = |totals: &[Total]| !totals.iter().any(|total| unknown.contains(total));
        let norm = self.norm.filter(|_| known(&[Total::Norm]));
        let need = self.need.filter(|_| known(&[Total::Norm, Total::Need, Total::Choice]));
        let income = self.income.filter(|_| known(&[Total::Income]));
        Self { norm, need, income, balance: need.zip(income).map(|(need, income)| need - income) }
    }
}

/// The same for the same facts, however their fields are ordered, and the same book.
fn suggestion_id(facts: &Json, book: &str) -> String {
    let mut hash = Sha256::new();
    write_sorted(facts, &mut hash);
    hash.update(b"\n");
    hash.update(book.as_bytes());
    hex::encode(&hash.finalize()[..16])
}

fn write_sorted(json: &Json, hash: &mut Sha256) {
    match json {
        Json::Object(fields) => {
            hash.update(b"{");
            for (name, value) in fields.iter().collect::<BTreeMap<_, _>>() {
                hash.update(Json::String(name.clone()).to_string());
                hash.update(b":");
                write_sorted(value, hash);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Json::Array(list) => {
            hash.update(b"[");
            for value in list {
                write_sorted(value, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        other => hash.update(other.to_string()),
    }
}
