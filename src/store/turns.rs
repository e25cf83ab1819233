//! SQLite's writers: transactions take turns on one connection, and those that wait for each other share one commit.
//!
//! A commit writes every page that was changed to the log, and transactions that follow each other change mostly the
//! same pages. So one that ends while others wait does not commit: SQLite's transaction stays open, and each is a
//! savepoint in it. A task that waits its turn behind them commits for all, and only then does each hear that it is
//! done. One that fails or is dropped is rolled back to its own savepoint, whatever becomes of the others; should the
//! whole be lost, all who wait hear that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Where the writers of one database file queue, first come first served.
#[derive(Debug)]
pub(super) struct Writers {
    options: SqliteConnectOptions,
    desk: Arc<Mutex<Desk>>,
    /// How many wait for their turn.
    waiting: AtomicUsize,
}

/// Fails where the transaction that began with the first savepoint is gone, whoever has begun another since.
const COMMIT: &str = "release turn_0; commit";

/// How many share a commit at most: what a commit costs is by then spread thin, and the first has waited for all.
const FULL: usize = 32;

/// What whoever has the turn works with.
#[derive(Debug, Default)]
struct Desk {
    connection: Option<SqliteConnection>,
    /// Those whose changes are in the open transaction, and who wait for its commit.
    group: Vec<oneshot::Sender<()>>,
    closed: bool,
}

/// One transaction of a writer. One that is not committed changes nothing.
#[derive(Debug)]
pub(super) struct Turn {
    writers: Arc<Writers>,
    /// Nothing when it has ended.
    desk: Option<OwnedMutexGuard<Desk>>,
    /// Its savepoint is set together with its first statement: each call to the connection's thread takes time.
    begun: bool,
}

/// Counts somebody who waits, also when the waiting is given up.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn of(writers: &'a Writers) -> Self {
        writers.waiting.fetch_add(1, Ordering::SeqCst);
        Self(&writers.waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Writers {
    /// The writers of the database that is opened with these options, when the first of them comes.
    pub fn of(options: SqliteConnectOptions) -> Self {
        Self { options, desk: Arc::default(), waiting: AtomicUsize::new(0) }
    }

    /// Waits for the turn, and begins.
    pub async fn begin(self: &Arc<Self>) -> sqlx::Result<Turn> {
        let waiting = Waiting::of(self);
        let mut desk = Arc::clone(&self.desk).lock_owned().await;
        drop(waiting);
        if desk.closed {
            return Err(sqlx::Error::PoolClosed);
        }
        if desk.connection.is_none() {
            desk.connection = Some(self.options.connect().await?);
        }
        let joins = !desk.group.is_empty();
        let mut turn = Turn { writers: Arc::clone(self), desk: Some(desk), begun: !joins };
        if !joins {
            // At once: it may wait for another program, and the time is asked for after that.
            turn.desk()?.run("begin immediate; savepoint turn_0".to_owned()).await?;
        }
        Ok(turn)
    }

    /// Commits for the group when nobody waits to join it, or it is large enough. It queues behind those who wait now: it
    /// does not count on them, who may give up.
    async fn commit_for_all(&self) {
        loop {
            let mut desk = self.desk.lock().await;
            // Where somebody has committed since, the next group has its own.
            if desk.group.is_empty() || desk.group.len() >= FULL || !self.is_waited_for() {
                return desk.commit().await;
            }
        }
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Ends the connection, when those who have come before are done.
    pub async fn close(&self) {
        let mut desk = self.desk.lock().await;
        desk.commit().await;
        desk.closed = true;
        if let Some(connection) = desk.connection.take() {
            // It has nothing open, so there is nothing to lose.
            drop(sqlx::Connection::close(connection).await);
        }
    }
}

impl Turn {
    /// Whether others wait for their turn behind this one.
    pub fn is_waited_for(&self) -> bool {
        self.writers.is_waited_for()
    }

    /// The connection, and what is to be run on it: the statements, after what begins the transaction if they are its
    /// first; and how many come before them so.
    pub fn open(&mut self, sql: String) -> sqlx::Result<(&mut SqliteConnection, String, usize)> {
        let begun = std::mem::replace(&mut self.begun, true);
        let desk = self.desk()?;
        if begun {
            return Ok((desk.connection()?, sql, 0));
        }
        let sql = format!("savepoint turn_{}; {sql}", desk.group.len());
        Ok((desk.connection()?, sql, 1))
    }

    /// Makes everything in it so: when the answer comes it is committed.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        let others_wait = self.is_waited_for();
        let desk = self.desk()?;
        if desk.group.is_empty() && !others_wait {
            desk.run(COMMIT.to_owned()).await?;
            self.desk = None;
            return Ok(());
        }
        // Its savepoint stays, below those of the others, until the whole is committed.
        let (tell, told) = oneshot::channel();
        desk.group.push(tell);
        let is_first = desk.group.len() == 1;
        if let Some(mut desk) = self.desk.take().filter(|_| !others_wait) {
            desk.commit().await;
        } else if is_first {
            let writers = Arc::clone(&self.writers);
            tokio::spawn(async move { writers.commit_for_all().await });
        }
        told.await.map_err(|_| sqlx::Error::Protocol("transaktionen gick förlorad".into()))
    }

    /// Leaves everything as it was.
    pub async fn roll_back(mut self) {
        let begun = self.begun;
        if let Some(mut desk) = self.desk.take().filter(|_| begun) {
            desk.roll_back().await;
        }
    }

    fn desk(&mut self) -> sqlx::Result<&mut Desk> {
        self.desk.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let begun = self.begun;
        let Some(mut desk) = self.desk.take().filter(|_| begun) else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { desk.roll_back().await })),
            Err(_) => desk.lose(),
        }
    }
}

