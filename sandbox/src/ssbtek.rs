//! SSBTEK: the SOAP endpoint of the composite service, version 10. A question that breaks the contract gets a fault; each agency answers
//! with data or an error. Must not decide what an income is.

mod af;
mod agency;
mod answer;
mod csn;
mod fk;
mod question;
mod sequence;
mod skv;
mod so;
mod tree;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{
    fault::System,
    fault_layer::{self, About, Layer},
    shared::Shared,
};
use question::Operation;

pub fn router(shared: Arc<Shared>) -> Router {
    let layer = Layer { shared: shared.clone(), system: System::Ssbtek, delay: Duration::ZERO, describe };
    Router::new()
        .route("/ssbtek", post(ask))
        .layer(middleware::from_fn_with_state(layer, fault_layer::strike))
        .with_state(shared)
}

fn describe(_: &Method, _: &Uri, body: &Bytes) -> About {
    let text = String::from_utf8_lossy(body);
    let after = text.split_once("arendeidentitet>").map(|(_, rest)| rest);
    let reference = after.and_then(|rest| rest.split('<').next());
    About { reference: reference.map(|text| text.trim().to_owned()), ..About::default() }
}

async fn ask(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/xml") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "SOAP 1.1: text/xml").into_response();
    }
    let text = String::from_utf8_lossy(&body);
    match question::read(&text) {
        Err(problems) => xml(StatusCode::INTERNAL_SERVER_ERROR, answer::fault(&problems)),
        Ok(Operation::Test) => xml(StatusCode::OK, answer::test()),
        Ok(Operation::Fetch(question)) => match agency::answers(&shared, &question).await {
            Ok(answers) => xml(StatusCode::OK, answer::fetched(&question, &answers)),
            Err(problem) => {
                tracing::error!(%problem, "SSBTEK could not use its database");
                (StatusCode::INTERNAL_SERVER_ERROR, "Ett internt fel inträffade").into_response()
            }
        },
    }
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}
