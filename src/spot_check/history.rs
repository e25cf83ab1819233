//! What has been found in the months of a plan so far, by stratum.

use std::collections::BTreeMap;

use crate::model::{SpotDraw, Verdict};
use crate::store::{Result, Store};

/// One month.
#[derive(Debug, Clone, Default)]
pub struct MonthResult {
    pub month: String,
    pub strata: BTreeMap<String, Found>,
}

/// What was found in a stratum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub drawn: u32,
    pub assessed: u32,
    pub errors: u32,
}

/// The months before this one, oldest first.
pub async fn before(store: &Store, plan: &str, draws: &[SpotDraw], month: &str) -> Result<Vec<MonthResult>> {
    let assessments = store.assessments().await?;
    let mut months = Vec::new();
    for draw in draws.iter().filter(|draw| draw.month.as_str() < month) {
        let mut result = MonthResult { month: draw.month.clone(), strata: BTreeMap::new() };
        for row in store.spot_rows(plan, &draw.month).await?.into_iter().filter(|row| row.drawn) {
            let found = result.strata.entry(row.stratum).or_default();
            found.drawn += 1;
            if let Some(verdict) = assessments.get(&row.id).and_then(|one| one.verdict.as_deref()) {
                found.assessed += 1;
                found.errors += u32::from(verdict == Verdict::Error.as_str());
            }
        }
        months.push(result);
    }
    Ok(months)
}