impl Desk {
    fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    async fn run(&mut self, sql: String) -> sqlx::Result<()> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(self.connection()?).await.map(drop)
    }

    /// Commits for everybody in the group.
    async fn commit(&mut self) {
        if self.group.is_empty() {
            return;
        }
        if self.run(COMMIT.to_owned()).await.is_err() {
            return self.lose();
        }
        for tell in self.group.drain(..) {
            // Whoever no longer listens need not know.
            let _ = tell.send(());
        }
    }

    /// Takes back what the last one did, and nobody else's.
    async fn roll_back(&mut self) {
        // By its own name: one that was never set is an error, and not somebody else's.
        let sql = match self.group.len() {
            0 => "rollback".to_owned(),
            place => format!("rollback to turn_{place}; release turn_{place}"),
        };
        if self.run(sql).await.is_err() {
            self.lose();
        }
    }

    /// What is open is in a state that nobody knows: the connection ends, which takes all of it back.
    fn lose(&mut self) {
        self.connection = None;
        self.group.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn writers(folder: &tempfile::TempDir) -> Arc<Writers> {
        let options = SqliteConnectOptions::new().filename(folder.path().join("a.db")).create_if_missing(true);
        let writers = Arc::new(Writers::of(options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)));
        let mut turn = writers.begin().await.expect("a turn");
        run(&mut turn, "create table t (name text not null)").await;
        turn.commit().await.expect("committed");
        writers
    }

    async fn run(turn: &mut Turn, sql: &'static str) {
        let (connection, sql, _) = turn.open(sql.to_owned()).expect("open");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.expect("done");
    }

    async fn names(writers: &Arc<Writers>) -> Vec<String> {
        // A connection of its own sees what has been committed and nothing else.
        let mut reader = writers.options.clone().connect().await.expect("a reader");
        sqlx::query_scalar("select name from t order by rowid").fetch_all(&mut reader).await.expect("names")
    }

    /// The first has the turn; the others, which do this, wait in their order. Then the first commits.
    async fn queue(writers: &Arc<Writers>, others: &[(&'static str, bool)]) -> Vec<Result<(), tokio::task::JoinError>> {
        let mut first = writers.begin().await.expect("a turn");
        run(&mut first, "insert into t values ('första')").await;
        let mut tasks = Vec::new();
        for (place, (sql, commits)) in others.iter().copied().enumerate() {
            let writers = Arc::clone(writers);
            let queued = Arc::clone(&writers);
            tasks.push(tokio::spawn(async move {
                let mut turn = writers.begin().await.expect("a turn");
                run(&mut turn, sql).await;
                if commits {
                    turn.commit().await.expect("committed");
                }
            }));
            while queued.waiting.load(Ordering::SeqCst) <= place {
                tokio::task::yield_now().await;
            }
        }
        let mut results = Vec::new();
        let committed = tokio::spawn(async move { first.commit().await.expect("committed") });
        for task in std::iter::once(committed).chain(tasks) {
            results.push(task.await);
        }
        results
    }

    #[tokio::test]
    async fn those_who_wait_for_each_other_share_a_commit() {
        let folder = tempfile::tempdir().expect("a folder");
        let writers = writers(&folder).await;
        let log = folder.path().join("a.db-wal");
        let before = std::fs::metadata(&log).expect("a log").len();
        let results = queue(&writers, &[("insert into t values ('åtta')", true); 8]).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(names(&writers).await.len(), 9);
        let pages = (std::fs::metadata(&log).expect("a log").len() - before) / 4096;
        assert!(pages <= 2, "{pages} pages for nine small rows in one table");
    }

    #[tokio::test]
    async fn who_gives_up_takes_nobody_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let writers = writers(&folder).await;
        let one = ("insert into t values ('kvar')", true);
        let results = queue(&writers, &[one, ("insert into t values ('ångrad')", false), one]).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(names(&writers).await, ["första", "kvar", "kvar"]);
    }

    #[tokio::test]
    async fn a_dropped_turn_lets_the_next_one_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let writers = writers(&folder).await;
        let mut turn = writers.begin().await.expect("a turn");
        run(&mut turn, "insert into t values ('borta')").await;
        drop(turn);
        let mut turn = writers.begin().await.expect("a turn");
        run(&mut turn, "insert into t values ('här')").await;
        turn.commit().await.expect("committed");
        assert_eq!(names(&writers).await, ["här"]);
    }

    #[tokio::test]
    async fn what_the_database_takes_back_is_told_to_everybody() {
        let folder = tempfile::tempdir().expect("a folder");
        let writers = writers(&folder).await;
        let one = ("insert into t values ('kvar')", true);
        // As SQLite does by itself when the disk is full.
        let results = queue(&writers, &[one, ("rollback", true), one]).await;
        let lost = results.iter().map(Result::is_err).collect::<Vec<_>>();
        assert_eq!(lost, [true; 4]);
        assert_eq!(names(&writers).await, [""; 0]);
        let results = queue(&writers, &[one]).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(names(&writers).await, ["första", "kvar"]);
    }

    #[tokio::test]
    async fn who_never_began_takes_nobody_along() {
        let folder = tempfile::tempdir().expect("a folder");
        let writers = writers(&folder).await;
        let mut first = writers.begin().await.expect("a turn");
        run(&mut first, "insert into t values ('första')").await;
        let second = tokio::spawn({
            let writers = Arc::clone(&writers);
            async move {
                let mut turn = writers.begin().await.expect("a turn");
                // Its statement is dropped before the connection has heard of it.
                drop(turn.open("insert into t values ('aldrig')".to_owned()).expect("open"));
            }
        });
        while writers.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let told = first.commit().await;
        second.await.expect("ended");
        let expected: &[&str] = if told.is_ok() { &["första"] } else { &[] };
        assert_eq!(names(&writers).await, expected, "what was told is true");
    }
}
