//! The runs, newest first.

use axum::extract::State;
use axum::response::Html;
use serde_json::{Value, json};

use super::session::SignedIn;
use super::{Failure, page};
use crate::desk::Desk;
use crate::model::Run;
use crate::wording;

/// Shows the newest runs.
pub(super) async fn show(State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let runs = desk.store.runs(None, 200).await?;
    let clock = page::clock(&desk.config);
    let rows: Vec<Value> = runs.iter().map(|run| row(run, &clock)).collect();
    Ok(page::of("runs.html", &person, "korningar", json!({ "rows": rows  }))?)
}

/// A run as a row.
pub(super) fn row(run: &Run, clock: &impl Fn(&str) -> String) -> Value {
    json!({
        "id": run.id.0,
        "bot": run.bot,
        "state": run.state.as_str(),
        "state_text": wording::run_state(run.state),
        "trigger": wording::trigger(&run.trigger),
        "schedule": run.schedule,
        "nominal": run.nominal.as_deref().map(wording::wall_time),
        "created": clock(&run.created_at),
        "started": run.started_at.as_deref().map(clock),
        "ended": run.ended_at.as_deref().map(clock),
        "reason": run.reason,
        "version": run.version})
}
