//! The two databases: how they are opened, how a transaction begins and ends, what time it is in them.
//!
//! On PostgreSQL no call waits for ever: an answer that does not come within `ANSWER` is an error, and its connection,
//! which may hold a cut link or an open transaction, is closed and never used again.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Postgres, Sqlite, Transaction};

use super::query::query;
use super::{Error, Result, Store};

/// How long PostgreSQL may take to answer one statement, or to give a connection.
pub(super) const ANSWER: Duration = Duration::from_secs(15);

/// How long a connection that has been at rest may take to show that it lives.
const PING: Duration = Duration::from_secs(3);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The connections of one installation.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    Sqlite {
        /// What is committed here is on disk.
        pool: SqlitePool,
        /// What is committed here is on disk with the next commit of the other: a power cut may take the last of it.
        brief: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction. One that is not committed changes nothing.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Lent),
}

/// A PostgreSQL connection in use. It goes back to the pool only when it is known to be at rest.
pub(super) struct Lent {
    connection: Option<PoolConnection<Postgres>>,
    /// A statement has no answer yet, or the connection failed.
    pub unsure: bool,
    /// A transaction is open.
    open: bool,
}

/// Runs a statement on a lent connection, with the limit `ANSWER`.
macro_rules! on_postgres {
    ($lent:ident, |$connection:ident| $call:expr) => {{
        $lent.unsure = true;
        let $connection = $lent.connection()?;
        let answer = match tokio::time::timeout($crate::store::database::ANSWER, $call).await {
            Ok(answer) => answer,
            Err(_) => Err($crate::store::database::no_answer()),
        };
        $lent.unsure = matches!(&answer, Err(error) if !$crate::store::database::is_answer(error));
        answer
    }};
}
pub(super) use on_postgres;

/// What a statement without an answer is.
pub(super) fn no_answer() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "inget svar från databasen").into()
}

/// Whether an error is the database's own answer, after which the connection is at rest.
pub(super) fn is_answer(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    matches!(error, E::Database(_) | E::RowNotFound | E::ColumnDecode { .. } | E::Decode(_) | E::Encode(_))
}

impl Lent {
    /// A connection of the pool.
    pub async fn from(pool: &PgPool) -> Result<Self> {
        Ok(Self { connection: Some(pool.acquire().await?), unsure: false, open: false })
    }

    pub fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    async fn control(&mut self, sql: &'static str) -> Result<()> {
        let lent = self;
        on_postgres!(lent, |connection| sqlx::raw_sql(sql).execute(connection))?;
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if (self.unsure || self.open)
            && let Some(connection) = self.connection.take()
        {
            // Dropped outside the pool the socket is closed, and the server rolls back.
            drop(connection.detach());
        }
    }
}

impl Tx {
    /// Makes everything in it so.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => Ok(tx.commit().await?),
            Self::Postgres(mut lent) => {
                lent.control("commit").await?;
                lent.open = false;
                Ok(())
            }
        }
    }

    /// Leaves everything as it was. Dropping does the same, but costs PostgreSQL a connection.
    pub async fn roll_back(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => Ok(tx.rollback().await?),
            Self::Postgres(mut lent) => {
                lent.control("rollback").await?;
                lent.open = false;
                Ok(())
            }
        }
    }

    /// Waits until nobody else is in a transaction that named the same thing, for reads that no row can be locked for.
    pub async fn one_at_a_time(&mut self, thing: &str) -> Result<()> {
        if let Self::Postgres(_) = self {
            query("select 1 from (select pg_advisory_xact_lock(hashtext($1))) as lock")
                .bind(thing)
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }

    /// What follows a `select` whose rows are to be changed: nobody else changes them before this transaction ends.
    /// SQLite has one writer at a time anyway.
    pub fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " for update",
        }
    }

    /// The same, passing over rows that somebody else is changing.
    pub fn for_update_skip_locked(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " for update skip locked",
        }
    }
}

impl Pools {
    /// Opens an SQLite file, made and migrated if need be. One program at a time does this: SQLite has no lock for it.
    pub async fn sqlite(file: &Path) -> Result<Self> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        let lock = file.with_extension("lock");
        let locked = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let lock = std::fs::File::create(lock)?;
            lock.lock().map(|()| lock)
        });
        let locked = locked.await.map_err(std::io::Error::other).flatten();
        let _lock = locked.map_err(|error| Error::File { file: file.to_path_buf(), error })?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An intent must be on disk before the act: a power cut may not lose it.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await?;
        let brief = options.synchronous(SqliteSynchronous::Normal);
        let brief = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(brief);
        MIGRATIONS.run(&pool).await.map_err(Error::Migrate)?;
        Ok(Self::Sqlite { pool, brief })
    }

    /// Connects to PostgreSQL, and migrates it if need be: it has a lock for this.
    pub async fn postgres(url: &str, password: Option<&str>, connections: u32) -> Result<Self> {
        let mut options: PgConnectOptions = url.parse()?;
        if let Some(password) = password {
            options = options.password(password);
        }
        // A worker that is stopped, or whose link is cut, in the middle of a transaction must not keep the others from
        // its rows; and the time that decides is the database's, in UTC.
        let options = options.application_name("kollega").options([
            ("idle_in_transaction_session_timeout", "10s"),
            ("statement_timeout", "60s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "3"),
            ("tcp_keepalives_count", "3"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ANSWER)
            // A connection over a link that was cut does not answer and does not fail: each may cost this long and no more.
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    match tokio::time::timeout(PING, connection.ping()).await {
                        Ok(answer) => answer.map(|()| true),
                        Err(_) => Err(no_answer()),
                    }
                })
            })
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await.map_err(Error::Migrate)?;
        Ok(Self::Postgres(pool))
    }
}

impl Store {
    /// A transaction that may read and then write. On SQLite `BEGIN IMMEDIATE`, because a read that is upgraded fails
    /// with `SQLITE_BUSY_SNAPSHOT`, which the busy time-out does not retry.
    pub(super) async fn begin(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { pool, .. } => Ok(Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)),
            Pools::Postgres(pool) => begin_postgres(pool, "begin").await,
        }
    }

    /// The same for what a power cut may take: a lease is worth nothing after it. Waiting for the disk at every step
    /// would take time, and a worker that is stopped meanwhile keeps everybody else from writing.
    pub(super) async fn begin_brief(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { brief, .. } => Ok(Tx::Sqlite(brief.begin_with("BEGIN IMMEDIATE").await?)),
            Pools::Postgres(pool) => begin_postgres(pool, "begin; set local synchronous_commit = off").await,
        }
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let sql = if matches!(self.pools, Pools::Sqlite { .. }) { NOW_SQLITE } else { NOW_POSTGRES };
        parse_now(&query(sql).fetch_value::<String>(self).await?)
    }
}

async fn begin_postgres(pool: &PgPool, begin: &'static str) -> Result<Tx> {
    let mut lent = Lent::from(pool).await?;
    lent.open = true;
    lent.control(begin).await?;
    Ok(Tx::Postgres(lent))
}

const NOW_SQLITE: &str = "select strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
const NOW_POSTGRES: &str = "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";

/// The database's clock inside a transaction.
pub(super) async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    let sql = if matches!(tx, Tx::Sqlite(_)) { NOW_SQLITE } else { NOW_POSTGRES };
    parse_now(&query(sql).fetch_value::<String>(tx).await?)
}

fn parse_now(text: &str) -> Result<DateTime<Utc>> {
    crate::model::parse_time(text).ok_or_else(|| Error::Corrupt(format!("the database's clock says `{text}`")))
}
