//! The uncertain items: a commit that nobody can tell the outcome of, with what verify saw and the three answers.

use axum::extract::State;
use axum::response::Html;
use serde_json::{Value, json};

use super::session::SignedIn;
use super::{Failure, evidence, page};
use crate::desk::{self, Desk};
use crate::model::ItemState;
use crate::store::ItemFilter;
use crate::why;

/// Shows the items that a person has to settle.
pub(super) async fn show(State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let filter = ItemFilter { state: Some(ItemState::Uncertain), ..ItemFilter::default() };
    let clock = page::clock(&desk.config);
    let mut rows: Vec<Value> = Vec::new();
    for item in desk.store.items(&filter).await? {
        let why = why::item(&desk.store, &desk.config, &item).await?;
        rows.push(json!({ "id": item.id.0, "reference": item.reference, "token": item.token, "bot": item.bot, "since": clock(&item.updated_at), "because": why.because, "evidence": evidence::of(&desk, &item).await? }));
    }
    let content = json!({ "rows": rows, "may_settle": desk::may_operate(&person.user) });
    Ok(page::of("uncertain.html", &person, "osakra", content)?)
}
