//! Finding a dossier and looking at it.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{form::Fields, message};
use crate::shared::Shared;

pub async fn search_page(State(shared): State<Arc<Shared>>) -> Response {
    shared.pages.show("akten/search.html", json!({"missing": false}))
}

pub async fn search(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let akt = fields.typed("f1");
    match shared.seed.dossier(akt) {
        Some(one) => Redirect::to(&format!("/akt/{}", one.akt)).into_response(),
        None => shared.pages.show("akten/search.html", json!({"missing": true})),
    }
}

pub async fn show(State(shared): State<Arc<Shared>>, Path(akt): Path<String>) -> Response {
    match shared.seed.dossier(&akt) {
        Some(one) => shared.pages.show("akten/dossier.html", json!({"one": one, "akt": akt})),
        None => message(&shared, "Ingen akt hittades"),
    }
}
