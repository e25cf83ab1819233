//! The console: web pages where people decide and see what the robots do.
//!
//! Lists and dispatches; each page is a file. Pages read the store and act through `desk`, as the command line does.
//! Every page needs a signed-in person with a role for it, every form a token, and nothing needs JavaScript.

mod decide;
mod delegations;
mod evidence;
mod explain;
mod failure;
mod inbox;
mod item;
mod items;
mod operate;
mod orders;
mod page;
mod run;
mod runs;
mod session;
mod sign_in;
mod spot_checks;
mod start;
mod systems;
mod uncertain;

use std::future::Future;
use std::io;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::desk::Desk;
use failure::Failure;

/// Serves the console until `shutdown` is done.
pub async fn serve(
    desk: Desk,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(desk)).with_graceful_shutdown(shutdown).await
}

/// Every page.
fn router(desk: Desk) -> Router {
    Router::new()
        .route("/", get(session::home))
        .route("/logga-in", get(sign_in::show).post(sign_in::submit))
        .route("/logga-ut", post(sign_in::sign_out))
        .route("/inkorg", get(inbox::show))
        .route("/arenden", get(items::show))
        .route("/arenden/sok", post(items::find))
        .route("/arenden/atgard", post(orders::submit))
        .route("/arende/{id}", get(item::show))
        .route("/arende/{id}/beslut", post(decide::submit))
        .route("/arende/{id}/motivering", post(explain::keep))
        .route("/arende/{id}/forklaring", get(explain::page))
        .route("/arende/{id}/forklaring/{kind}", get(explain::file))
        .route("/arende/{id}/avgor", post(operate::settle))
        .route("/arende/{id}/bild/{file}", get(evidence::show_picture))
        .route("/korningar", get(runs::show))
        .route("/korning/{id}", get(run::show))
        .route("/osakra", get(uncertain::show))
        .route("/delegationer", get(delegations::show))
        .route("/stickprov", get(spot_checks::show))
        .route("/stickprov/plan/{name}", get(spot_checks::report))
        .route("/stickprov/{id}", get(spot_checks::sample))
        .route("/stickprov/{id}/bedom", post(spot_checks::assess))
        .route("/stickprov/{id}/resultat", post(spot_checks::classify))
        .route("/system", get(systems::show))
        .route("/system/{name}/aterstall", post(systems::reset))
        .route("/api/schedules/{name}/start", post(start::submit))
        .route("/console.css", get(stylesheet))
        .route("/kollega.svg", get(icon))
        .fallback(async || Failure::NotFound)
        .layer(from_fn(protect))
        .with_state(desk)
}

async fn stylesheet() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("templates/console.css"))
}

async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("templates/kollega.svg"))
}

/// What every answer carries: nothing is framed, kept, guessed at or fetched from elsewhere.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        // A document that stands alone has a policy of its own, and a stricter one.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
