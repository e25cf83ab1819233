//! What the spot checks of a plan came to: the error rate with its interval, by stratum and month.

use std::collections::BTreeMap;

use serde::Serialize;

use super::redraw::{changed_results, recorded_results};
use super::{Refused, find_plan, wilson};
use crate::model::{EventKind, Rate, SpotDraw, SpotPlan, Verdict};
use crate::store::Store;

/// The figures of a plan.
#[derive(Debug, Serialize)]
pub struct Report {
    pub plan: SpotPlan,
    /// How the interval is reckoned.
    pub method: &'static str,
    /// All that has been assessed, as it was drawn: strata that are drawn from more weigh more.
    pub total: Cell,
    /// The error rate reckoned up to all handled items, each stratum by its size, in percent; none while a stratum has no
    /// assessment.
    pub weighted_percent: Option<f64>,
    pub strata: Vec<Cell>,
    /// The trend.
    pub months: Vec<Cell>,
    /// How many errors of each kind.
    pub kinds: BTreeMap<String, u32>,
    /// How many errors harm whom.
    pub harms: BTreeMap<String, u32>,
    /// How many reviewers' own assessments were another than the decision.
    pub differed: u32,
    /// The rows whose results are not what the event log says.
    pub changed: Vec<String>,
    /// The rates of the latest drawing, with why.
    pub rates: Vec<Rate>,
    pub draws: Vec<SpotDraw>,
}

/// The figures of a stratum, a month, or all.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Cell {
    pub name: String,
    pub handled: u32,
    pub drawn: u32,
    pub assessed: u32,
    pub errors: u32,
    /// The share of errors among what was assessed, in percent.
    pub percent: Option<f64>,
    /// Its 95 percent interval.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Cell {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn add(&mut self, drawn: bool, verdict: Option<&str>) {
        self.handled += 1;
        self.drawn += u32::from(drawn);
        self.assessed += u32::from(verdict.is_some());
        self.errors += u32::from(verdict == Some(Verdict::Error.as_str()));
    }

    fn reckoned(mut self) -> Self {
        if self.assessed > 0 {
            self.percent = Some(100.0 * f64::from(self.errors) / f64::from(self.assessed));
        }
        let interval = wilson(self.errors, self.assessed);
        self.low = interval.map(|(low, _)| 100.0 * low);
        self.high = interval.map(|(_, high)| 100.0 * high);
        self
    }
}

/// The figures of a plan so far.
pub async fn report(store: &Store, name: &str) -> Result<Report, Refused> {
    let (recorded, plan) = find_plan(store, name).await?;
    let assessments = store.assessments().await?;
    let draws = store.spot_draws(name).await?;
    let mut total = Cell::named("alla");
    let mut strata: Vec<Cell> = plan.planned().iter().map(|(name, _)| Cell::named(name)).collect();
    let mut months = Vec::new();
    let events = store.spot_events().await?;
    let differed = events.iter().filter(|event| event.kind == EventKind::SpotClassified.as_str()).filter(|event| {
        let told = event.told();
        told["plan"] == name && told["differs"] == true
    });
    let differed = u32::try_from(differed.count()).unwrap_or(u32::MAX);
    let (results, mut changed) = (recorded_results(&events), Vec::new());
    let (mut kinds, mut harms) = (BTreeMap::new(), BTreeMap::new());
    for draw in &draws {
        let mut month = Cell::named(&draw.month);
        let rows = store.spot_rows(name, &draw.month).await?;
        changed.extend(changed_results(&results, &rows, &assessments));
        for row in rows {
            let found = assessments.get(&row.id);
            let verdict = found.and_then(|found| found.verdict.as_deref());
            total.add(row.drawn, verdict);
            month.add(row.drawn, verdict);
            if let Some(cell) = strata.iter_mut().find(|cell| cell.name == row.stratum) {
                cell.add(row.drawn, verdict);
            }
            if let Some(kind) = found.and_then(|found| found.error_kind.clone()) {
                *kinds.entry(kind).or_insert(0) += 1;
            }
            if let Some(harm) = found.and_then(|found| found.harm.clone()) {
                *harms.entry(harm).or_insert(0) += 1;
            }
        }
        months.push(month.reckoned());
    }
    let strata: Vec<Cell> = strata.into_iter().map(Cell::reckoned).collect();
    let latest = draws.last().map(|draw| draw.rates.0.clone());
    Ok(Report {
        plan: recorded,
        method: "Wilsons intervall, 95 procents konfidens, utan kontinuitetskorrektion",
        weighted_percent: weighted(&strata),
        total: total.reckoned(),
        strata,
        months,
        kinds,
        harms,
        differed,
        changed,
        rates: latest.and_then(|rates| serde_json::from_value(rates).ok()).unwrap_or_default(),
        draws,
    })
}

/// Each stratum's rate by its share of all handled items.
fn weighted(strata: &[Cell]) -> Option<f64> {
    let there: Vec<&Cell> = strata.iter().filter(|cell| cell.handled > 0).collect();
    let all: f64 = there.iter().map(|cell| f64::from(cell.handled)).sum();
    if there.is_empty() {
        return None;
    }
    there.iter().map(|cell| Some(cell.percent? * f64::from(cell.handled) / all)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(handled: u32, assessed: u32, errors: u32) -> Cell {
        Cell { handled, drawn: assessed, assessed, errors, ..Cell::default() }.reckoned()
    }

    #[test]
    fn each_stratum_weighs_by_its_size() {
        // 900 items with 1 of 10 wrong, 100 with 5 of 10: 0.9 × 10 + 0.1 × 50.
        let weighted_percent = weighted(&[cell(900, 10, 1), cell(100, 10, 5), cell(0, 0, 0)]).expect("a rate");
        assert!((weighted_percent - 14.0).abs() < 1e-9, "{weighted_percent}");
        assert_eq!(weighted(&[cell(900, 10, 1), cell(100, 0, 0)]), None);
        assert_eq!(weighted(&[]), None);
    }
}
