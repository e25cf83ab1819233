//! Kontrollpanelen: switches faults on and off, shows all there is, plants records, and goes back to the seed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{delete, get, post},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    error::{Error, Result},
    expected::expected_outcomes,
    fault::FaultSpec,
    mailbox,
    record::{Counts, Detail, Kind, NewRecord},
    shared::Shared,
};

pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/faults", get(page).post(add_by_hand))
        .route("/faults/clear", post(clear_by_hand))
        .route("/api/faults", get(list).post(add).delete(clear))
        .route("/api/faults/{id}", delete(remove))
        .route("/api/state", get(state))
        .route("/api/counts", get(all_counts))
        .route("/api/counts/{reference}", get(counts_of))
        .route("/api/expected", get(expected))
        .route("/api/akten/records", post(plant))
        .route("/api/ledger/orders", post(add_orders))
        .route("/api/reset", post(reset))
        .with_state(shared)
}

/// The records in Akten with this reference, and the mails to its applicant.
pub async fn counts(shared: &Shared, reference: &str) -> Result<Counts> {
    let email = shared.seed.application(reference).map_or("", |one| one.email.as_str());
    shared.store.counts(reference, email).await
}

async fn page(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let wanted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let faults = shared.faults.list().await;
    if wanted.contains("application/json") && !wanted.contains("text/html") {
        return Json(faults).into_response();
    }
    shared.pages.show("control/faults.html", json!({"faults": faults, "wrong": ""}))
}

/// The page's form: only what is filled in, as words.
async fn add_by_hand(State(shared): State<Arc<Shared>>, Form(fields): Form<BTreeMap<String, String>>) -> Response {
    match spec_of(&fields) {
        Ok(spec) => answer(shared.faults.add(spec).await.map(|_| Redirect::to("/"))),
        Err(problem) => {
            let faults = shared.faults.list().await;
            shared.pages.show("control/faults.html", json!({"faults": faults, "wrong": problem.to_string()}))
        }
    }
}

fn spec_of(fields: &BTreeMap<String, String>) -> serde_json::Result<FaultSpec> {
    let filled = fields.iter().filter(|(_, value)| !value.trim().is_empty());
    let spec: serde_json::Map<String, Value> = filled.map(|(name, value)| (name.clone(), typed(name, value))).collect();
    serde_json::from_value(Value::Object(spec))
}

/// A number where a number is meant.
fn typed(name: &str, value: &str) -> Value {
    let text = matches!(name, "system" | "kind" | "act" | "reference" | "path" | "text" | "from" | "to" | "agency");
    match serde_json::from_str::<Value>(value.trim()) {
        Ok(number @ Value::Number(_)) if !text => number,
        _ => Value::from(value.trim()),
    }
}

async fn clear_by_hand(State(shared): State<Arc<Shared>>) -> Response {
    answer(shared.faults.clear().await.map(|()| Redirect::to("/")))
}

async fn list(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.faults.list().await).into_response()
}

async fn add(State(shared): State<Arc<Shared>>, Json(spec): Json<FaultSpec>) -> Response {
    answer(shared.faults.add(spec).await.map(|id| (StatusCode::CREATED, Json(json!({"id": id})))))
}

async fn clear(State(shared): State<Arc<Shared>>) -> Response {
    answer(shared.faults.clear().await.map(|()| StatusCode::NO_CONTENT))
}

async fn remove(State(shared): State<Arc<Shared>>, Path(id): Path<i64>) -> Response {
    answer(shared.faults.remove(id).await.map(|()| StatusCode::NO_CONTENT))
}

async fn state(State(shared): State<Arc<Shared>>) -> Response {
    answer(everything(&shared).await.map(Json))
}

async fn everything(shared: &Shared) -> Result<Value> {
    Ok(json!({
        "applications": shared.seed.applications,
        "records": shared.store.records().await?,
        "mails": mailbox::messages(shared).await?,
        "faults": shared.faults.list().await,
        "orders": shared.store.orders().await?,
        "ledger": shared.store.ledger().await?,
    }))
}

async fn counts_of(State(shared): State<Arc<Shared>>, Path(reference): Path<String>) -> Response {
    answer(counts(&shared, &reference).await.map(Json))
}

async fn all_counts(State(shared): State<Arc<Shared>>) -> Response {
    answer(counts_of_all(&shared).await.map(Json))
}

async fn counts_of_all(shared: &Shared) -> Result<BTreeMap<String, Counts>> {
    let mut all = BTreeMap::new();
    for one in &shared.seed.applications {
        all.insert(one.reference.clone(), counts(shared, &one.reference).await?);
    }
    Ok(all)
}

async fn expected() -> Response {
    answer(expected_outcomes().map(Json))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planted {
    kind: Kind,
    akt: String,
    #[serde(default)]
    reference: String,
    period: String,
    amount: Decimal,
    #[serde(default)]
    decision_type: String,
    #[serde(default)]
    date: String,
}

async fn plant(State(shared): State<Arc<Shared>>, Json(planted): Json<Planted>) -> Response {
    let Planted { kind, akt, reference, period, amount, decision_type, date } = planted;
    let detail = Detail { decision_type, date, ..Detail::default() };
    let record = NewRecord { kind, akt, reference, period, amount, detail };
    let saved = shared.store.save_record(&record, "control").await;
    answer(saved.map(|id| (StatusCode::CREATED, Json(json!({"id": id})))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    count: u32,
}

async fn add_orders(State(shared): State<Arc<Shared>>, Json(more): Json<More>) -> Response {
    answer(shared.store.add_orders(more.count).await.map(|()| StatusCode::CREATED))
}

async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    answer(back_to_seed(&shared).await.map(|()| StatusCode::NO_CONTENT))
}

async fn back_to_seed(shared: &Shared) -> Result<()> {
    shared.faults.clear().await?;
    shared.store.empty().await?;
    shared.store.seed(&shared.seed.dossiers).await?;
    shared.akten_sessions.expire_all();
    shared.portal_sessions.expire_all();
    Ok(())
}

fn answer(done: std::result::Result<impl IntoResponse, Error>) -> Response {
    match done {
        Ok(response) => response.into_response(),
        Err(problem) => {
            tracing::error!(%problem, "the control panel could not do it");
            (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response()
        }
    }
}
