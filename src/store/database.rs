//! The two databases: how they are opened, how a transaction begins and ends, what time it is in them.
//!
//! On PostgreSQL no call waits for ever: an answer that does not come within `ANSWER` is an error, and its connection,
//! which may hold a cut link or an open transaction, is closed and never used again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Postgres, Row, Sqlite, Transaction};

use super::disk::Disk;
use super::query::{Later, made, query};
use super::turns::{Turn, Writers};
use super::{Error, Result, Store};

/// How long PostgreSQL may take to answer one statement, or to give a connection.
pub(super) const ANSWER: Duration = Duration::from_secs(15);

/// How long a connection that has been at rest may take to show that it lives.
const PING: Duration = Duration::from_secs(3);

/// A connection that was in use less long ago than this is not asked: that would be a round trip for each transaction.
const RESTED: Duration = Duration::from_secs(1);

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

macro_rules! clock_postgres {
    () => {
        "to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    };
}

/// The connections of one installation.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    Sqlite {
        /// Single statements that read, and the few that also write and answer; what those change is on disk when they
        /// end.
        pool: SqlitePool,
        /// SQLite has one writer at a time, and those who wait for it there sleep and try again.
        writers: Arc<Writers>,
        disk: Arc<Disk>,
    },
    Postgres(PgPool),
}

/// A transaction. One that is not committed changes nothing.
pub(super) struct Tx {
    pub link: Link,
    /// What is run together with the next statement, on SQLite.
    pub later: Vec<Later>,
    /// The database's clock, once it has been looked at.
    now: Option<DateTime<Utc>>,
}

/// What a transaction is open on.
pub(super) enum Link {
    Sqlite(Local),
    Postgres(Lent),
}

/// A transaction on SQLite.
pub(super) enum Local {
    Reading(Transaction<'static, Sqlite>),
    /// With what to wait for after the commit, if it must be on disk.
    Writing(Turn, Option<Arc<Disk>>),
}

/// How much of what is committed a power cut may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Everything,
    /// What is lost is lost together with the program that committed it, which is on the same machine.
    WithUs,
    /// The last of it, also while the program that committed it lives on.
    Briefly,
}

/// A PostgreSQL connection in use. It goes back to the pool only when it is known to be at rest.
pub(super) struct Lent {
    connection: Option<PoolConnection<Postgres>>,
    /// A statement has no answer yet, or the connection failed.
    pub unsure: bool,
    /// A transaction is open.
    open: bool,
}

/// Runs a statement on a lent connection, with a limit for its answer.
macro_rules! on_postgres {
    ($lent:ident, $limit:expr, |$connection:ident| $call:expr) => {{
        $lent.unsure = true;
        let $connection = $lent.connection()?;
        let answer = match tokio::time::timeout($limit, $call).await {
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

impl Local {
    /// Whether others wait until this one is done.
    pub fn is_waited_for(&self) -> bool {
        matches!(self, Self::Writing(turn, _) if turn.is_waited_for())
    }

    /// The connection, and what is to be run on it for these statements; how many others come before them in it.
    pub fn open(&mut self, sql: String) -> sqlx::Result<(&mut SqliteConnection, String, usize)> {
        match self {
            Self::Reading(tx) => Ok((&mut **tx, sql, 0)),
            Self::Writing(turn, _) => turn.open(sql),
        }
    }

    /// Makes everything in it so.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Reading(tx) => Ok(tx.commit().await?),
            Self::Writing(turn, disk) => {
                turn.commit().await?;
                // The next transaction does not wait for the disk, and shares the wait with this one.
                match disk {
                    Some(disk) => disk.reach().await,
                    None => Ok(()),
                }
            }
        }
    }
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
        on_postgres!(lent, ANSWER, |connection| sqlx::raw_sql(sql).execute(connection))?;
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
    pub async fn commit(mut self) -> Result<()> {
        self.run_rest().await?;
        match self.link {
            Link::Sqlite(local) => local.commit().await,
            Link::Postgres(mut lent) => {
                lent.control("commit").await?;
                lent.open = false;
                Ok(())
            }
        }
    }

    /// Leaves everything as it was. Dropping does the same, but costs PostgreSQL a connection.
    pub async fn roll_back(self) -> Result<()> {
        match self.link {
            Link::Sqlite(Local::Reading(tx)) => Ok(tx.rollback().await?),
            Link::Sqlite(Local::Writing(turn, _)) => {
                turn.roll_back().await;
                Ok(())
            }
            Link::Postgres(mut lent) => {
                lent.control("rollback").await?;
                lent.open = false;
                Ok(())
            }
        }
    }

    /// Waits until nobody else is in a transaction that named the same thing, for reads that no row can be locked for.
    pub async fn one_at_a_time(&mut self, thing: &str) -> Result<()> {
        if let Link::Postgres(_) = self.link {
            query("select 1 from (select pg_advisory_xact_lock(hashtext($1))) as lock")
                .bind(thing)
                .execute(&mut *self)
                .await?;
            self.look_again();
        }
        Ok(())
    }

    /// What follows a `select` whose rows are to be changed: nobody else changes them before this transaction ends.
    /// SQLite has one writer at a time anyway. The select may wait for somebody: the time is asked for again after it.
    pub fn for_update(&mut self) -> &'static str {
        self.look_again();
        match self.link {
            Link::Sqlite(..) => "",
            Link::Postgres(_) => " for update",
        }
    }

    /// The same for rows that are only to stay as they are: others may hold them so too.
    pub fn for_share(&mut self) -> &'static str {
        self.look_again();
        match self.link {
            Link::Sqlite(..) => "",
            Link::Postgres(_) => " for share",
        }
    }

    /// The same as `for_update`, passing over rows that somebody else is changing.
    pub fn for_update_skip_locked(&self) -> &'static str {
        match self.link {
            Link::Sqlite(..) => "",
            Link::Postgres(_) => " for update skip locked",
        }
    }

    /// What follows an `update` that may have waited for somebody else: it answers with the database's clock then.
    pub fn returning_clock(&self) -> &'static str {
        match self.link {
            Link::Sqlite(..) => "",
            Link::Postgres(_) => concat!(" returning ", clock_postgres!()),
        }
    }

    /// Whether nobody else writes while the transaction is open, so that no statement of it waits.
    pub fn is_alone(&self) -> bool {
        matches!(self.link, Link::Sqlite(_))
    }

    /// What a statement returned as the clock is the time from here on.
    pub fn it_is(&mut self, clock: &str) -> Result<()> {
        self.now = Some(parse_now(clock)?);
        Ok(())
    }

    /// The time is asked for again when it is needed next: somebody else was waited for.
    pub fn look_again(&mut self) {
        self.now = None;
    }
}

