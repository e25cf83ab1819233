//! The step `http`: one call to an HTTP address, answered with JSON or text.
//!
//! A call that changes something is sent once: no redirect is followed with it, and nothing below this tries it again.

use std::sync::OnceLock;

use reqwest::{Client, Method};
use sha2::{Digest, Sha256};

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::Http;
use crate::model::FailureKind;

impl Work<'_> {
    pub(super) async fn http(&mut self, step: &Http) -> Result<(), Stop> {
        let written = self.text(&step.url)?;
        let own = !written.starts_with("http");
        let url = self.address(&written)?;
        let method = Method::from_bytes(step.method.value.to_uppercase().as_bytes());
        let method = method.map_err(|_| Stop::permanent(format!("`{}` är ingen HTTP-metod", step.method.value)))?;
        let changes = method != Method::GET;
        if changes && !self.committing {
            return Err(Stop::permanent("ett anrop som ändrar något görs bara under `commit`"));
        }
        let mut request = client(changes)?.request(method, url).timeout(self.timeout());
        if changes {
            request = request.header("Idempotency-Key", self.act_key()?);
        }
        if let Some(name) = &step.bearer {
            request = request.bearer_auth(self.secret(&name.value)?);
        }
        if let Some(tree) = &step.json {
            request = request.json(&expression::plain_json(&self.tree(tree)?));
        }
        let answer = request.send().await.map_err(|error| self.of_system(own, failed(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            let failed = Stop::failed(format!("HTTP-anropet svarade {status}"));
            return Err(self.of_system(own && status.is_server_error(), failed));
        }
        let text = answer.text().await.map_err(|error| failed(&error))?;
        let Some(into) = &step.into else { return Ok(()) };
        let value = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        self.assign(&into.value, &expression::from_json(&value))
    }

    /// A failure of the stage's own system, where the call was to it.
    fn of_system(&self, own: bool, stop: Stop) -> Stop {
        match stop {
            Stop::Failed(failure) if own && self.system.is_some() => {
                Stop::failed_as(FailureKind::SystemDown, failure.message)
            }
            stop => stop,
        }
    }

    /// What is the same for every try of this attempt's commit, and for no other commit: a receiver that knows
    /// `Idempotency-Key` makes it once, even where verify could not see a first try that came late.
    fn act_key(&self) -> Result<String, Stop> {
        let item = &self.claim()?.item;
        let digest = Sha256::new()
            .chain_update(item.id.0.as_bytes())
            .chain_update(item.attempt.to_be_bytes())
            .chain_update(&self.stage)
            .finalize();
        Ok(hex::encode(&digest[..16]))
    }
}

/// What makes calls: one that may be asked anything, and one for what is done once. Each call has its own connection.
fn client(changes: bool) -> Result<Client, Stop> {
    static CLIENTS: [OnceLock<Client>; 2] = [OnceLock::new(), OnceLock::new()];
    let kept = &CLIENTS[usize::from(changes)];
    if let Some(client) = kept.get() {
        return Ok(client.clone());
    }
    // Only the first in the process takes effect, and all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().pool_max_idle_per_host(0);
    if changes {
        builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    }
    let client = builder.build().map_err(|error| failed(&error))?;
    Ok(kept.get_or_init(|| client).clone())
}

/// The error without the address, which may carry identities.
fn failed(error: &reqwest::Error) -> Stop {
    let kind = if error.is_timeout() {
        "tiden gick ut"
    } else if error.is_connect() {
        "ingen anslutning"
    } else {
        "anropet misslyckades"
    };
    Stop::failed(format!("HTTP: {kind}"))
}
