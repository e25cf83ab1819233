//! The two databases: every test of the store runs on both.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use kollega::store::{Claimant, Store};
use sqlx::{AssertSqlSafe, Connection};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A test on SQLite and on PostgreSQL: `on_both! { async fn a_statement(database) { … } }`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn run($database: crate::database::Database) $body

            #[tokio::test]
            $(#[$meta])*
            async fn sqlite() {
                Box::pin(run(crate::database::Database::Sqlite)).await;
            }

            #[tokio::test]
            $(#[$meta])*
            async fn postgres() {
                Box::pin(run(crate::database::Database::Postgres)).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// A worker of the pool `default` that claims something.
pub fn claimant(worker: &str, lease: Duration, margin: Duration) -> Claimant<'_> {
    static POOLS: LazyLock<[String; 1]> = LazyLock::new(|| ["default".into()]);
    Claimant { worker, pools: &*POOLS, except: &[], lease, margin }
}

impl Database {
    /// The section `[database]` for a new, empty database; nothing for SQLite.
    pub async fn configuration(self) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres => format!("[database]\nurl = \"{}\"\nconnections = 4\n", new_postgres().await),
        }
    }

    /// A new store; the folder is where SQLite's file is made.
    pub async fn store(self, folder: &Path) -> Store {
        match self {
            Self::Sqlite => Store::open(&folder.join("kollega.db")).await,
            Self::Postgres => Store::connect(&new_postgres().await, None, 4).await,
        }
        .expect("the store")
    }
}

/// The address of a new, empty database on the tests' own PostgreSQL.
pub async fn new_postgres() -> String {
    let server = std::env::var("KOLLEGA_TEST_POSTGRES").expect(
        "KOLLEGA_TEST_POSTGRES is not set: run `scripts/test`, or `scripts/postgres FOLDER PORT -- cargo nextest run …`",
    );
    let name = format!("kollega_{}", kollega::model::new_id().to_lowercase());
    let mut connection = sqlx::PgConnection::connect(&server).await.expect("the server");
    // Two tests that copy the template at the same time are refused.
    for (sql, what) in [
        ("select pg_advisory_lock(1)".to_owned(), "the lock"),
        (format!("create database {name}"), "the database"),
        ("select pg_advisory_unlock(1)".to_owned(), "the lock"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect(what);
    }
    connection.close().await.expect("the end");
    server.rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).expect("an address with a database")
}

/// The rows of a statement with one text column, past the store.
pub async fn texts(address: &str, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    if address.starts_with("postgres") {
        let mut server = sqlx::PgConnection::connect(address).await.expect("the server");
        let rows = sqlx::query_scalar(sql).fetch_all(&mut server).await.expect("the statement");
        server.close().await.expect("the end");
        return rows;
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(address).create_if_missing(true);
    let mut file = sqlx::SqliteConnection::connect_with(&options).await.expect("the file");
    let rows = sqlx::query_scalar(sql).fetch_all(&mut file).await.expect("the statement");
    file.close().await.expect("the end");
    rows
}

/// Runs SQL past every check, as somebody with access to the database could.
pub async fn execute(config: &kollega::config::Config, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if config.database.url.is_empty() {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(config.data().join("kollega.db"));
        let mut file = sqlx::SqliteConnection::connect_with(&options).await.expect("the file");
        sqlx::raw_sql(sql).execute(&mut file).await.expect("the statement");
        file.close().await.expect("the end");
    } else {
        let mut server = sqlx::PgConnection::connect(&config.database.url).await.expect("the server");
        sqlx::raw_sql(sql).execute(&mut server).await.expect("the statement");
        server.close().await.expect("the end");
    }
}
