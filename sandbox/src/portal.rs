//! Medborgarporten: the e-applications. Reads the seed only; nothing here can be changed by a visitor.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Form, Router,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{Method, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    credentials,
    fault::System,
    fault_layer::{self, About, Layer},
    pdf,
    seed::{Application, Household, Status},
    session::Standing,
    shared::Shared,
};

const PER_PAGE: usize = 10;

pub fn router(shared: Arc<Shared>) -> Router {
    let layer = Layer { shared: shared.clone(), system: System::Portal, delay: Duration::ZERO, describe };
    Router::new()
        .route("/", get(async || Redirect::to("/ansokningar?status=inkommen")))
        .route("/ansokningar", get(list))
        .route("/ansokningar/{reference}", get(application))
        .route("/ansokningar/{reference}/bilagor/hyresavi.pdf", get(attachment))
        .route_layer(middleware::from_fn_with_state(shared.clone(), signed_in))
        .route("/logga-in", get(sign_in_page).post(sign_in))
        .route("/logga-ut", get(sign_out))
        .layer(middleware::from_fn_with_state(layer, fault_layer::strike))
        .with_state(shared)
}

fn describe(_: &Method, uri: &Uri, _: &Bytes) -> About {
    let reference = uri.path().strip_prefix("/ansokningar/").and_then(|rest| rest.split('/').next());
    About { reference: reference.map(str::to_owned), ..About::default() }
}

async fn signed_in(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.portal_sessions.standing(request.headers()) {
        Standing::SignedIn => next.run(request).await,
        Standing::Expired | Standing::Nobody => {
            let wanted = request.uri().path_and_query().map_or("/", |part| part.as_str());
            Redirect::to(&format!("/logga-in?till={}", escaped(wanted))).into_response()
        }
    }
}

/// Enough for a path and a query inside a query.
fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('&', "%26").replace('=', "%3D")
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    till: String,
}

async fn sign_in_page(State(shared): State<Arc<Shared>>, Query(wanted): Query<Wanted>) -> Response {
    shared.pages.show("portal/sign_in.html", json!({"till": wanted.till, "wrong": false}))
}

#[derive(Deserialize)]
struct SignIn {
    anvandarnamn: String,
    losenord: String,
    #[serde(default)]
    till: String,
}

async fn sign_in(State(shared): State<Arc<Shared>>, Form(form): Form<SignIn>) -> Response {
    if form.anvandarnamn != credentials::PORTAL_USER || form.losenord != credentials::PORTAL_PASSWORD {
        shared.refused_sign_ins.fetch_add(1, Ordering::SeqCst);
        return shared.pages.show("portal/sign_in.html", json!({"till": form.till, "wrong": true}));
    }
    let here = form.till.starts_with('/') && !form.till.starts_with("//");
    let target = if here { form.till.as_str() } else { "/" };
    ([(header::SET_COOKIE, shared.portal_sessions.begin())], Redirect::to(target)).into_response()
}

async fn sign_out(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.portal_sessions.end(request.headers());
    Redirect::to("/logga-in").into_response()
}

#[derive(Deserialize)]
struct Filter {
    #[serde(default)]
    status: String,
    #[serde(default)]
    sida: Option<usize>,
}

async fn list(State(shared): State<Arc<Shared>>, Query(filter): Query<Filter>) -> Response {
    let wanted = |one: &&Application| match filter.status.as_str() {
        "inkommen" => one.status == Status::Inkommen,
        "avslutad" => one.status == Status::Avslutad,
        _ => true,
    };
    let mut found: Vec<_> = shared.seed.applications.iter().filter(wanted).collect();
    found.sort_by_key(|one| (one.received.clone(), one.reference.clone()));
    let pages = found.len().div_ceil(PER_PAGE).max(1);
    let page = filter.sida.unwrap_or(1).clamp(1, pages);
    let rows: Vec<_> = found.into_iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
    shared.pages.show("portal/list.html", json!({"rows": rows, "page": page, "pages": pages, "status": filter.status}))
}

async fn application(State(shared): State<Arc<Shared>>, Path(reference): Path<String>) -> Response {
    let Some(one) = shared.seed.application(&reference) else {
        return shared.pages.show("portal/message.html", json!({"text": "Ansökan finns inte"}));
    };
    let household = match one.kind {
        Household::Single => "Ensamstående",
        Household::Couple => "Sammanboende",
        Household::Shared => "Hushållsgemenskap",
    };
    let rent = one.costs.iter().find(|(kind, _)| kind == "hyra").map(|(_, amount)| amount);
    shared.pages.show("portal/application.html", json!({"one": one, "household": household, "rent": rent}))
}

async fn attachment(State(shared): State<Arc<Shared>>, Path(reference): Path<String>) -> Response {
    let Some(one) = shared.seed.application(&reference) else {
        return shared.pages.show("portal/message.html", json!({"text": "Bilagan finns inte"}));
    };
    let rent = one.costs.iter().find(|(kind, _)| kind == "hyra").map_or("0", |(_, amount)| amount.as_str());
    let lines = [
        "Hyresavi".to_owned(),
        format!("Ärende: {reference}"),
        format!("Period: {}", one.period),
        format!("Att betala: {rent} kr"),
    ];
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"Hyresavi.pdf\""),
    ];
    (headers, pdf::page(&lines)).into_response()
}
