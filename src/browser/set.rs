//! Sets fields by script with the events that frameworks listen to, many of them in one round trip.

use std::fmt;

use serde_json::{Value, json};

use super::click::{Found, name};
use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::find::{is_final, judge};
use super::session::Session;
use super::target::Target;

/// What to do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetKind {
    /// Put a text in it.
    Fill,
    /// Choose the option with this text.
    Select,
    /// Tick it.
    Check,
    /// Untick it.
    Uncheck,
}

/// One field to set. `Debug` does not show its value.
#[derive(Clone)]
pub struct Set {
    /// What to do.
    pub kind: SetKind,
    /// The field.
    pub targets: Vec<Target>,
    /// What to put there; empty for a tick.
    pub value: String,
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.kind, self.targets)
    }
}

/// Which of several fields could not be set; those before it are set.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct SetError {
    /// The place of the failed one in the list.
    pub index: usize,
    /// How each one before it was found.
    pub done: Vec<Found>,
    /// Why it failed.
    pub error: Error,
}

impl Set {
    /// Fills a field.
    pub fn fill(target: Target, value: impl Into<String>) -> Self {
        Self { kind: SetKind::Fill, targets: vec![target], value: value.into() }
    }

    /// Chooses an option.
    pub fn select(target: Target, option: impl Into<String>) -> Self {
        Self { kind: SetKind::Select, targets: vec![target], value: option.into() }
    }

    /// Ticks a box.
    pub fn check(target: Target) -> Self {
        Self { kind: SetKind::Check, targets: vec![target], value: String::new() }
    }

    /// Unticks a box.
    pub fn uncheck(target: Target) -> Self {
        Self { kind: SetKind::Uncheck, targets: vec![target], value: String::new() }
    }

    fn what(&self) -> String {
        let verb = match self.kind {
            SetKind::Fill => "fylla i",
            SetKind::Select => "välja i",
            SetKind::Check => "bocka i",
            SetKind::Uncheck => "bocka ur",
        };
        format!("{verb} {}", name(&self.targets))
    }

    fn request(&self) -> Value {
        let kind = match self.kind {
            SetKind::Fill => "fill",
            SetKind::Select => "select",
            SetKind::Check => "check",
            SetKind::Uncheck => "uncheck",
        };
        json!({"kind": kind, "targets": self.targets, "value": self.value})
    }
}

impl Session {
    /// Sets these fields in order, each within the time limit; in one round trip when all are ready.
    ///
    /// Each field is read back: one that holds something else than it was given is an error.
    pub async fn set(&mut self, sets: &[Set], allow_fallback: bool) -> Result<Vec<Found>, SetError> {
        let items: Vec<Value> = sets.iter().map(Set::request).collect();
        let mut request = json!({"op": "set", "items": items, "from": 0, "fallback": allow_fallback});
        let mut done = Vec::new();
        let mut limit = self.limit();
        let mut round = 0;
        while done.len() < sets.len() {
            round += 1;
            let at = done.len();
            request["from"] = json!(at);
            let kind = match self.set_some(&request, &mut done, sets.len(), limit).await {
                Ok(()) => break,
                Err(kind) => kind,
            };
            if done.len() > at {
                // Each field has the whole limit: a later one may appear because an earlier one was set.
                (limit, round) = (self.limit(), 0);
            }
            if is_final(&kind, round) || limit.has_passed() {
                return Err(failed(sets, done, kind));
            }
            limit.pause(round).await;
        }
        Ok(done)
    }

    /// Sets as many as are ready, and says why it stopped.
    async fn set_some(
        &mut self,
        request: &Value,
        done: &mut Vec<Found>,
        all: usize,
        limit: Limit,
    ) -> Result<(), ErrorKind> {
        let answer = self.ask(request, limit).await?;
        if answer.is_null() {
            return self.interrupted(done, all, limit).await;
        }
        let indices = answer["done"].as_array().into_iter().flatten().filter_map(Value::as_u64);
        done.extend(indices.map(|index| Found { index: usize::try_from(index).unwrap_or_default() }));
        judge(answer).map(|_| ())
    }

    /// A field's own event opened a dialog. The last field is set then; of several nobody can tell which.
    async fn interrupted(&mut self, done: &mut Vec<Found>, all: usize, limit: Limit) -> Result<(), ErrorKind> {
        let Some(text) = self.open_dialog(limit).await? else {
            return Err(ErrorKind::PageFault("sidan gav inget svar".to_owned()));
        };
        if done.len() + 1 < all {
            return Err(ErrorKind::UnexpectedDialog { text });
        }
        done.push(Found { index: 0 });
        Ok(())
    }
}

fn failed(sets: &[Set], done: Vec<Found>, kind: ErrorKind) -> SetError {
    let index = done.len();
    let acted = !matches!(kind, ErrorKind::NotFound | ErrorKind::Ambiguous { .. } | ErrorKind::NotReady { .. });
    SetError { index, done, error: Error { what: sets[index].what(), kind, acted } }
}
