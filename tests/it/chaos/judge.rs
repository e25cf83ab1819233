//! The verdict: each order against its item in the store and its records in the practice system, read independently.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kollega::model::{Item, ItemState};

/// What there is of one order in the world outside.
#[derive(Debug, Clone)]
pub struct Order {
    pub reference: String,
    pub amount: String,
}

/// What one record in a practice system says.
#[derive(Debug, Clone)]
pub struct Made {
    pub reference: String,
    pub amount: String,
}

/// What came of a trial.
#[derive(Debug, Default)]
pub struct Verdict {
    pub title: String,
    /// By kind.
    pub kills: BTreeMap<&'static str, usize>,
    pub stops: usize,
    pub cuts: u64,
    /// Processes that ended without being killed by the trial.
    pub ended: BTreeMap<String, usize>,
    pub took: Duration,
    pub items: usize,
    pub done: usize,
    pub not_done: usize,
    pub uncertain: usize,
    pub lost: usize,
    pub duplicated: usize,
    /// Each fault in words.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.wrong.is_empty()
    }

    /// Holds every order to what became of it. `file` gives what was left in the folder for a reference, where files are.
    pub fn count(
        &mut self,
        orders: &[Order],
        items: &[Item],
        made: &[Made],
        file: impl Fn(&Item) -> Result<(), String>,
    ) {
        let items: BTreeMap<&str, &Item> = items.iter().map(|item| (item.reference.as_str(), item)).collect();
        let mut records: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for one in made {
            records.entry(&one.reference).or_default().push(&one.amount);
        }
        self.items = orders.len();
        for order in orders {
            let amounts = records.remove(order.reference.as_str()).unwrap_or_default();
            let Some(item) = items.get(order.reference.as_str()) else {
                self.lose(format!("{} is nowhere in the queue; {} records", order.reference, amounts.len()));
                continue;
            };
            if amounts.len() > 1 {
                self.duplicated += 1;
                self.wrong.push(format!("{} is {} and has {} records", item.reference, item.state, amounts.len()));
                continue;
            }
            if amounts.first().is_some_and(|amount| !same(amount, &order.amount)) {
                self.lose(format!("{} has the wrong amount: {amounts:?}, not {}", item.reference, order.amount));
                continue;
            }
            let first_stage = item.stage.as_deref().is_none_or(|stage| stage == "bokför" || stage == "utbetalning");
            match (item.state, amounts.len()) {
                (ItemState::Done, 1) => match file(item) {
                    Ok(()) => self.done += 1,
                    Err(why) => self.lose(why),
                },
                (ItemState::Done, _) => self.lose(format!("{} is done and has no record", item.reference)),
                (ItemState::Uncertain, _) => self.uncertain += 1,
                (ItemState::Failed | ItemState::HandedOver | ItemState::Cancelled, 1) if first_stage => {
                    self.lose(format!("{} is {} and has a record", item.reference, item.state));
                }
                (ItemState::Failed | ItemState::HandedOver | ItemState::Cancelled, _) => self.not_done += 1,
                (state, _) => self.lose(format!("{} has come to rest nowhere: {state}", item.reference)),
            }
        }
        for (reference, amounts) in records {
            self.duplicated += 1;
            self.wrong.push(format!("{} records of {reference}, which nobody has ordered", amounts.len()));
        }
    }

    fn lose(&mut self, why: String) {
        self.lost += 1;
        self.wrong.push(why);
    }
}

/// Equal as numbers: `100` and `100,00`.
fn same(one: &str, other: &str) -> bool {
    let number = |text: &str| text.replace(',', ".").replace([' ', '\u{a0}'], "").parse::<f64>().ok();
    number(one).zip(number(other)).is_some_and(|(one, other)| (one - other).abs() < 0.001)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: usize = self.kills.values().sum();
        let kinds: Vec<String> = self.kills.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let ended: Vec<String> = self.ended.iter().map(|(how, count)| format!("{how}: {count}")).collect();
        writeln!(f, "{}", self.title)?;
        writeln!(f, "  kills        {total:>7}   {}", kinds.join(", "))?;
        writeln!(f, "  stopped      {:>7}   for longer than a lease", self.stops)?;
        writeln!(
            f,
            "  cuts, errors {:>7}   connections cut before or after a save, saves that come late, errors",
            self.cuts
        )?;
        if !ended.is_empty() {
            writeln!(
                f,
                "  ended        {:>7}   by themselves or by their guard ({})",
                self.ended.values().sum::<usize>(),
                ended.join(", ")
            )?;
        }
        writeln!(f, "  items        {:>7}", self.items)?;
        writeln!(f, "  done         {:>7}", self.done)?;
        writeln!(f, "  not done     {:>7}", self.not_done)?;
        writeln!(f, "  uncertain    {:>7}", self.uncertain)?;
        writeln!(f, "  lost         {:>7}", self.lost)?;
        writeln!(f, "  duplicated   {:>7}", self.duplicated)?;
        write!(f, "  time         {:>7.0} s", self.took.as_secs_f64())
    }
}