impl Pools {
    /// Opens an SQLite file, made and migrated if need be. One program at a time does this: SQLite has no lock for it.
    pub async fn sqlite(file: &Path) -> Result<Self> {
        Self::sqlite_with(file, &MIGRATIONS).await
    }

    /// Holds the lock of an SQLite file, under which it is made, migrated or replaced, until the answer is dropped.
    pub async fn lock(file: &Path) -> Result<std::fs::File> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        let lock = file.with_extension("lock");
        let locked = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let lock = std::fs::File::create(lock)?;
            lock.lock().map(|()| lock)
        });
        let locked = locked.await.map_err(std::io::Error::other).flatten();
        locked.map_err(|error| Error::File { file: file.to_path_buf(), error })
    }

    /// The same as `sqlite`, with these migrations.
    pub async fn sqlite_with(file: &Path, migrations: &Migrator) -> Result<Self> {
        let _lock = Self::lock(file).await?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An intent must be on disk before the act: a power cut may not lose it.
            .synchronous(SqliteSynchronous::Full)
            // Pages; less often than by default, because it waits for the disk.
            .pragma("wal_autocheckpoint", "4000")
            // What is removed or replaced is written over: it is not to be read out of the file.
            .pragma("secure_delete", "on")
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true);
        let opened = SqlitePoolOptions::new().test_before_acquire(false);
        let pool = opened.max_connections(4).connect_with(options.clone()).await?;
        // `Disk` waits for the disk in its place.
        // Its pages stay in memory (kilobytes, below zero): what is written next is mostly what was written last.
        let writers =
            options.synchronous(SqliteSynchronous::Normal).pragma("cache_size", "-32768").statement_cache_capacity(500);
        // A savepoint keeps what it may have to put back: in memory, not in a file for each page.
        let writers = writers.pragma("temp_store", "memory");
        migrations.run(&pool).await.map_err(Error::Migrate)?;
        Ok(Self::Sqlite { pool, writers: Arc::new(Writers::of(writers)), disk: Arc::new(Disk::of(file)) })
    }

    /// Connects to PostgreSQL, and migrates it if need be: it has a lock for this.
    pub async fn postgres(url: &str, password: Option<&str>, connections: u32) -> Result<Self> {
        Self::postgres_with(url, password, connections, None, Some(&MIGRATIONS)).await
    }

    /// The same in a schema of its own, with these migrations or none.
    pub async fn postgres_with(
        url: &str,
        password: Option<&str>,
        connections: u32,
        schema: Option<&str>,
        migrations: Option<&Migrator>,
    ) -> Result<Self> {
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
        let options = match schema {
            Some(schema) => options.options([("search_path", schema)]),
            None => options,
        };
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ANSWER)
            // A connection over a link that was cut does not answer and does not fail: each may cost this long and no more.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                let rested = about.idle_for;
                Box::pin(async move {
                    if rested < RESTED {
                        return Ok(true);
                    }
                    match tokio::time::timeout(PING, connection.ping()).await {
                        Ok(answer) => answer.map(|()| true),
                        Err(_) => Err(no_answer()),
                    }
                })
            })
            .connect_with(options)
            .await?;
        if let Some(migrations) = migrations {
            migrations.run(&pool).await.map_err(Error::Migrate)?;
        }
        Ok(Self::Postgres(pool))
    }
}

