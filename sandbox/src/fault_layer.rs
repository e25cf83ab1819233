//! What a struck request does, for every system served over HTTP: wait, fail, be cut before or after or late, lose its session, and what a
//! page says that it should not. Must not know what the pages are.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    decode::decoded,
    error::Error,
    fault::{FaultKind, FaultSpec, Seen, System},
    record::Kind,
    serve,
    session::Sessions,
    shared::Shared,
};

const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What the layer needs to know of its system.
#[derive(Clone)]
pub struct Layer {
    pub shared: Arc<Shared>,
    pub system: System,
    /// How long every answer takes at least.
    pub delay: Duration,
    /// Which act and which application a request is about.
    pub describe: fn(&Method, &Uri, &Bytes) -> About,
}

#[derive(Debug, Default)]
pub struct About {
    /// Decoded; filled in by the layer.
    pub path: String,
    pub act: Option<Kind>,
    pub reference: Option<String>,
    /// Whether it would change something; an act does.
    pub saves: bool,
}

impl Layer {
    fn sessions(&self) -> Option<&Sessions> {
        match self.system {
            System::Portal => Some(&self.shared.portal_sessions),
            System::Akten => Some(&self.shared.akten_sessions),
            System::Ssbtek | System::Smtp | System::Ledger => None,
        }
    }

    async fn strike(&self, about: &About, kinds: &[FaultKind]) -> Result<Vec<FaultSpec>, Error> {
        let seen = Seen {
            system: self.system,
            act: about.act,
            reference: about.reference.as_deref(),
            agency: None,
            path: &about.path,
            saves: about.saves || about.act.is_some(),
        };
        self.shared.faults.strike(&seen, kinds).await
    }
}

/// The middleware.
pub async fn strike(State(layer): State<Layer>, request: Request, next: Next) -> Response {
    match struck(&layer, request, next).await {
        Ok(response) => response,
        Err(problem) => {
            tracing::error!(%problem, "the sandbox's faults could not be read");
            internal_error()
        }
    }
}

async fn struck(layer: &Layer, request: Request, next: Next) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let path = decoded(parts.uri.path());
    let about = About { path, ..(layer.describe)(&parts.method, &parts.uri, &bytes) };
    let faults = layer.strike(&about, FaultKind::REQUEST).await?;
    let slow = faults.iter().filter(|fault| fault.kind == FaultKind::Slow).map(|fault| Duration::from_millis(fault.ms));
    tokio::time::sleep(layer.delay + slow.sum::<Duration>()).await;
    let has = |kind| faults.iter().find(|fault| fault.kind == kind);
    if has(FaultKind::ExpireSession).is_some() {
        expire(layer, &parts.headers);
    }
    if has(FaultKind::Error500).is_some() {
        return Ok(internal_error());
    }
    if has(FaultKind::CutBefore).is_some() {
        return Ok(serve::cut());
    }
    if let Some(late) = has(FaultKind::CutLate) {
        let request = rebuilt(parts, bytes);
        land_later(late.seconds, request, next);
        return Ok(serve::cut());
    }
    let response = next.run(rebuilt(parts, bytes)).await;
    if has(FaultKind::CutAfter).is_some() {
        return Ok(serve::cut());
    }
    page(layer, &about, response).await
}

fn expire(layer: &Layer, headers: &HeaderMap) {
    if let Some(sessions) = layer.sessions() {
        sessions.expire(headers);
    }
}

fn rebuilt(parts: Parts, bytes: Bytes) -> Request {
    Request::from_parts(parts, Body::from(bytes))
}

/// The system goes on with what it was asked, long after the one who asked lost the connection.
fn land_later(seconds: f64, request: Request, next: Next) {
    let delay = Duration::from_secs_f64(seconds.clamp(0.0, 3600.0));
    tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        next.run(request).await;
    });
}

/// Changes a page that is otherwise right; frames and files are left as they are, and no fault is used up on them.
async fn page(layer: &Layer, about: &About, response: Response) -> Result<Response, Error> {
    let is_html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html"));
    if !is_html || layer.system == System::Ssbtek {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let mut html = String::from_utf8_lossy(&bytes).into_owned();
    if html.contains("</body>") {
        for fault in layer.strike(about, FaultKind::PAGE).await? {
            html = changed(&html, &fault);
        }
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(html)))
}

fn changed(html: &str, fault: &FaultSpec) -> String {
    match fault.kind {
        FaultKind::Dialog => {
            let text = serde_json::Value::from(fault.text.as_str()).to_string().replace('<', "\\u003c");
            html.replace("</body>", &format!("<script>alert({text});</script></body>"))
        }
        FaultKind::RenameLabel => html.replace(&format!(">{}<", fault.from), &format!(">{}<", fault.to)),
        _ => html.to_owned(),
    }
}

fn internal_error() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Ett internt fel inträffade").into_response()
}
