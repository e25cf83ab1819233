//! The store: every query, and every change of state, each a whole use case in one transaction.
//!
//! SQL stands only here, one text for SQLite and PostgreSQL. The database's clock decides: times are read from it inside
//! the transaction. A claim is one short transaction and a lease; no transaction is open while a bot runs.

mod alerts;
mod circuits;
mod database;
mod decisions;
mod delegations;
mod disk;
mod dump;
mod error;
mod events;
mod fence;
mod filtered;
mod firings;
mod item_list;
mod items;
mod life;
mod motivations;
mod nodes;
mod operations;
mod query;
mod removal;
mod replays;
mod rulebooks;
mod runs;
mod scripts;
mod sign_in_tries;
mod spot_checks;
mod stops;
mod turns;
mod users;
mod waits;

use std::path::Path;

use crate::seal::Seal;
pub use alerts::{AlertPace, FailedItems, NewMessage, Working};
pub use circuits::{AfterFailure, CircuitLimits, Entry, SignIn};
use database::{Pools, Tx, now};
pub use decisions::{Answer, NewDecision, Refusal};
pub use delegations::{FunctionCase, NewDelegation};
pub use dump::{Cells, NewStore, Snapshot, Table};
pub use error::{Error, Result};
pub use firings::{After, Ask, Plan, Seen, Start};
pub use item_list::{FieldIs, ItemFilter, Order as ItemOrder};
pub use items::{Claim, Claimant, Enqueued, Finish, NewItem, StateCount};
pub use motivations::NewMotivation;
pub use operations::{BY_PERSON, Hindrance, Operated, Operation, Order};
use query::{made, places, query};
pub use replays::Since;
pub use rulebooks::{BookContent, NotApproved};
pub use runs::{NewRun, RunLease};
pub use spot_checks::{BlindAnswer, NewSpotDraw, NewSpotPlan, NotAssessed};
pub use stops::{RUN_STOPPED, Standing};
pub use waits::{Waits, Whose};

/// The store of one installation.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
    /// Knows references of removed items again.
    seal: Option<Seal>,
    /// How many bytes the fields of one item may be.
    payload: usize,
}

/// How many bytes the fields of one item may be where nothing else is said.
const PAYLOAD: usize = 64 << 20;

impl Store {
    /// Opens an SQLite database file, made and migrated if need be.
    pub async fn open(file: &Path) -> Result<Self> {
        Ok(Self::of(Pools::sqlite(file).await?))
    }

    /// Connects to a PostgreSQL database, `postgres://user@host/database`, and migrates it if need be.
    pub async fn connect(url: &str, password: Option<&str>, connections: u32) -> Result<Self> {
        Ok(Self::of(Pools::postgres(url, password, connections).await?))
    }

    fn of(pools: Pools) -> Self {
        Self { pools, seal: None, payload: PAYLOAD }
    }

    /// The store with another limit for the fields of one item, in bytes.
    #[must_use]
    pub fn with_payload(mut self, bytes: usize) -> Self {
        self.payload = bytes;
        self
    }

    /// Refuses fields that are more than an item may hold.
    pub fn check_payload(&self, fields: &serde_json::Value) -> Result<()> {
        self.payload(fields).map(drop)
    }

    /// The fields of an item as they are stored: whole, or refused.
    fn payload(&self, fields: &serde_json::Value) -> Result<String> {
        let text = fields.to_string();
        if text.len() <= self.payload {
            return Ok(text);
        }
        Err(Error::TooLarge { megabytes: text.len().div_ceil(1 << 20), limit: self.payload >> 20 })
    }

    /// Ends every connection, when the last that uses one is done.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { pool, writers, .. } => {
                writers.close().await;
                pool.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