impl Store {
    /// A transaction that may read and then write, on disk when it has been committed. On SQLite `BEGIN IMMEDIATE`,
    /// because a read that is upgraded fails with `SQLITE_BUSY_SNAPSHOT`, which the busy time-out does not retry.
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.transaction(Keep::Everything).await
    }

    /// The same where a power cut of this machine may take what was committed, together with this program: on SQLite,
    /// a claim is worth nothing after it, and a run whose collecting had not ended collects again. What is committed
    /// on disk later takes all of it along. On PostgreSQL the database's machine may lose power while this program
    /// lives on, and nothing is spared.
    pub(super) async fn begin_with_us(&self) -> Result<Tx> {
        self.transaction(Keep::WithUs).await
    }

    /// The same for what a power cut may take on both: a longer lease, which browsers are used. Waiting for the disk at every step would take
    /// time.
    pub(super) async fn begin_brief(&self) -> Result<Tx> {
        self.transaction(Keep::Briefly).await
    }

    async fn transaction(&self, keep: Keep) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { writers, disk, .. } => {
                let turn = writers.begin().await?;
                let disk = (keep == Keep::Everything).then(|| Arc::clone(disk));
                Ok(Tx { link: Link::Sqlite(Local::Writing(turn, disk)), later: Vec::new(), now: None })
            }
            Pools::Postgres(pool) if keep == Keep::Briefly => begin_postgres(pool, BEGIN_BRIEFLY).await,
            Pools::Postgres(pool) => begin_postgres(pool, BEGIN).await,
        }
    }

    /// A transaction that only reads, everything as it is at one moment, and may take its time.
    pub(super) async fn begin_snapshot(&self) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { pool, .. } => Ok(Tx {
                link: Link::Sqlite(Local::Reading(pool.begin_with("BEGIN").await?)),
                later: Vec::new(),
                now: None,
            }),
            Pools::Postgres(pool) => begin_postgres(pool, BEGIN_SNAPSHOT).await,
        }
    }

    /// Puts SQLite's journal into its file and empties it. Who reads at the moment keeps some of it; the next time has it.
    pub(super) async fn empty_journal(&self) -> Result<()> {
        if let Pools::Sqlite { pool, .. } = &self.pools {
            sqlx::raw_sql("pragma wal_checkpoint(truncate)").execute(pool).await?;
        }
        Ok(())
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<DateTime<Utc>> {
        let clock = if matches!(self.pools, Pools::Sqlite { .. }) { CLOCK_SQLITE } else { CLOCK_POSTGRES };
        parse_now(&made(format!("select {clock}")).fetch_value::<String>(self).await?)
    }
}

/// One round trip: the transaction begins and tells the time.
async fn begin_postgres(pool: &PgPool, begin: &'static str) -> Result<Tx> {
    let mut lent = Lent::from(pool).await?;
    lent.open = true;
    let answer = on_postgres!(lent, ANSWER, |connection| sqlx::raw_sql(begin).fetch_all(connection))?;
    let clock = answer.last().map(|row| row.try_get::<String, _>(0)).transpose()?;
    let mut tx = Tx { link: Link::Postgres(lent), later: Vec::new(), now: None };
    tx.it_is(clock.as_deref().unwrap_or_default())?;
    Ok(tx)
}

const CLOCK_SQLITE: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
const CLOCK_POSTGRES: &str = clock_postgres!();
const BEGIN: &str = concat!("begin; select ", clock_postgres!());
const BEGIN_BRIEFLY: &str = concat!("begin; set local synchronous_commit = off; select ", clock_postgres!());
const BEGIN_SNAPSHOT: &str = concat!(
    "begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = 0; select ",
    clock_postgres!()
);

/// The database's clock inside a transaction: as it was when the transaction began, or last waited for somebody else.
pub(super) async fn now(tx: &mut Tx) -> Result<DateTime<Utc>> {
    if let Some(now) = tx.now {
        return Ok(now);
    }
    let now = match tx.link {
        // It runs inside this program: its clock is this machine's, to the millisecond.
        Link::Sqlite(..) => parse_now(&crate::model::time_text(Utc::now()))?,
        Link::Postgres(_) => {
            parse_now(&made(format!("select {CLOCK_POSTGRES}")).fetch_value::<String>(&mut *tx).await?)?
        }
    };
    tx.now = Some(now);
    Ok(now)
}

fn parse_now(text: &str) -> Result<DateTime<Utc>> {
    crate::model::parse_time(text).ok_or_else(|| Error::Corrupt(format!("the database's clock says `{text}`")))
}
