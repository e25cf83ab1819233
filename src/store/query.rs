//! One SQL text for two databases: a statement with its values, run on SQLite or PostgreSQL.
//!
//! The text keeps to what both understand: `$1` parameters, text, bigint and boolean, `on conflict`, `returning`,
//! partial indexes. What differs is a function of `database`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Executor as _, FromRow};

use super::database::{ANSWER, Lent, Link, Pools, Tx, on_postgres};
use super::{Result, Store};
use crate::model::{IntentId, ItemId, RunId};

/// A value of a statement.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Bool(bool),
}

/// A row of either database.
pub(super) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// Where a statement runs: inside a transaction, or on its own.
pub(super) enum On<'a> {
    Tx(&'a mut Tx),
    Store(&'a Store),
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

impl<'a> From<&'a Store> for On<'a> {
    fn from(store: &'a Store) -> Self {
        Self::Store(store)
    }
}

/// A statement with its values.
pub(super) struct Query {
    sql: AssertSqlSafe<String>,
    values: Vec<Value>,
}

/// A statement; only text of ours, never of a user.
pub(super) fn query(sql: &'static str) -> Query {
    made(sql.to_owned())
}

/// A statement that was put together, of parts that are all ours.
pub(super) fn made(sql: String) -> Query {
    Query { sql: AssertSqlSafe(sql), values: Vec::new() }
}

/// The places `$first, …` of so many parameters, for `in (…)`; of none, a list that nothing is in.
pub(super) fn places(first: usize, count: usize) -> String {
    match count {
        0 => "null".into(),
        _ => (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", "),
    }
}

/// How long the answer may take: what is sent may be large, and the line slow.
fn limit_of(values: &[Value]) -> Duration {
    let bytes: usize =
        values.iter().map(|value| if let Value::Text(Some(text)) = value { text.len() } else { 0 }).sum();
    ANSWER + Duration::from_secs(2) * u32::try_from(bytes >> 20).unwrap_or(u32::MAX)
}

macro_rules! run {
    ($query:ident, $on:expr, $call:ident, $method:ident) => {{
        let Query { sql, values } = $query;
        match $on.into() {
            On::Tx(Tx { link: Link::Sqlite(local), .. }) => {
                let (connection, sql) = local.open(sql.0)?;
                sqlx::$call(AssertSqlSafe(sql), arguments::<SqliteArguments>(values)?).$method(connection).await
            }
            On::Tx(Tx { link: Link::Postgres(lent), .. }) => {
                let limit = limit_of(&values);
                let arguments = arguments::<PgArguments>(values)?;
                on_postgres!(lent, limit, |connection| sqlx::$call(sql, arguments).$method(connection))
            }
            On::Store(store) => match &store.pools {
                Pools::Sqlite { pool, .. } => {
                    sqlx::$call(sql, arguments::<SqliteArguments>(values)?).$method(pool).await
                }
                Pools::Postgres(pool) => {
                    let limit = limit_of(&values);
                    let arguments = arguments::<PgArguments>(values)?;
                    let mut lent = Lent::from(pool).await?;
                    on_postgres!(lent, limit, |connection| sqlx::$call(sql, arguments).$method(connection))
                }
            },
        }
    }};
}

impl Query {
    /// With the next parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// With every changed row as its answer.
    pub fn returning(self) -> Self {
        Self { sql: AssertSqlSafe(self.sql.0 + " returning *"), ..self }
    }

    /// With one more parameter for each of these; see [`places`].
    pub fn bind_all(self, values: &[String]) -> Self {
        values.iter().fold(self, Self::bind)
    }

    /// Runs it; how many rows it changed.
    pub async fn execute(self, on: impl Into<On<'_>>) -> Result<u64> {
        let Query { sql, values } = self;
        let changed = match on.into() {
            On::Tx(Tx { link: Link::Sqlite(local), .. }) => {
                let (connection, sql) = local.open(sql.0)?;
                execute_last(connection, sql, values).await?
            }
            On::Tx(Tx { link: Link::Postgres(lent), .. }) => {
                let limit = limit_of(&values);
                let arguments = arguments::<PgArguments>(values)?;
                on_postgres!(lent, limit, |connection| sqlx::query_with(sql, arguments).execute(connection))?
                    .rows_affected()
            }
            On::Store(store) => match &store.pools {
                Pools::Sqlite { writers, disk, .. } => {
                    let mut turn = writers.begin().await?;
                    let (connection, sql) = turn.open(sql.0)?;
                    let changed = execute_last(connection, sql, values).await?;
                    turn.commit().await?;
                    Arc::clone(disk).reach().await?;
                    changed
                }
                Pools::Postgres(pool) => {
                    let limit = limit_of(&values);
                    let arguments = arguments::<PgArguments>(values)?;
                    let mut lent = Lent::from(pool).await?;
                    on_postgres!(lent, limit, |connection| sqlx::query_with(sql, arguments).execute(connection))?
                        .rows_affected()
                }
            },
        };
        Ok(changed)
    }

    /// Every row.
    pub async fn fetch_all<T: Row>(self, on: impl Into<On<'_>>) -> Result<Vec<T>> {
        Ok(run!(self, on, query_as_with, fetch_all)?)
    }

    /// The first row, if there is one.
    pub async fn fetch_optional<T: Row>(self, on: impl Into<On<'_>>) -> Result<Option<T>> {
        Ok(run!(self, on, query_as_with, fetch_optional)?)
    }

    /// The row; that there is none is an error.
    pub async fn fetch_one<T: Row>(self, on: impl Into<On<'_>>) -> Result<T> {
        Ok(run!(self, on, query_as_with, fetch_one)?)
    }

    /// The only column of the row.
    pub async fn fetch_value<T>(self, on: impl Into<On<'_>>) -> Result<T>
    where
        (T,): Row,
    {
        self.fetch_one::<(T,)>(on).await.map(|(value,)| value)
    }

    /// The only column of every row.
    pub async fn fetch_values<T>(self, on: impl Into<On<'_>>) -> Result<Vec<T>>
    where
        (T,): Row,
    {
        Ok(self.fetch_all::<(T,)>(on).await?.into_iter().map(|(value,)| value).collect())
    }
}

/// Runs a statement of SQLite; how many rows its last part changed. What begins the transaction before it answers too,
/// with the number of whatever was changed last.
async fn execute_last(connection: &mut SqliteConnection, sql: String, values: Vec<Value>) -> Result<u64> {
    let statement = sqlx::query_with(AssertSqlSafe(sql), arguments::<SqliteArguments>(values)?);
    let mut answers = connection.fetch_many(statement);
    let mut changed = 0;
    while let Some(answer) = answers.try_next().await? {
        if let Either::Left(done) = answer {
            changed = done.rows_affected();
        }
    }
    Ok(changed)
}

/// The values as a database's driver takes them.
fn arguments<A: Fill>(values: Vec<Value>) -> Result<A> {
    let mut arguments = A::default();
    for value in values {
        arguments.fill(value).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

trait Fill: Arguments {
    fn fill(&mut self, value: Value) -> std::result::Result<(), sqlx::error::BoxDynError>;
}

macro_rules! fill {
    ($arguments:ty) => {
        impl Fill for $arguments {
            fn fill(&mut self, value: Value) -> std::result::Result<(), sqlx::error::BoxDynError> {
                match value {
                    Value::Text(text) => <Self as Arguments>::add(self, text),
                    Value::Number(number) => <Self as Arguments>::add(self, number),
                    Value::Bool(truth) => <Self as Arguments>::add(self, truth),
                }
            }
        }
    };
}
fill!(SqliteArguments);
fill!(PgArguments);

macro_rules! text_value {
    ($($source:ty => |$name:ident| $text:expr),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from($name: $source) -> Self {
                Self::Text($text)
            }
        }
    )*};
}
text_value! {
    &str => |text| Some(text.to_owned()),
    &&str => |text| Some((*text).to_owned()),
    String => |text| Some(text),
    &String => |text| Some(text.clone()),
    Option<String> => |text| text,
    &Option<String> => |text| text.clone(),
    Option<&String> => |text| text.cloned(),
    Option<&str> => |text| text.map(str::to_owned),
    &ItemId => |id| Some(id.0.clone()),
    &RunId => |id| Some(id.0.clone()),
    &IntentId => |id| Some(id.0.clone()),
    Option<&RunId> => |id| id.map(|id| id.0.clone()),
    &Option<RunId> => |id| id.as_ref().map(|id| id.0.clone()),
    &Option<ItemId> => |id| id.as_ref().map(|id| id.0.clone()),
    Option<&ItemId> => |id| id.map(|id| id.0.clone()),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
