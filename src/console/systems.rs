//! The systems with their circuits, and the alerts: what does not work now, since when, and what ends it.

use std::collections::BTreeSet;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::{SignedIn, require};
use super::{Failure, page};
use crate::desk::{self, Desk};
use crate::model::Alert;
use crate::wording;

/// How many alerts are shown.
const ALERTS: i64 = 50;

/// Shows the systems and the alerts.
pub(super) async fn show(State(desk): State<Desk>, person: SignedIn) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let timezone = wording::timezone(&desk.config);
    let open = desk.store.open_circuits().await?;
    let names: BTreeSet<&String> =
        desk.config.systems.keys().chain(open.iter().map(|circuit| &circuit.system)).collect();
    let mut rows: Vec<Value> = Vec::new();
    for name in names {
        let circuit = open.iter().find(|circuit| &circuit.system == name);
        let waiting = match circuit {
            Some(circuit) => desk.store.waiting_for_circuit(&circuit.circuit_id()).await?,
            None => 0,
        };
        rows.push(json!({
            "system": name,
            "told": circuit.map(|circuit| wording::circuit(circuit, timezone)),
            "waiting": waiting,
        }));
    }
    let alerts: Vec<Value> = desk.store.alerts(ALERTS).await?.iter().map(|alert| row(alert, timezone)).collect();
    let replay = desk.store.last_replay().await?.map(|last| {
        let ended = wording::local_time(last.ended_at.as_deref().unwrap_or_default(), timezone);
        json!({"ended": ended, "answered": last.answered, "differing": last.differing})
    });
    let may_reset = desk::may_operate(&person.user);
    let content = json!({"rows": rows, "alerts": alerts, "may_reset": may_reset, "replay": replay});
    Ok(page::of("systems.html", &person, "system", content)?)
}

fn row(alert: &Alert, timezone: chrono_tz::Tz) -> Value {
    let time = |at: &str| wording::local_time(at, timezone);
    json!({
        "kind": wording::alert(alert.kind),
        "subject": alert.subject,
        "count": alert.count,
        "since": time(&alert.since),
        "over": alert.closed_at.as_deref().map(time),
        "told": alert.told_at.as_deref().map(time),
    })
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    reason: String,
}

/// Closes the circuits of a system, by a person who says why.
pub(super) async fn reset(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(system): Path<String>,
    Form(sent): Form<Submitted>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    require(desk::may_operate(&person.user))?;
    // The field is required: a form without it was not ours.
    let reason = sent.reason.trim();
    if reason.is_empty() {
        return Err(Failure::NotFound);
    }
    desk.store.reset_circuits(&system, &person.user.name, reason).await?;
    Ok(Redirect::to("/system").into_response())
}
