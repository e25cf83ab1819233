//! Starting a schedule over HTTP: `POST /api/schedules/NAME/start` with a token, once for each idempotency key.
//!
//! Another system calls this, no person: there is no session and no form. The token is a secret that the schedule names;
//! a wrong token, an unknown schedule and one without `http` are answered alike.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::desk::Desk;
use crate::scheduler::{self, Cause};
use crate::secret::SecretStore;

/// A token shorter than this is guessed sooner or later.
const SHORTEST_TOKEN: usize = 20;
const KEY: &str = "idempotency-key";

/// Starts the schedule, or says what became of the earlier call with the same key.
pub(super) async fn submit(State(desk): State<Desk>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if !is_allowed(&desk, &name, &headers).await {
        return answer(StatusCode::UNAUTHORIZED, "fel token, eller ett schema som inte kan startas över HTTP");
    }
    let Some(key) = headers.get(KEY).map(HeaderValue::as_bytes).filter(|key| (1..=200).contains(&key.len())) else {
        return answer(
            StatusCode::BAD_REQUEST,
            "huvudet Idempotency-Key saknas: skicka ett eget värde för varje start och samma igen när anropet görs om",
        );
    };
    let key = format!("http:{}", hex::encode(Sha256::digest(key)));
    let cause = Cause { trigger: "http", key, actor: format!("http:{name}") };
    match scheduler::start(&desk.store, &desk.config, &name, &cause).await {
        Ok(firing) => {
            let status = if firing.result == "skipped" || firing.result == "missed" {
                StatusCode::CONFLICT
            } else {
                StatusCode::ACCEPTED
            };
            let body = json!({
                "schedule": firing.schedule, "result": firing.result, "reason": firing.reason, "run": firing.run,
                "at": firing.at
            });
            (status, Json(body)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, schedule = name, "failed to start a schedule over HTTP");
            answer(
                StatusCode::INTERNAL_SERVER_ERROR,
                "starten kunde inte göras; gör om anropet med samma Idempotency-Key",
            )
        }
    }
}

fn answer(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}

/// Whether the call carries the token of the schedule.
async fn is_allowed(desk: &Desk, name: &str, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let Some(given) = given else { return false };
    let Ok(now) = desk.store.now().await else { return false };
    let Ok(schedule) = scheduler::load(&desk.config, name, now) else { return false };
    let Some(http) = schedule.triggers.http else { return false };
    let token = SecretStore::open(&desk.config.data()).and_then(|secrets| secrets.get(&http.token));
    match token {
        Ok(token) if token.expose().len() >= SHORTEST_TOKEN => are_equal(given, token.expose().as_bytes()),
        Ok(_) => {
            tracing::error!(secret = http.token, schedule = name, "the token is shorter than 20 characters: not used");
            false
        }
        Err(error) => {
            tracing::error!(%error, secret = http.token, schedule = name, "failed to read the token of a schedule");
            false
        }
    }
}

/// Compares in a time that does not depend on where they differ.
fn are_equal(given: &[u8], token: &[u8]) -> bool {
    let mac = |text: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(b"the token of a schedule").expect("a key of any length will do");
        mac.chain_update(text)
    };
    mac(given).verify_slice(&mac(token).finalize().into_bytes()).is_ok()
}
