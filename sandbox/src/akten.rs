//! Akten, the legacy verksamhetssystem: what answers at which address, and who may see it. The pages are below.

mod dossier;
mod form;
mod list;
mod popup;
mod sign_in;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, Uri},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use serde_json::json;

use crate::{
    decode::decoded,
    fault::System,
    fault_layer::{self, About, Layer},
    record::Kind,
    session::Standing,
    shared::Shared,
};

/// The income rows of a calculation, in the order of the form.
const INCOMES: [&str; 16] = [
    "Lön",
    "Aktivitetsstöd",
    "A-kassa",
    "Sjukpenning",
    "Föräldrapenning",
    "Barnbidrag",
    "Flerbarnstillägg",
    "Underhållsstöd",
    "Bostadsbidrag",
    "Bostadstillägg",
    "Studiebidrag",
    "Studielån",
    "Etableringsersättning",
    "Dagersättning",
    "Skatteåterbäring",
    "Övrigt",
];

/// The cost rows of a calculation, in the order of the form.
const COSTS: [&str; 14] = [
    "Hyra",
    "El",
    "Hemförsäkring",
    "Bredband",
    "A-kassa",
    "Fackavgift",
    "Arbetsresor",
    "Barnomsorg",
    "Läkarvård",
    "Medicin",
    "Tandvård",
    "Glasögon",
    "Umgänge",
    "Övrigt",
];

pub fn router(shared: Arc<Shared>, delay: Duration) -> Router {
    let layer = Layer { shared: shared.clone(), system: System::Akten, delay, describe };
    Router::new()
        .route("/", get(frameset))
        .route("/meny", get(menu))
        .route("/start", get(welcome))
        .route("/sok", get(dossier::search_page).post(dossier::search))
        .route("/akt/{akt}", get(dossier::show))
        .route("/akt/{akt}/{list}", get(list::show).post(list::postback))
        .route("/popup/post", get(popup::record))
        .route("/popup/datum", get(popup::date))
        .route("/popup/{form}", get(popup::show).post(popup::save))
        .route_layer(middleware::from_fn_with_state(shared.clone(), signed_in))
        .route("/logga-in", axum::routing::post(sign_in::sign_in))
        .route("/logga-ut", get(sign_in::sign_out))
        .layer(middleware::from_fn_with_state(layer, fault_layer::strike))
        .with_state(shared)
}

/// A save is a post to a popup; its reference is the first field.
fn describe(method: &Method, uri: &Uri, body: &Bytes) -> About {
    let form = uri.path().strip_prefix("/popup/").map(decoded);
    let act = form.filter(|_| method == Method::POST).and_then(|form| Kind::from_popup_path(&form));
    let reference = act.and_then(|_| form::Fields::read(body).text("f11"));
    About { act, reference, ..About::default() }
}

/// Whatever was asked for, who is not signed in sees the sign-in (or, once, that the session is over) at that address.
async fn signed_in(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.akten_sessions.standing(request.headers()) {
        Standing::SignedIn => next.run(request).await,
        Standing::Expired => shared.pages.show("akten/expired.html", json!({})),
        Standing::Nobody => sign_in::page(&shared, false),
    }
}

async fn frameset(State(shared): State<Arc<Shared>>) -> Response {
    shared.pages.show("akten/frameset.html", json!({}))
}

async fn menu(State(shared): State<Arc<Shared>>) -> Response {
    shared.pages.show("akten/menu.html", json!({}))
}

async fn welcome(State(shared): State<Arc<Shared>>) -> Response {
    message(&shared, "Välkommen till Akten")
}

fn message(shared: &Shared, text: &str) -> Response {
    shared.pages.show("akten/message.html", json!({"text": text}))
}

fn failed(problem: &crate::error::Error) -> Response {
    use axum::{http::StatusCode, response::IntoResponse};
    tracing::error!(%problem, "Akten could not use its database");
    (StatusCode::INTERNAL_SERVER_ERROR, "Ett internt fel inträffade").into_response()
}
