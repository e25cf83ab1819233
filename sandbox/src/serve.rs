//! Listens and serves one system's pages, and can really cut: an answer marked `Cut` closes the connection without a byte.
//! Must not know what is served.

use std::{io, net::SocketAddr};

use axum::{Router, response::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::error::{Error, Result};

/// Marks an answer that must never be sent.
#[derive(Debug, Clone, Copy)]
pub struct Cut;

/// The answer that closes the connection instead.
pub fn cut() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Cut);
    response
}

pub async fn listen(system: &'static str, address: SocketAddr) -> Result<TcpListener> {
    let failed = |source| Error::Listen { system, address: address.to_string(), source };
    TcpListener::bind(address).await.map_err(failed)
}

/// Serves until `stop` changes; then every connection is dropped.
pub fn run(listener: TcpListener, router: Router, keep_alive: bool, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(connection(stream, router.clone(), keep_alive)); }
                    Err(problem) => tracing::warn!(%problem, "a connection could not be accepted"),
                },
            }
        }
    })
}

async fn connection(stream: TcpStream, router: Router, keep_alive: bool) {
    let pages = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let answer = pages.call(request);
        async move { uncut(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let served = http1::Builder::new().keep_alive(keep_alive).serve_connection(TokioIo::new(stream), service);
    if let Err(problem) = served.await {
        tracing::debug!(%problem, "a connection ended early");
    }
}

/// An error from the service makes hyper close the connection without an answer.
fn uncut(response: Response) -> io::Result<Response> {
    match response.extensions().get::<Cut>() {
        Some(Cut) => Err(io::Error::other("the connection was cut on purpose")),
        None => Ok(response),
    }
}
