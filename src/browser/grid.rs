//! What a Selenium Grid does in a way of its own: its nodes, its words, and the way past a browser that is stuck.
//!
//! Every word and number here was seen at a Grid of version 4.48; another endpoint is left to the standard.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};
use url::Url;

use super::error::ErrorKind;
use super::remote::{self, Answer, Command};

/// How long the hub gets to say how it is.
const STATUS_LIMIT: Duration = Duration::from_secs(10);

/// How long a crash may take to be ordered.
const CRASH_LIMIT: Duration = Duration::from_secs(5);

/// How long a node that the hub did not reach is left alone, unless it is seen to have been started again.
const AWAY: Duration = Duration::from_secs(20);

/// A node as its hub sees it.
pub(super) struct Node {
    /// Another each time the node is started.
    id: String,
    uri: String,
    up: bool,
    /// The session in each slot; none in a free one.
    slots: Vec<Option<String>>,
}

/// The nodes behind an endpoint; none when it is no Grid.
pub(super) async fn nodes(endpoint: &str) -> Result<Option<Vec<Node>>, ErrorKind> {
    match remote::ask(endpoint, "", Command::status(), STATUS_LIMIT).await {
        Answer::Value(status) => Ok(status["nodes"].as_array().map(|nodes| nodes.iter().map(node).collect())),
        Answer::Failed(error) if error.ends_session() => Err(error),
        // Some W3C servers have no status to tell.
        Answer::Failed(_) | Answer::NoSuchSession(_) => Ok(None),
        Answer::None => Err(ErrorKind::DriverGone),
    }
}

fn node(status: &Value) -> Node {
    let session = |slot: &Value| slot["session"]["sessionId"].as_str().map(str::to_owned);
    Node {
        id: status["id"].as_str().unwrap_or_default().to_owned(),
        uri: status["uri"].as_str().unwrap_or_default().to_owned(),
        up: status["availability"] == "UP",
        slots: status["slots"].as_array().map(|slots| slots.iter().map(session).collect()).unwrap_or_default(),
    }
}

/// Nodes that the hub takes to be up and did not reach.
///
/// One that is being started again answers a few seconds before the hub knows: what it then makes for the node that was
/// is lost in the hub, which never answers, and its slot stays taken. So it is asked again when it has a new id.
#[derive(Default)]
pub(super) struct Away(BTreeMap<String, (Instant, ErrorKind)>);

impl Away {
    /// Remembers the node that an error names by its address.
    pub fn note(&mut self, nodes: &[Node], error: &ErrorKind) {
        let ErrorKind::NotStarted(words) = error else { return };
        if is_without_node(words) {
            for node in nodes.iter().filter(|node| words.contains(&format!("{}/", node.uri))) {
                self.0.insert(node.id.clone(), (Instant::now() + AWAY, error.clone()));
            }
        }
    }

    /// The last error, when no node that is up is known to be another than these.
    pub fn is_all_of(&self, nodes: &[Node]) -> Option<ErrorKind> {
        let mut last = None;
        for node in nodes.iter().filter(|node| node.up) {
            let (until, error) = self.0.get(&node.id)?;
            if Instant::now() >= *until {
                return None;
            }
            last = Some(error.clone());
        }
        last
    }
}

/// The hub says that it can't reach the node: under `unknown error` for a session that was there, under
/// `session not created` for a new one. A session of a killed node meets no other answer until the node is forgotten.
pub(super) fn is_without_node(message: &str) -> bool {
    let unreached = ["Connection error (", "Failed to execute request (", "Unable to execute request for an existing"];
    unreached.iter().any(|words| message.contains(words))
}

/// Whether a session that the endpoint does not know has ended, or only been forgotten.
///
/// A hub says what became of a session that it has seen end. One that was restarted has forgotten them all while their
/// browsers run on; it learns again which there are, but does not give them back: their node does.
pub(super) async fn is_gone(endpoint: &str, session: &str, words: &str) -> bool {
    if words.contains("Session was removed at") {
        return true;
    }
    match nodes(endpoint).await {
        Ok(None) => true,
        // No node has told of itself yet.
        Ok(Some(nodes)) if nodes.is_empty() => false,
        Ok(Some(nodes)) => {
            let holds = |node: &&Node| node.slots.iter().flatten().any(|held| held == session);
            match nodes.iter().find(holds) {
                Some(node) => is_given_back(&node.uri, session).await,
                None => true,
            }
        }
        Err(_) => false,
    }
}

async fn is_given_back(node: &str, session: &str) -> bool {
    let answer = remote::ask(&remote::base(node), session, Command::delete(""), STATUS_LIMIT).await;
    matches!(answer, Answer::Value(_) | Answer::NoSuchSession(_))
}

