//! The wire to a WebDriver endpoint: one command, its address and its body.
//!
//! Everything but the making of a session goes through fantoccini as commands of our own, so that one place holds the
//! address rules, the time limits and the sorting of errors.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use fantoccini::Client;
use fantoccini::error::{CmdError, ErrorStatus, NewSessionError};
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use url::{ParseError, Url};

use super::error::ErrorKind;
use super::grid;

/// How long an endpoint gets to end a session before its browser is taken for stuck.
const DELETE_LIMIT: Duration = Duration::from_secs(3);

/// How long it gets when the browser has been crashed, and for small questions.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How long one request for a browser may wait elsewhere. A hub can lose one while a node is started again.
const TRY_LIMIT: Duration = Duration::from_secs(30);

const LATE: &str = "inget svar";

/// Between two tries to open a browser at an endpoint that has none to give now.
const OPEN_PAUSE: Duration = Duration::from_millis(500);

/// One request to the driver. Its body is not shown by `Debug`: it may hold what is typed.
pub(super) struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
    /// About the endpoint itself, not about a session.
    of_server: bool,
}

impl Command {
    /// Asks for something.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, of_server: false }
    }

    /// Does something.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), of_server: false }
    }

    /// Takes something away; an empty path is the session itself.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None, of_server: false }
    }

    /// Asks the endpoint how it is.
    pub fn status() -> Self {
        Self { of_server: true, ..Self::get("status") }
    }

    /// Tells a Chromium something in its own protocol.
    pub fn devtools(name: &str, params: &Value) -> Self {
        Self::post("goog/cdp/execute", json!({"cmd": name, "params": params}))
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
            _ if self.of_server => base.join(&self.path),
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

/// Why an address can't be used, in words for the one who set it.
pub(super) fn wrong_address(url: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(url) else { return Some("webdriver.url är ingen giltig adress") };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("webdriver.url ska börja med http:// eller https://");
    }
    // It would be kept with every session, in the journal and the database.
    if !url.username().is_empty() || url.password().is_some() {
        return Some(
            "webdriver.url får inte innehålla namn och lösenord, som då skulle sparas i klartext; \
             skydda servern med nätverket i stället",
        );
    }
    None
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
    let config = tls().as_ref().clone();
    hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build()
}

/// TLS that trusts what this machine trusts: a municipality's own authority stands in the machine's list.
pub(super) fn tls() -> &'static Arc<rustls::ClientConfig> {
    static TLS: LazyLock<Arc<rustls::ClientConfig>> = LazyLock::new(|| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(trusting(roots))
    });
    &TLS
}

fn trusting(roots: rustls::RootCertStore) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn not_attached(error: &NewSessionError) -> ErrorKind {
    match error {
        NewSessionError::BadWebdriverUrl(_) => ErrorKind::NotStarted("webdriver.url är ingen giltig adress".to_owned()),
        _ => ErrorKind::DriverGone,
    }
}

/// Makes a session with exactly these capabilities; its id and what the server granted.
///
/// Not by fantoccini, which goes on waiting when we have stopped: a Grid would start a browser for nobody. Here the
/// connection is closed, and a Grid then drops the request, or the browser that it had begun to start.
pub(super) async fn create(endpoint: &str, always: &Value, limit: Duration) -> Result<(String, Value), ErrorKind> {
    let late = || ErrorKind::NotStarted(format!("{LATE} på {} s", limit.as_secs()));
    let granted = timeout(limit, asked_for(endpoint, always)).await.map_err(|_| late())??;
    match granted["sessionId"].as_str() {
        Some(session) => Ok((session.to_owned(), granted["capabilities"].clone())),
        None => Err(ErrorKind::NotStarted("svaret saknar sessionId".to_owned())),
    }
}

async fn asked_for(endpoint: &str, always: &Value) -> Result<Value, ErrorKind> {
    let client = opener(endpoint).map_err(|error| ErrorKind::unreachable(&error))?;
    let body = json!({"capabilities": {"alwaysMatch": always, "firstMatch": [{}]}});
    let call = client
        .post(format!("{endpoint}session"))
        .header(http::header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(body.to_string());
    let answer = call.send().await.map_err(|error| ErrorKind::unreachable(&error))?;
    let success = answer.status().is_success();
    let text = answer.text().await.map_err(|error| ErrorKind::unreachable(&error))?;
    let Ok(answer) = serde_json::from_str::<Value>(&text) else {
        return Err(ErrorKind::of(CmdError::NotJson(text), Duration::ZERO));
    };
    let value = &answer["value"];
    if success {
        return Ok(value.clone());
    }
    let (error, message) = (value["error"].as_str(), value["message"].as_str().unwrap_or_default());
    Err(match error.and_then(|error| error.parse::<ErrorStatus>().ok()) {
        Some(status) => {
            let error = fantoccini::error::WebDriver::new(status, message.to_owned());
            ErrorKind::of(CmdError::Standard(error), Duration::ZERO)
        }
        None => ErrorKind::of(CmdError::NotW3C(answer), Duration::ZERO),
    })
}

/// A client for one request; what the environment says of proxies is not about drivers.
fn opener(endpoint: &str) -> reqwest::Result<reqwest::Client> {
    let tls =
        if endpoint.starts_with("https:") { tls().as_ref().clone() } else { trusting(rustls::RootCertStore::empty()) };
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).tls_backend_preconfigured(tls).build()
}

