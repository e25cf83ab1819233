//! The store: every query, and every change of state, each a whole use case in one transaction.
//!
//! SQL stands only here. The database's clock decides: times are read from it inside the transaction. A claim is one
//! short transaction and a lease; no transaction is open while a bot runs.

mod decisions;
mod error;
mod events;
mod fence;
mod firings;
mod items;
mod runs;
mod sign_in_tries;
mod users;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteQueryResult, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

pub use decisions::{Answer, NewDecision, Refusal};
pub use error::{Error, Result};
pub use items::{Claim, Enqueued, Finish, ItemFilter, StateCount};
pub use runs::{NewRun, RunLease};

/// The store of one installation.
#[derive(Debug, Clone)]
pub struct Store {
    /// What is committed here is on disk.
    pool: SqlitePool,
    /// What is committed here is on disk with the next commit of the other: a power cut may take the last of it.
    brief: SqlitePool,
}

type Tx = Transaction<'static, Sqlite>;

impl Store {
    /// Opens the database file, made and migrated if need be.
    pub async fn open(file: &Path) -> Result<Self> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::Folder { folder: folder.to_path_buf(), error })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An intent must be on disk before the act: a power cut may not lose it.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations").run(&pool).await.map_err(Error::Migrate)?;
        let brief = options.synchronous(SqliteSynchronous::Normal);
        let brief = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(brief);
        Ok(Self { pool, brief })
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let text: String = sqlx::query_scalar(NOW).fetch_one(&self.pool).await?;
        parse_now(&text)
    }

    /// A transaction that may read and then write. `BEGIN IMMEDIATE`, because a read that is upgraded fails with
    /// `SQLITE_BUSY_SNAPSHOT`, which the busy time-out does not retry.
    async fn begin(&self) -> Result<Tx> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// The same for what a power cut may take: a lease is worth nothing after it. Waiting for the disk at every step
    /// would take time, and a worker that is stopped meanwhile keeps everybody else from writing.
    async fn begin_brief(&self) -> Result<Tx> {
        Ok(self.brief.begin_with("BEGIN IMMEDIATE").await?)
    }
}

const NOW: &str = "select strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// The database's clock inside a transaction.
async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    let text: String = sqlx::query_scalar(NOW).fetch_one(&mut **tx).await?;
    parse_now(&text)
}

fn parse_now(text: &str) -> Result<DateTime<Utc>> {
    crate::model::parse_time(text).ok_or_else(|| Error::Corrupt(format!("the database's clock says `{text}`")))
}

/// Refuses a write whose row is no longer under the writer's lease.
fn still_held(written: &SqliteQueryResult) -> Result<()> {
    if written.rows_affected() == 0 { Err(Error::LeaseLost) } else { Ok(()) }
}
