//! The one door to the driver: every command passes here, under a watchdog.
//!
//! fantoccini can't be cancelled and the driver can't be interrupted, so a command that does not answer in time costs
//! the browser its life, and every command after it fails at once.

use std::time::Duration;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::error::ErrorKind;
use super::record::SessionRecord;
use super::remote::{self, Command};

/// How much longer than the step's own limit the driver gets to say that the limit has passed. On a loaded machine that
/// took it more than 0.7 seconds, and a slow page was taken for a dead browser.
const GRACE: Duration = Duration::from_secs(2);

/// How far the driver's limit may be from ours; less than the grace.
const SLACK: Duration = Duration::from_millis(300);

/// A session's line to its driver.
pub(super) struct Connection {
    client: Client,
    record: SessionRecord,
    dead: Option<ErrorKind>,
    page_limit: Duration,
}

/// When a step must have ended, and how long it had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub total: Duration,
    pub deadline: Instant,
}

impl Limit {
    pub fn of(total: Duration) -> Self {
        Self { total, deadline: Instant::now() + total }
    }

    pub fn has_passed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    pub fn error(&self) -> ErrorKind {
        ErrorKind::Timeout { limit: self.total }
    }

    /// Sleeps a little before a condition is looked at again, never past the deadline.
    pub async fn pause(&self, round: u32) {
        let wait = Duration::from_millis(10 * u64::from(round.clamp(1, 10)));
        tokio::time::sleep_until((Instant::now() + wait).min(self.deadline)).await;
    }
}

impl Connection {
    pub async fn attach(record: SessionRecord) -> Result<Self, ErrorKind> {
        let client = remote::attach(&record.endpoint, &record.session).await?;
        Ok(Self { client, record, dead: None, page_limit: Duration::ZERO })
    }

    pub fn record(&self) -> &SessionRecord {
        &self.record
    }

    pub fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Sends one command and waits for its answer, but not longer than the limit.
    pub async fn send(&mut self, command: Command, limit: Limit) -> Result<Value, ErrorKind> {
        if let Some(kind) = &self.dead {
            return Err(kind.clone());
        }
        match timeout_at(limit.deadline + GRACE, self.client.issue_cmd(command)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.note(ErrorKind::of(error, limit.total))),
            Err(_) => Err(self.bite()),
        }
    }

    /// Tells the driver how long a page may load from now, if what it was told last is off by much.
    ///
    /// A slow page must end in the driver's own time-out, after which the browser lives, before the watchdog takes it
    /// for a dead one: the driver makes every command wait for a page that is on its way.
    pub async fn set_page_limit(&mut self, limit: Limit) -> Result<(), ErrorKind> {
        let left = limit.deadline.saturating_duration_since(Instant::now()).max(SLACK);
        if self.page_limit.abs_diff(left) < SLACK {
            return Ok(());
        }
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let body = json!({"pageLoad": millis, "script": millis, "implicit": 0});
        match self.send(Command::post("timeouts", body), limit).await {
            Ok(_) => self.page_limit = left,
            // It can wait until the dialog, which the next step may be about, is answered.
            Err(ErrorKind::UnexpectedDialog { .. }) => {}
            Err(kind) => return Err(kind),
        }
        Ok(())
    }

    /// Remembers an error after which no command can succeed.
    fn note(&mut self, kind: ErrorKind) -> ErrorKind {
        if kind.ends_session() {
            self.dead = Some(kind.clone());
        }
        kind
    }

    /// Ends the browser of a command that did not answer; that alone frees the driver.
    fn bite(&mut self) -> ErrorKind {
        if self.record.local
            && let Some(browser) = self.record.browser
        {
            browser.kill();
        }
        self.note(ErrorKind::Watchdog)
    }
}
