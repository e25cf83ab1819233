//! Whether the database is away: said once in the program's log when it goes, and once when it is back.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::store;

/// What this program knows of it; all its parts share one.
#[derive(Debug, Default)]
pub struct Outage {
    since: Mutex<Option<Instant>>,
}

impl Outage {
    /// Something could not be done; true when it was because the database is away, which has then been told.
    pub fn is_why(&self, error: &store::Error) -> bool {
        if !error.is_outage() {
            return false;
        }
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none() {
            *since = Some(Instant::now());
            tracing::error!(%error, "the database is away: nothing is begun until it is back");
        }
        true
    }

    /// The database has answered.
    pub fn is_over(&self) {
        let away = self.since.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(away) = away {
            tracing::warn!(seconds = away.elapsed().as_secs(), "the database is back: the work goes on");
        }
    }
}