/// Crashes the browser of a session past its driver, over the line for its developer tools that a Grid has; whether
/// that was ordered.
///
/// A page in an endless loop holds up its driver and with it `DELETE`: the slot would stay taken, the browser alive.
pub(super) async fn crash(endpoint: &str, session: &str) -> bool {
    let Some(address) = tools(endpoint, session) else { return false };
    let connector = address.starts_with("wss:").then(|| Connector::Rustls(remote::tls().clone()));
    let order = async {
        let (mut line, _) = connect_async_tls_with_config(address, None, false, connector).await.ok()?;
        let order = serde_json::json!({"id": 1, "method": "Browser.crash"}).to_string();
        line.send(Message::text(order)).await.ok()?;
        // The line closes when the browser is gone, or stays: the next `DELETE` tells.
        drop(timeout(Duration::from_secs(1), line.next()).await);
        Some(())
    };
    timeout(CRASH_LIMIT, order).await.ok().flatten().is_some()
}

fn tools(endpoint: &str, session: &str) -> Option<String> {
    let mut address = Url::parse(endpoint).ok()?.join(&format!("session/{session}/se/cdp")).ok()?;
    let scheme = if address.scheme() == "https" { "wss" } else { "ws" };
    address.set_scheme(scheme).ok()?;
    Some(address.into())
}

/// What a Grid that gave no browser lacks, in words for the one who runs it.
pub(super) async fn explain(endpoint: &str, error: ErrorKind) -> ErrorKind {
    let Ok(Some(nodes)) = nodes(endpoint).await else { return error };
    let up: Vec<&Node> = nodes.iter().filter(|node| node.up).collect();
    let free = up.iter().flat_map(|node| &node.slots).filter(|slot| slot.is_none()).count();
    let slots: usize = up.iter().map(|node| node.slots.len()).sum();
    match error {
        _ if up.is_empty() => ErrorKind::NotStarted("Selenium Grid har ingen nod som är uppe; starta noden".to_owned()),
        ErrorKind::NotStarted(words) if is_without_node(&words) => {
            ErrorKind::NotStarted("Selenium Grid når inte sin nod; starta den igen".to_owned())
        }
        ErrorKind::NotStarted(_) if free == 0 => ErrorKind::NotStarted(format!(
            "alla platser i Selenium Grid ({slots}) är upptagna; öka nodens max-sessions eller sänk worker.sessions"
        )),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_nodes_is_no_grid_and_slots_tell_their_sessions() {
        let status = serde_json::json!({"id": "9b461728", "uri": "http://10.0.0.4:5555", "availability": "UP", "slots": [
            {"lastStarted": "1970-01-01T00:00:00Z", "session": null},
            {"lastStarted": "2026-11-26T04:28:51Z", "session": {"sessionId": "ea3520ac", "capabilities": {}}},
        ]});
        let node = node(&status);
        assert_eq!((node.uri.as_str(), node.up), ("http://10.0.0.4:5555", true));
        assert_eq!(node.slots, [None, Some("ea3520ac".to_owned())]);
    }

    /// What Selenium Grid 4.48 answered on a new session while its node was dead, and on one that its node refused.
    #[test]
    fn a_node_that_is_away_is_told_from_a_browser_that_does_not_start() {
        let away = "Could not start a new session. Connection error (POST http://127.0.0.1:7003/se/grid/node/session) \nHost info: host: 'vm'";
        let refused = "Could not start a new session. Could not start a new session. Error while creating session with \
                       the driver service. Response code 500. Message: session not created: Chrome instance exited.";
        assert!(is_without_node(away));
        assert!(!is_without_node(refused));
    }

    #[test]
    fn a_node_that_was_away_is_asked_again_when_it_has_been_started_again_or_another_is_up() {
        let node = |id: &str, uri: &str| Node { id: id.into(), uri: uri.into(), up: true, slots: vec![None] };
        let (old, new) = (node("a", "http://10.0.0.4:5555"), node("b", "http://10.0.0.4:5555"));
        let other = node("c", "http://10.0.0.5:5555");
        let words = "Could not start a new session. Connection error (POST http://10.0.0.4:5555/se/grid/node/session)";
        let mut away = Away::default();
        assert_eq!(away.is_all_of(std::slice::from_ref(&old)), None);
        let error = ErrorKind::NotStarted(words.into());
        away.note(std::slice::from_ref(&old), &error);
        assert_eq!(away.is_all_of(std::slice::from_ref(&old)), Some(error));
        assert_eq!(away.is_all_of(std::slice::from_ref(&new)), None);
        assert_eq!(away.is_all_of(&[old, other]), None);
        assert_eq!(away.is_all_of(&[]), None);
    }

    #[test]
    fn the_line_past_the_driver_is_beside_the_session() {
        let of = |endpoint| tools(endpoint, "s1").expect("an address");
        assert_eq!(of("http://grid:4444/"), "ws://grid:4444/session/s1/se/cdp");
        assert_eq!(of("https://grid/wd/hub/"), "wss://grid/wd/hub/session/s1/se/cdp");
    }
}
