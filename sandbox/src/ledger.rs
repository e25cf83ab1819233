//! Liggaren: a system that programs call, with JSON over HTTP. Saving twice makes two records, as in most such systems.
//!
//! It holds orders that wait to be recorded and the records; both can be asked for. Nothing here looks for an earlier
//! record, unless it was told to know `Idempotency-Key`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    error::Result,
    fault::System,
    fault_layer::{self, About, Layer},
    shared::Shared,
};

/// How many open orders are told at a time.
pub const MOST_ORDERS: u32 = 200;

/// Something that waits to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    pub nummer: String,
    /// Kronor.
    pub belopp: String,
}

/// A record as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRecord {
    pub nummer: i64,
    /// The order's number, as it was sent.
    pub referens: String,
    pub belopp: String,
    /// The `Idempotency-Key` that came with it.
    pub nyckel: Option<String>,
    pub sparad: String,
}

#[derive(Clone)]
struct Ledger {
    shared: Arc<Shared>,
    knows_keys: bool,
}

pub fn router(shared: Arc<Shared>, knows_keys: bool) -> Router {
    let layer = Layer { shared: shared.clone(), system: System::Ledger, delay: Duration::ZERO, describe };
    Router::new()
        .route("/api/uppdrag", get(orders))
        .route("/api/poster", get(records).post(save))
        .layer(middleware::from_fn_with_state(layer, fault_layer::strike))
        .with_state(Ledger { shared, knows_keys })
}

fn describe(method: &Method, _: &Uri, body: &Bytes) -> About {
    let sent: Option<Sent> = serde_json::from_slice(body).ok();
    About { saves: method == Method::POST, reference: sent.map(|sent| sent.referens), ..About::default() }
}

#[derive(Deserialize)]
struct Sent {
    referens: String,
    belopp: String,
}

#[derive(Deserialize)]
struct Sought {
    referens: Option<String>,
}

async fn orders(State(ledger): State<Ledger>) -> Response {
    let orders = ledger.shared.store.open_orders(MOST_ORDERS).await;
    answer(orders.map(|orders| Json(json!({"uppdrag": orders}))))
}

async fn records(State(ledger): State<Ledger>, Query(sought): Query<Sought>) -> Response {
    let found = match sought.referens {
        Some(reference) => ledger.shared.store.ledger_of(&reference).await,
        None => ledger.shared.store.ledger().await,
    };
    answer(found.map(|records| Json(json!({"antal": records.len(), "poster": records}))))
}

async fn save(State(ledger): State<Ledger>, headers: HeaderMap, Json(sent): Json<Sent>) -> Response {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    answer(ledger.save(&sent, key).await.map(|number| (StatusCode::CREATED, Json(json!({"nummer": number})))))
}

impl Ledger {
    async fn save(&self, sent: &Sent, key: Option<&str>) -> Result<i64> {
        if let Some(key) = key.filter(|_| self.knows_keys)
            && let Some(known) = self.shared.store.ledger_with_key(key).await?
        {
            return Ok(known.nummer);
        }
        self.shared.store.save_in_ledger(&sent.referens, &sent.belopp, key).await
    }
}

fn answer(done: Result<impl IntoResponse>) -> Response {
    match done {
        Ok(response) => response.into_response(),
        Err(problem) => {
            tracing::error!(%problem, "the ledger could not do it");
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"fel": "Ett internt fel inträffade"}))).into_response()
        }
    }
}
