//! All items, filtered by state, bot and reference.

use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::SignedIn;
use super::{Failure, page};
use crate::desk::Desk;
use crate::model::{Item, ItemState};
use crate::store::{ItemFilter, StateCount};
use crate::wording;

const LIMIT: i64 = 500;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    lage: String,
    #[serde(default)]
    robot: String,
    #[serde(default)]
    referens: String,
}

/// Shows the items.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let filter = ItemFilter {
        bot: given(&asked.robot),
        state: ItemState::try_from(asked.lage.clone()).ok(),
        reference: given(&asked.referens),
        run: None,
        limit: LIMIT,
    };
    let items = desk.store.items(&filter).await?;
    let counts = desk.store.item_counts(None).await?;
    let clock = page::clock(&desk.config);
    let content = json!({
        "rows": items.iter().map(|item| row(item, &clock)).collect::<Vec<_>>(),
        "states": states(&counts),
        "bots": bots(&counts),
        "limit": (i64::try_from(items.len()) == Ok(LIMIT)).then_some(LIMIT),
        "lage": asked.lage,
        "robot": asked.robot,
        "referens": asked.referens});
    Ok(page::of("items.html", &person, "arenden", content)?)
}

fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An item as a row: nothing personal.
pub(super) fn row(item: &Item, clock: &impl Fn(&str) -> String) -> Value {
    json!({
        "id": item.id.0,
        "reference": item.reference,
        "bot": item.bot,
        "state": item.state.as_str(),
        "state_text": wording::item_state(item.state),
        "stage": item.stage,
        "code": item.code,
        "attempt": item.attempt,
        "created": clock(&item.created_at),
        "updated": clock(&item.updated_at)})
}

fn states(counts: &[StateCount]) -> Vec<Value> {
    let state = |state: &ItemState| {
        let count: i64 = counts.iter().filter(|count| count.state == state.as_str()).map(|count| count.count).sum();
        json!({ "id": state.as_str(), "text": wording::item_state(*state), "count": count  })
    };
    ItemState::ALL.iter().map(state).collect()
}

fn bots(counts: &[StateCount]) -> Vec<String> {
    let mut bots: Vec<String> = counts.iter().map(|count| count.bot.clone()).collect();
    bots.dedup();
    bots
}
