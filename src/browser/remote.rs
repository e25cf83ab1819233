//! The wire to a WebDriver endpoint: one command, its address and its body.
//!
//! Everything goes through fantoccini as commands of our own, so that one place holds the address rules, the time
//! limits and the sorting of errors.

use std::fmt;
use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::{CmdError, NewSessionError};
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::{ParseError, Url};

use super::error::ErrorKind;

/// One request to the driver. Its body is not shown by `Debug`: it may hold what is typed.
pub(super) struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Command {
    /// Asks for something.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// Does something.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    /// Takes something away; an empty path is the session itself.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None }
    }

    /// Runs a script with this argument.
    pub fn script(script: &str, request: &Value) -> Self {
        Self::post("execute/sync", json!({"script": script, "args": [request]}))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        match session {
            Some(session) if !session.is_empty() && self.path.is_empty() => base.join(&format!("session/{session}")),
            Some(session) if !session.is_empty() => base.join(&format!("session/{session}/{}", self.path)),
            _ => base.join("session"),
        }
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

/// The address with the trailing slash that joining needs.
pub(super) fn base(url: &str) -> String {
    format!("{}/", url.trim_end_matches('/'))
}

/// A client of this session, or of none yet; dropping it leaves the session alone.
pub(super) async fn attach(endpoint: &str, session: &str) -> Result<Client, ErrorKind> {
    let client = if endpoint.starts_with("https:") {
        Client::with_existing_session(endpoint, session, secure_connector()).await
    } else {
        Client::with_existing_session(endpoint, session, HttpConnector::new()).await
    };
    let client = client.map_err(|error| not_attached(&error))?;
    client.persist().await.map_err(|error| ErrorKind::of(error, Duration::ZERO))?;
    Ok(client)
}

fn secure_connector() -> hyper_rustls::HttpsConnector<HttpConnector> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build()
}

fn not_attached(error: &NewSessionError) -> ErrorKind {
    match error {
        NewSessionError::BadWebdriverUrl(_) => ErrorKind::NotStarted("webdriver.url är ingen giltig adress".to_owned()),
        _ => ErrorKind::DriverGone,
    }
}

/// Makes a session with exactly these capabilities; its id and what the server granted.
pub(super) async fn create(endpoint: &str, always: Value, limit: Duration) -> Result<(String, Value), ErrorKind> {
    let client = attach(endpoint, "").await?;
    let command = Command::post("", json!({"capabilities": {"alwaysMatch": always, "firstMatch": [{}]}}));
    let late = || ErrorKind::NotStarted(format!("inget svar på {} sekunder", limit.as_secs()));
    let answer = timeout(limit, client.issue_cmd(command)).await.map_err(|_| late())?;
    let granted = answer.map_err(|error| refused(error, limit))?;
    match granted["sessionId"].as_str() {
        Some(session) => Ok((session.to_owned(), granted["capabilities"].clone())),
        None => Err(ErrorKind::NotStarted("svaret saknar sessionId".to_owned())),
    }
}

fn refused(error: CmdError, limit: Duration) -> ErrorKind {
    match ErrorKind::of(error, limit) {
        ErrorKind::DriverGone => ErrorKind::NotStarted("servern svarar inte".to_owned()),
        ErrorKind::Remote(words) => ErrorKind::NotStarted(words),
        other => other,
    }
}

/// Gives a session back; true when the endpoint took it, or knows no such session.
///
/// Sent also after `invalid session id`: a Grid keeps the slot of a dead browser until it is.
pub(super) async fn delete(endpoint: &str, session: &str) -> bool {
    if session.is_empty() {
        return true;
    }
    let Ok(client) = attach(endpoint, session).await else { return false };
    match timeout(Duration::from_secs(10), client.issue_cmd(Command::delete(""))).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => ErrorKind::of(error, Duration::ZERO) == ErrorKind::SessionGone,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_with_a_path_keeps_it() {
        for given in ["http://grid:4444/wd/hub", "http://grid:4444/wd/hub/"] {
            let base = Url::parse(&base(given)).expect("it is an address");
            let address = |command: Command, session| command.endpoint(&base, session).expect("it joins").to_string();
            assert_eq!(address(Command::get("title"), Some("s1")), "http://grid:4444/wd/hub/session/s1/title");
            assert_eq!(address(Command::delete(""), Some("s1")), "http://grid:4444/wd/hub/session/s1");
            assert_eq!(address(Command::post("", json!({})), Some("")), "http://grid:4444/wd/hub/session");
        }
    }

    #[test]
    fn a_command_does_not_show_what_it_types() {
        let command = Command::post("element/e/value", json!({"text": "hemligt"}));
        assert_eq!(format!("{command:?}"), "POST element/e/value");
    }
}
