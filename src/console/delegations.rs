//! The delegations to the automated decision function, read only: those in force, those before, and who did what when.

use axum::extract::State;
use axum::response::Html;
use serde_json::{Value, json};

use super::session::{SignedIn, require};
use super::{Failure, item, page};
use crate::delegate;
use crate::desk::{self, Desk};
use crate::model::{Delegation, time_text};
use crate::wording;

/// Shows every delegation with its history.
pub(super) async fn show(State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>, Failure> {
    let user = &person.user;
    require(desk::may_read(user) || desk::may_operate(user) || desk::may_delegate(user))?;
    let now = time_text(desk.store.now().await?);
    let zone = wording::timezone(&desk.config);
    let row = |one: &Delegation| {
        let valid = desk.seal.is_valid_delegation(one);
        json!({
            "bot": one.bot,
            "case_kind": one.case_kind,
            "covers": delegate::covers(one),
            "days": delegate::days(one, zone),
            "standing": delegate::standing(one, &now),
            "in_force": one.is_in_force(&now),
            "valid": valid,
            "decided_by": one.decided_by,
            "decided_on": one.decided_on,
            "reference": one.reference,
            "recorded_by": one.recorded_by,
            "recorded_at": wording::local_time(&one.recorded_at, zone),
            "ended_by": one.ended_by,
            "ended_at": one.ended_at.as_deref().map(|at| wording::local_time(at, zone)),
            "end_reason": one.end_reason})
    };
    let rows: Vec<Value> = desk.store.delegations(None).await?.iter().map(row).collect();
    let events = item::rows(&desk.store.delegation_events().await?, &desk.config);
    Ok(page::of("delegations.html", &person, "delegationer", json!({"rows": rows, "events": events}))?)
}
