//! A dossier's calculations, decisions or payments, oldest first, paged by postback: the page's number is hidden in the form, not in the address.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;

use super::{failed, form::Fields, message};
use crate::{record::Kind, shared::Shared};

const PER_PAGE: usize = 5;

#[derive(Deserialize)]
pub struct Saved {
    #[serde(default)]
    sparad: Option<i64>,
}

pub async fn show(
    State(shared): State<Arc<Shared>>,
    Path((akt, list)): Path<(String, String)>,
    Query(saved): Query<Saved>,
) -> Response {
    page(&shared, &akt, &list, 1, saved.sparad).await
}

pub async fn postback(
    State(shared): State<Arc<Shared>>,
    Path((akt, list)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let fields = Fields::read(&body);
    let now = number(fields.typed("__VIEWSTATE"));
    let wanted = match fields.typed("__EVENTTARGET") {
        "lista$nasta" => now + 1,
        "lista$foregaende" => now.saturating_sub(1),
        _ => now,
    };
    page(&shared, &akt, &list, wanted, None).await
}

async fn page(shared: &Shared, akt: &str, list: &str, wanted: usize, saved: Option<i64>) -> Response {
    let (Some(kind), Some(_)) = (Kind::from_list_path(list), shared.seed.dossier(akt)) else {
        return message(shared, "Ingen akt hittades");
    };
    let records = match shared.store.records_of(akt, kind).await {
        Ok(records) => records,
        Err(problem) => return failed(&problem),
    };
    let pages = records.len().div_ceil(PER_PAGE).max(1);
    let page = wanted.clamp(1, pages);
    let rows: Vec<_> = records.into_iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
    let state = STANDARD.encode(format!("lista;sida={page};akt={akt}"));
    let caption = kind.list();
    shared.pages.show("akten/list.html", json!({"akt": akt, "kind": kind, "caption": caption, "rows": rows, "page": page, "pages": pages, "state": state, "saved": saved}))
}

/// The page that the posted form was showing.
fn number(state: &str) -> usize {
    let plain = STANDARD.decode(state).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let found = plain.as_deref().and_then(|text| text.split(';').find_map(|part| part.strip_prefix("sida=")));
    found.and_then(|number| number.parse().ok()).unwrap_or(1)
}
