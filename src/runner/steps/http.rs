//! The step `http`: one call to an HTTP address, answered with JSON or text.

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::Http;

impl Work<'_> {
    pub(super) async fn http(&mut self, step: &Http) -> Result<(), Stop> {
        let url = self.text(&step.url)?;
        let method = reqwest::Method::from_bytes(step.method.value.to_uppercase().as_bytes());
        let method = method.map_err(|_| Stop::permanent(format!("`{}` är ingen HTTP-metod", step.method.value)))?;
        let client = reqwest::Client::builder().timeout(self.timeout()).build().map_err(|error| failed(&error))?;
        let mut request = client.request(method, url);
        if let Some(tree) = &step.json {
            request = request.json(&expression::plain_json(&self.tree(tree)?));
        }
        let answer = request.send().await.map_err(|error| failed(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Stop::failed(format!("HTTP-anropet svarade {status}")));
        }
        let text = answer.text().await.map_err(|error| failed(&error))?;
        let Some(into) = &step.into else { return Ok(()) };
        let value = serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        self.assign(&into.value, &expression::from_json(&value))
    }
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
