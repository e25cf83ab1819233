//! One run: its items by state and its log.

use axum::extract::{Path, State};
use axum::response::Html;
use serde_json::{Value, json};

use super::session::SignedIn;
use super::{Failure, item, items, page, runs};
use crate::desk::Desk;
use crate::model::RunId;
use crate::store::ItemFilter;

/// Shows the run.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let run = desk.store.run(&RunId(id)).await?.ok_or(Failure::NotFound)?;
    let filter = ItemFilter { run: Some(run.id.clone()), ..ItemFilter::default() };
    let found = desk.store.items(&filter).await?;
    let clock = page::clock(&desk.config);
    let content = json!({
        "run": runs::row(&run, &clock),
        "rows": found.iter().map(|item| items::row(item, &clock)).collect::<Vec<Value>>(),
        "events": item::rows(&desk.store.run_events(&run.id).await?, &desk.config)});
    Ok(page::of("run.html", &person, "korningar", content)?)
}
