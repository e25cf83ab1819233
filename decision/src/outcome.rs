//! When every rule has been tried: the totals, the reasons in words, and the suggestion.

use std::collections::{BTreeMap, BTreeSet};

use expression::{EvalError, Scope, Value, money, plain_json};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::book_file::{ForEach, Part, Total};
use crate::facts::Facts;
use crate::rule::{ReferRule, Rule};
use crate::run::{Fired, Reason, Run, Stop};
use crate::suggestion::{Line, Money, Note, Outcome, Referral, Source, Suggestion};
use crate::values::{or_empty, record};

impl<'a> Run<'a> {
    pub(crate) fn suggestion(mut self, suggestion_id: String, facts: &Facts, denied: bool) -> Suggestion {
        let totals = self.totals();
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
    pub(crate) fn try_result_rules(&mut self) -> bool {
        let book = self.book;
        self.scope.set("result", self.totals().value());
        let mut denied = false;
        let period = self.period;
        let in_force = |rule: &&Rule| rule.validity.contains(period) && rule.for_each == ForEach::Result;
        for rule in book.rules().iter().filter(in_force) {
            match self.holds(rule.when.as_ref()) {
                Ok(true) => {
                    self.met.insert(&rule.id);
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
        let caution = self.table.and_then(|table| table.caution.clone());
        let mut notes: Vec<Note> =
            caution.into_iter().map(|text| Note { code: "table_caution".to_owned(), text, source: None }).collect();
        for fired in std::mem::take(&mut self.notes) {
            let rule = fired.rule;
            for note in rule.note.iter().chain(&rule.deny) {
                let text = self.inside(&fired, |scope| note.text.text(scope));
                match text {
                    Ok(text) => {
                        let source = rule.source(self.period).cloned();
                        notes.push(Note { code: note.code.clone(), text, source });
                    }
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
        let paid = match self.book.parameters().word("payout_rounding") {
            "nearest_krona" => money::round(exact, 0),
            "up_krona" => exact.ceil(),
            "down_krona" => exact.floor(),
            _ => exact,
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