/// Makes a session at an endpoint elsewhere, which may be starting again: it is asked until the time limit has passed.
pub(super) async fn create_at(endpoint: &str, wanted: Value, limit: Duration) -> Result<(String, Value), ErrorKind> {
    let deadline = Instant::now() + limit;
    let mut away = grid::Away::default();
    loop {
        let error = match try_create_at(endpoint, &wanted, &mut away, deadline).await {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        if !may_pass(&error) || Instant::now() + OPEN_PAUSE >= deadline {
            return Err(grid::explain(endpoint, error).await);
        }
        sleep(OPEN_PAUSE).await;
    }
}

async fn try_create_at(
    endpoint: &str,
    wanted: &Value,
    away: &mut grid::Away,
    deadline: Instant,
) -> Result<(String, Value), ErrorKind> {
    let mut wanted = wanted.clone();
    let left = deadline.saturating_duration_since(Instant::now()).min(TRY_LIMIT);
    let Some(nodes) = grid::nodes(endpoint).await? else { return create(endpoint, &wanted, left).await };
    if let Some(error) = away.is_all_of(&nodes) {
        return Err(error);
    }
    // Without it a Grid leaves out what its node says about the browser, and none can start.
    wanted.as_object_mut().map(|wanted| wanted.entry("browserName").or_insert("chrome".into()));
    let made = create(endpoint, &wanted, left).await;
    if let Err(error) = &made {
        away.note(&nodes, error);
    }
    made
}

/// The endpoint may give a browser a moment later: nothing answers there now, or not what is behind it.
fn may_pass(error: &ErrorKind) -> bool {
    match error {
        ErrorKind::DriverGone | ErrorKind::SessionGone => true,
        ErrorKind::NotStarted(words) => grid::is_without_node(words) || words.starts_with(LATE),
        _ => false,
    }
}

/// The words for a server that refused a session.
pub(super) fn refused(error: ErrorKind) -> ErrorKind {
    match error {
        ErrorKind::DriverGone | ErrorKind::SessionGone => ErrorKind::NotStarted("servern svarar inte".to_owned()),
        ErrorKind::Remote(words) => ErrorKind::NotStarted(words),
        other => other,
    }
}

/// Gives a session back; true when it is known to be gone.
///
/// Sent also after `invalid session id`: a Grid keeps the slot of a dead browser until it is. A browser that is stuck
/// does not let its driver answer, so it is crashed past the driver where the endpoint has such a way.
pub(super) async fn delete(endpoint: &str, session: &str) -> bool {
    if session.is_empty() {
        return true;
    }
    let mut answer = ask(endpoint, session, Command::delete(""), DELETE_LIMIT).await;
    if matches!(answer, Answer::None) && grid::crash(endpoint, session).await {
        answer = ask(endpoint, session, Command::delete(""), ANSWER_LIMIT).await;
    }
    match answer {
        Answer::Value(_) => true,
        Answer::NoSuchSession(words) => grid::is_gone(endpoint, session, &words).await,
        Answer::Failed(_) | Answer::None => false,
    }
}

/// Lets the endpoint see that a session is still used: a Grid ends those that have been idle.
pub(super) async fn touch(endpoint: &str, session: &str) {
    ask(endpoint, session, Command::get("timeouts"), ANSWER_LIMIT).await;
}

/// What came back on one command of its own.
pub(super) enum Answer {
    Value(Value),
    /// The endpoint knows no such session, and may say what became of it.
    NoSuchSession(String),
    /// Another error, or nobody is there.
    Failed(ErrorKind),
    /// Nothing within the time limit.
    None,
}

/// Sends one command on a line of its own.
pub(super) async fn ask(endpoint: &str, session: &str, command: Command, limit: Duration) -> Answer {
    let client = match attach(endpoint, session).await {
        Ok(client) => client,
        Err(error) => return Answer::Failed(error),
    };
    match timeout(limit, client.issue_cmd(command)).await {
        Ok(Ok(value)) => Answer::Value(value),
        Ok(Err(CmdError::Standard(error))) if error.error == ErrorStatus::InvalidSessionId => {
            Answer::NoSuchSession(error.message.to_string())
        }
        Ok(Err(error)) => Answer::Failed(ErrorKind::of(error, limit)),
        Err(_) => Answer::None,
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
            assert_eq!(address(Command::status(), Some("")), "http://grid:4444/wd/hub/status");
        }
    }

    #[test]
    fn an_address_with_a_password_is_refused() {
        assert_eq!(wrong_address("https://grid.example:4444/wd/hub"), None);
        assert!(wrong_address("https://anna:hemligt@grid.example").is_some_and(|why| why.contains("lösenord")));
        assert!(wrong_address("grid.example:4444").is_some_and(|why| why.contains("http://")));
        assert!(wrong_address("//grid").is_some());
    }

    #[test]
    fn a_command_does_not_show_what_it_types() {
        let command = Command::post("element/e/value", json!({"text": "hemligt"}));
        assert_eq!(format!("{command:?}"), "POST element/e/value");
    }
}
