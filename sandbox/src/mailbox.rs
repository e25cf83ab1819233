//! Brevlådan: what arrived by SMTP, as a page and as JSON. Must not send anything.

mod message;
pub mod smtp;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{error::Result, shared::Shared};
use message::Letter;

pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/brev/{id}", get(one))
        .route("/brev/{id}/html", get(html_part))
        .route("/api/brev", get(as_json).delete(delete))
        .with_state(shared)
}

/// All mails, oldest first; a later one with a known Message-ID is a duplicate.
pub async fn messages(shared: &Shared) -> Result<Vec<Letter>> {
    let mut messages: Vec<Letter> = Vec::new();
    for stored in shared.store.mails().await? {
        let mut message = message::read(&stored);
        message.duplicate = messages.iter().any(|earlier| earlier.message_id == message.message_id);
        messages.push(message);
    }
    Ok(messages)
}

async fn list(State(shared): State<Arc<Shared>>) -> Response {
    match messages(&shared).await {
        Ok(rows) => shared.pages.show("mailbox/list.html", json!({"rows": rows})),
        Err(problem) => failed(&problem),
    }
}

async fn one(State(shared): State<Arc<Shared>>, Path(id): Path<i64>) -> Response {
    match found(&shared, id).await {
        Ok(Some(mail)) => shared.pages.show("mailbox/mail.html", json!({"mail": mail})),
        Ok(None) => (StatusCode::NOT_FOUND, "Brevet finns inte").into_response(),
        Err(problem) => failed(&problem),
    }
}

async fn html_part(State(shared): State<Arc<Shared>>, Path(id): Path<i64>) -> Response {
    match found(&shared, id).await {
        Ok(Some(mail)) => Html(mail.html).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "Brevet finns inte").into_response(),
        Err(problem) => failed(&problem),
    }
}

async fn found(shared: &Shared, id: i64) -> Result<Option<Letter>> {
    Ok(messages(shared).await?.into_iter().find(|mail| mail.id == id))
}

async fn as_json(State(shared): State<Arc<Shared>>) -> Response {
    match messages(&shared).await {
        Ok(mails) => Json(mails).into_response(),
        Err(problem) => failed(&problem),
    }
}

async fn delete(State(shared): State<Arc<Shared>>) -> Response {
    match shared.store.delete_mails().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => failed(&problem),
    }
}

fn failed(problem: &crate::error::Error) -> Response {
    tracing::error!(%problem, "the mailbox could not use its database");
    (StatusCode::INTERNAL_SERVER_ERROR, "Brevlådan kunde inte läsas").into_response()
}
