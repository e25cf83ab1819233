//! The drawing made again, by whoever wants to know that it was as published: from the recorded list, and from the items
//! that are still here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Refused, Span, draw, find_plan, rows_of};
use crate::config::Config;
use crate::model::{Assessment, EventKind, LoggedEvent, Rate, SpotRow};
use crate::seal::Seal;
use crate::store::Store;
use crate::wording;

/// A month's drawing, made again.
#[derive(Debug, Serialize)]
pub struct Redraw {
    pub plan: String,
    pub month: String,
    pub seed: String,
    pub algorithm: &'static str,
    /// Whether it came out as it was recorded.
    pub equal: bool,
    pub handled: usize,
    pub drawn: usize,
    /// How many items of the list have been removed since: these are judged by the list alone.
    pub removed: usize,
    /// What is not as it should be, in Swedish.
    pub differences: Vec<String>,
}

/// What a reviewer found: verdict, kind of error, and whom it harms.
pub(super) type Found = (Option<String>, Option<String>, Option<String>);

/// What the event log says that reviewers found, by row.
pub(super) fn recorded_results(events: &[LoggedEvent]) -> BTreeMap<String, Found> {
    let found = |event: &LoggedEvent| {
        let told = event.told();
        let text = |name: &str| told[name].as_str().map(ToOwned::to_owned);
        Some((text("sample")?, (text("verdict"), text("error_kind"), text("harm"))))
    };
    events.iter().filter(|event| event.kind == EventKind::SpotClassified.as_str()).filter_map(found).collect()
}

/// Which rows' results are not what was recorded.
pub(super) fn changed_results(
    recorded: &BTreeMap<String, Found>,
    rows: &[SpotRow],
    assessments: &BTreeMap<String, Assessment>,
) -> Vec<String> {
    let is_changed = |row: &&SpotRow| {
        let now = assessments.get(&row.id).filter(|one| one.verdict.is_some());
        now.map(|one| (one.verdict.clone(), one.error_kind.clone(), one.harm.clone())) != recorded.get(&row.id).cloned()
    };
    rows.iter().filter(is_changed).map(|row| row.id.clone()).collect()
}

/// Makes a recorded drawing again and compares.
pub async fn redraw(store: &Store, config: &Config, seal: &Seal, name: &str, month: &str) -> Result<Redraw, Refused> {
    let (recorded, plan) = find_plan(store, name).await?;
    let draws = store.spot_draws(name).await?;
    let Some(first) = draws.into_iter().find(|draw| draw.month == month) else {
        return Err(Refused::Wrong(format!("ingenting har dragits för {month}: se `kollega spot-checks list {name}`")));
    };
    let mut differences = Vec::new();
    let events = store.spot_events().await?;
    let told = |kind: EventKind, month: Option<&str>| {
        let ours = |told: &Value| told["plan"] == name && month.is_none_or(|month| told["month"] == month);
        let of_kind = events.iter().filter(|event| event.kind == kind.as_str());
        of_kind.map(LoggedEvent::told).find(ours).unwrap_or(Value::Null)
    };
    let planned = told(EventKind::SpotPlanned, None);
    if planned["sha256"] != recorded.sha256.as_str() || crate::yaml::content_hash(&recorded.body) != recorded.sha256 {
        differences.push("planen är inte den som registrerades".to_owned());
    }
    if planned["seed"] != recorded.seed.as_str() {
        differences.push("fröet är inte det som registrerades".to_owned());
    }
    let drawn_event = told(EventKind::SpotDrawn, Some(month));
    if drawn_event["rates"] != first.rates.0 {
        differences.push("andelarna är inte de som registrerades vid dragningen".to_owned());
    }

    let rows = store.spot_rows(name, month).await?;
    let rates: Vec<Rate> = serde_json::from_value(first.rates.0.clone()).unwrap_or_default();
    let mut again = rows.clone();
    draw::draw(&recorded.seed, &mut again, &rates);
    let before: BTreeMap<&str, &SpotRow> = rows.iter().map(|row| (row.case_key.as_str(), row)).collect();
    for row in &again {
        let was = before.get(row.case_key.as_str());
        if was.is_none_or(|was| was.rank != row.rank || was.drawn != row.drawn) {
            differences.push(format!("raden {} dras inte likadant igen", row.id));
        }
    }
    if draw::digest(&again) != first.digest || drawn_event["digest"] != first.digest.as_str() {
        differences.push("listan är inte den som drogs ur".to_owned());
    }

    let span = Span::of(month, plan.year.value, wording::timezone(config)).map_err(Refused::Wrong)?;
    let (cases, _) = store.handled_cases(&span.from, &span.until, &plan.bots).await?;
    let here: BTreeMap<String, SpotRow> =
        rows_of(&plan, seal, month, &cases).into_iter().map(|row| (row.case_key.clone(), row)).collect();
    for row in here.values() {
        match before.get(row.case_key.as_str()) {
            None => differences.push(format!("det handlagda ärendet {} saknas i listan", row.item)),
            Some(was) if was.stratum != row.stratum => {
                differences.push(format!("ärendet {} hör till {}, inte {}", row.item, row.stratum, was.stratum));
            }
            Some(_) => {}
        }
    }
    let mut removed = 0;
    for row in rows.iter().filter(|row| !here.contains_key(&row.case_key)) {
        if store.find_item(&row.item.0).await?.is_none() {
            removed += 1;
        } else {
            differences.push(format!("raden {} är inget ärende som handlades den månaden", row.id));
        }
    }
    let changed = changed_results(&recorded_results(&events), &rows, &store.assessments().await?);
    differences.extend(changed.into_iter().map(|id| format!("bedömningen av {id} är inte den som registrerades")));
    Ok(Redraw {
        plan: name.to_owned(),
        month: month.to_owned(),
        seed: recorded.seed,
        algorithm: super::ALGORITHM,
        equal: differences.is_empty(),
        handled: rows.len(),
        drawn: again.iter().filter(|row| row.drawn).count(),
        removed,
        differences,
    })
}
