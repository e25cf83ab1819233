//! Answering by another rule book: whose outcome and amount would change, and by which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use decision::RuleBook;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::PAGE;
use super::shelf::name_of;
use crate::model::Answered;
use crate::store::{self, Since, Store};

/// An application that would come out otherwise. Amounts are kronor; none where it can't be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    pub bot: String,
    pub reference: String,
    pub at: String,
    pub outcome_before: String,
    pub outcome_after: String,
    pub amount_before: Option<Decimal>,
    pub amount_after: Option<Decimal>,
    /// The rules whose lines, and the reasons to refer, that differ: kronor, or none.
    pub rules: BTreeMap<String, Option<Decimal>>,
}

/// What a rule does to all of them together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ByRule {
    pub items: i64,
    pub kronor: Decimal,
}

/// All of them together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// How many were answered again.
    pub answered: i64,
    /// How many were answered by another rule book than this: left out.
    pub other_books: i64,
    pub changed: i64,
    pub outcome_changed: i64,
    pub more: i64,
    pub less: i64,
    /// Over those whose amount is known both before and after.
    pub amount_before: Decimal,
    pub amount_after: Decimal,
    pub rules: BTreeMap<String, ByRule>,
}

/// Every stored suggestion of a rule book, answered again by this version of it.
pub struct WithBook<'a> {
    store: &'a Store,
    book: Arc<RuleBook>,
    since: Since,
    after: String,
    /// What it has come to so far.
    pub sums: Sums,
}

impl<'a> WithBook<'a> {
    /// Nothing answered yet.
    pub fn new(store: &'a Store, book: Arc<RuleBook>, since: Since) -> Self {
        Self { store, book, since, after: String::new(), sums: Sums::default() }
    }

    /// Answers the next of them; those that change, or none when all are done.
    pub async fn page(&mut self) -> store::Result<Option<Vec<Moved>>> {
        let page = self.store.suggestions_after(&self.after, &self.since, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after.clone_from(&last.suggestion.id);
        let book = Arc::clone(&self.book);
        let compared = tokio::task::spawn_blocking(move || compare_all(&page, &book)).await;
        let mut moved = Vec::new();
        for one in compared.map_err(|error| store::Error::Corrupt(error.to_string()))? {
            let Some(compared) = one else {
                self.sums.other_books += 1;
                continue;
            };
            self.sums.add(&compared);
            if compared.is_change() {
                moved.push(compared);
            }
        }
        Ok(Some(moved))
    }
}

fn compare_all(page: &[Answered], book: &RuleBook) -> Vec<Option<Moved>> {
    page.iter().map(|answered| (name_of(answered).0 == book.name()).then(|| compare(answered, book))).collect()
}

fn compare(answered: &Answered, book: &RuleBook) -> Moved {
    let before = &answered.suggestion.answer.0;
    let (after, refused) = match book.suggest(&answered.suggestion.facts.0) {
        Ok(after) => (serde_json::to_value(&after).unwrap_or_default(), None),
        Err(error) => (Value::Null, Some(format!("underlaget godtas inte: {}", error.field()))),
    };
    let outcome = |answer: &Value| answer["outcome"].as_str().map(str::to_owned);
    Moved {
        bot: answered.bot.clone(),
        reference: answered.reference.clone(),
        at: answered.suggestion.at.clone(),
        outcome_before: outcome(before).unwrap_or_default(),
        outcome_after: refused.or_else(|| outcome(&after)).unwrap_or_default(),
        amount_before: amount(&before["amount"]),
        amount_after: amount(&after["amount"]),
        rules: rules(before, &after),
    }
}

fn amount(value: &Value) -> Option<Decimal> {
    value.as_str()?.parse().ok()
}

/// What each rule adds to the amount, and the reasons to refer, where they differ.
fn rules(before: &Value, after: &Value) -> BTreeMap<String, Option<Decimal>> {
    let (old, new) = (by_rule(before), by_rule(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of = |sums: &BTreeMap<String, Decimal>, name: &String| sums.get(name).copied().unwrap_or_default();
    let moved = names.into_iter().map(|name| (name.clone(), of(&new, name) - of(&old, name)));
    let mut rules: BTreeMap<String, Option<Decimal>> =
        moved.filter(|(_, kronor)| !kronor.is_zero()).map(|(name, kronor)| (name, Some(kronor))).collect();
    let (old, new) = (reasons(before), reasons(after));
    rules.extend(old.symmetric_difference(&new).map(|code| (format!("refer:{code}"), None)));
    rules
}

fn by_rule(answer: &Value) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for line in answer["lines"].as_array().into_iter().flatten() {
        let rule = line["rule"].as_str().unwrap_or_default().to_owned();
        *sums.entry(rule).or_insert(Decimal::ZERO) += amount(&line["amount"]).unwrap_or_default();
    }
    sums
}

fn reasons(answer: &Value) -> BTreeSet<String> {
    let reasons = answer["refer"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["code"].as_str().map(str::to_owned)).collect()
}

impl Moved {
    /// Whether anything that a person would notice differs.
    fn is_change(&self) -> bool {
        self.outcome_before != self.outcome_after || self.amount_before != self.amount_after || !self.rules.is_empty()
    }

    /// How much more, where both amounts are known.
    pub fn difference(&self) -> Option<Decimal> {
        Some(self.amount_after? - self.amount_before?)
    }
}

impl Sums {
    fn add(&mut self, one: &Moved) {
        self.answered += 1;
        self.changed += i64::from(one.is_change());
        self.outcome_changed += i64::from(one.outcome_before != one.outcome_after);
        if let (Some(before), Some(after)) = (one.amount_before, one.amount_after) {
            self.amount_before += before;
            self.amount_after += after;
            self.more += i64::from(after > before);
            self.less += i64::from(after < before);
        }
        for (rule, kronor) in &one.rules {
            let sum = self.rules.entry(rule.clone()).or_default();
            sum.items += 1;
            sum.kronor += kronor.unwrap_or_default();
        }
    }
}
