//! What a rule makes: its cells, its line in the calculation, and what is shown but not counted.

use std::collections::BTreeMap;

use expression::{Map, Value, as_decimal, money, plain_json};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::amounts::{Cell, Found, Table};
use crate::book_file::{ForEach, Part, Total};
use crate::rule::{LineRule, Rule};
use crate::run::{Run, Stop};
use crate::suggestion::{Input, Line};

/// The verified cells that a rule uses: for its expressions, and for its explanation.
#[derive(Default)]
pub(crate) struct Cells<'a> {
    /// By the names they have in the rule; nothing when the rule uses none.
    pub value: Option<Value>,
    used: Vec<UsedCell<'a>>,
}

struct UsedCell<'a> {
    /// The name in the rule.
    name: &'a str,
    /// The name in the table.
    cell: String,
    amount: &'a Cell,
}

impl<'a> Run<'a> {
    /// The verified cells of a rule by name. One that is not verified is reported, and the rule stops.
    pub(crate) fn cells(&mut self, rule: &'a Rule, index: usize) -> Result<Cells<'a>, Stop> {
        if rule.cells.is_empty() {
            return Ok(Cells::default());
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
                Found::Verified(amount) => {
                    used.push(UsedCell { name, cell: cell_name, amount });
                }
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
        let values = used.iter().map(|used| (used.name.to_owned(), Value::from(used.amount.amount)));
        Ok(Cells { value: Some(Value::from(values.collect::<Map>())), used })
    }

    fn report_unverified(&mut self, rule: &Rule, table: &Table, cell: &str) {
        let unknown = match (rule.for_each, rule.line.as_ref().map(|line| line.part)) {
            (ForEach::Income, _) | (_, Some(Part::Income)) => Total::Income,
            (ForEach::Cost | ForEach::CostGroup, _) | (_, Some(Part::Cost)) => Total::Need,
            _ => Total::Norm,
        };
        let details = [("table", table.title.clone()), ("cell", cell.to_owned())];
        let reason = format!("Beloppet {cell} i {} är inte verifierat", table.title);
        self.report("unverified_amount", reason, details, &[unknown]);
    }

    pub(crate) fn line(&self, rule: &Rule, line: &LineRule, index: usize, cells: &Cells) -> Result<Line, Stop> {
        let value = line.amount.look(&self.scope)?;
        let amount = as_decimal(&value).ok_or_else(|| Stop::Failed("radens belopp är inte ett tal".to_owned()))?;
        let named = line.person.as_ref().map(|template| template.eval(&self.scope)).transpose()?;
        let person = named.and_then(|value| expression::as_text(&value)).or_else(|| self.person_of(rule, index));
        self.made_line(rule, person, money::round(amount, 2), cells)
    }

    pub(crate) fn exclude(&mut self, rule: &Rule, index: usize, cells: &Cells) -> Result<(), Stop> {
        self.excluded.insert((rule.for_each, index));
        let part = if rule.for_each == ForEach::Income { Part::Income } else { Part::Cost };
        if rule.refer.is_none() {
            let line = self.made_line(rule, self.person_of(rule, index), Decimal::ZERO, cells)?;
            self.lines.push((part, line));
        }
        Ok(())
    }

    fn person_of(&self, rule: &Rule, index: usize) -> Option<String> {
        self.items[rule.for_each as usize].get(index)?.person.clone()
    }

    fn made_line(&self, rule: &Rule, person: Option<String>, amount: Decimal, cells: &Cells) -> Result<Line, Stop> {
        let source = rule.source(self.period).cloned();
        let source = source.ok_or_else(|| Stop::Failed("regeln saknar rättskälla för perioden".to_owned()))?;
        let mut inputs = BTreeMap::new();
        for UsedCell { name, cell, amount } in &cells.used {
            let table = self.table.map_or("", |table| table.title.as_str());
            let from = format!("{table}, {cell}: {}", amount.source);
            let value = Json::String(amount.amount.normalize().to_string());
            inputs.insert((*name).to_owned(), Input { value, from: Some(from) });
        }
        for (name, value, from) in &rule.inputs {
            let value = plain_json(value.look(&self.scope)?.as_ref());
            if !value.is_null() {
                let from = from.as_ref().map(|template| template.text(&self.scope)).transpose()?;
                inputs.insert(name.clone(), Input { value, from });
            }
        }
        let title = rule.title.text(&self.scope)?;
        Ok(Line { rule: rule.id.clone(), title, source, person, amount: amount.into(), inputs })
    }
}
