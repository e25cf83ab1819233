//! One SQL text for two databases: a statement with its values, run on SQLite or PostgreSQL.
//!
//! The text keeps to what both understand: `$1` parameters, text, bigint and boolean, `on conflict`, `returning`,
//! partial indexes. What differs is a function of `database`.

use std::future::Future;
use std::num::NonZero;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Either, Executor as _, FromRow};

use super::database::{ANSWER, Lent, Link, Local, Pools, Tx, on_postgres};
use super::{Error, Result, Store};
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

/// What waits for the next statement of its transaction, to be run in the same call.
pub(super) struct Later {
    query: Query,
    /// What it means that it changes nothing.
    otherwise: Option<Error>,
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
    ($query:ident, $on:expr, $call:ident, $method:ident, $of:expr) => {{
        let Query { sql, values } = $query;
        match $on.into() {
            On::Tx(Tx { link: Link::Sqlite(local), later, .. }) => {
                let (rows, _) = run_now(local, later, Query { sql, values }).await?;
                $of(&rows)
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
        let changed = match on.into() {
            On::Tx(Tx { link: Link::Sqlite(local), later, .. }) => run_now(local, later, self).await?.1,
            On::Tx(Tx { link: Link::Postgres(lent), .. }) => self.execute_on(lent).await?,
            On::Store(store) => match &store.pools {
                Pools::Sqlite { writers, disk, .. } => {
                    let mut local = Local::Writing(writers.begin().await?, Some(Arc::clone(disk)));
                    let (_, changed) = run_together(&mut local, vec![self.into()]).await?;
                    local.commit().await?;
                    changed
                }
                Pools::Postgres(pool) => self.execute_on(&mut Lent::from(pool).await?).await?,
            },
        };
        Ok(changed)
    }

    /// Runs it before the next statement of the transaction, or its commit, hears what became of it: together with
    /// that where a call costs more than its statement.
    pub async fn execute_soon(self, tx: &mut Tx) -> Result<()> {
        tx.soon(self.into()).await
    }

    /// The same for what must change something; that it does not is this error, then.
    pub async fn must_change(self, tx: &mut Tx, otherwise: Error) -> Result<()> {
        tx.soon(Later { query: self, otherwise: Some(otherwise) }).await
    }

    async fn execute_on(self, lent: &mut Lent) -> Result<u64> {
        let Self { sql, values } = self;
        let limit = limit_of(&values);
        let arguments = arguments::<PgArguments>(values)?;
        let done = on_postgres!(lent, limit, |connection| sqlx::query_with(sql, arguments).execute(connection))?;
        Ok(done.rows_affected())
    }

    /// Every row.
    pub async fn fetch_all<T: Row>(self, on: impl Into<On<'_>>) -> Result<Vec<T>> {
        Ok(run!(self, on, query_as_with, fetch_all, every)?)
    }

    /// The first row, if there is one.
    pub async fn fetch_optional<T: Row>(self, on: impl Into<On<'_>>) -> Result<Option<T>> {
        Ok(run!(self, on, query_as_with, fetch_optional, first)?)
    }

    /// The row; that there is none is an error.
    pub async fn fetch_one<T: Row>(self, on: impl Into<On<'_>>) -> Result<T> {
        Ok(run!(self, on, query_as_with, fetch_one, one)?)
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

impl From<Query> for Later {
    fn from(query: Query) -> Self {
        Self { query, otherwise: None }
    }
}

impl Tx {
    async fn soon(&mut self, later: Later) -> Result<()> {
        match &mut self.link {
            Link::Sqlite(_) => self.later.push(later),
            Link::Postgres(lent) => {
                let changed = later.query.execute_on(lent).await?;
                refuse_unchanged(changed, later.otherwise)?;
            }
        }
        Ok(())
    }

    /// Runs what waits for a next statement that does not come.
    pub(super) async fn run_rest(&mut self) -> Result<()> {
        match &mut self.link {
            Link::Sqlite(local) if !self.later.is_empty() => {
                run_together(local, std::mem::take(&mut self.later)).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

fn refuse_unchanged(changed: u64, otherwise: Option<Error>) -> Result<()> {
    match otherwise {
        Some(error) if changed == 0 => Err(error),
        _ => Ok(()),
    }
}

fn every<T: Row>(rows: &[SqliteRow]) -> sqlx::Result<Vec<T>> {
    rows.iter().map(T::from_row).collect()
}

fn first<T: Row>(rows: &[SqliteRow]) -> sqlx::Result<Option<T>> {
    rows.first().map(T::from_row).transpose()
}

fn one<T: Row>(rows: &[SqliteRow]) -> sqlx::Result<T> {
    first(rows)?.ok_or(sqlx::Error::RowNotFound)
}

/// Runs a statement of SQLite after what waits for it.
async fn run_now(local: &mut Local, later: &mut Vec<Later>, query: Query) -> Result<(Vec<SqliteRow>, u64)> {
    later.push(query.into());
    run_together(local, std::mem::take(later)).await
}

/// Runs statements of SQLite in one call, in their order: the rows of the last, and how many it changed. A call wakes
/// the connection's thread, and its answer wakes this one; that takes longer than most statements.
async fn run_together(local: &mut Local, all: Vec<Later>) -> Result<(Vec<SqliteRow>, u64)> {
    let mut text = String::new();
    let mut values = Vec::new();
    let mut expected = Vec::with_capacity(all.len());
    for Later { query, otherwise } in all {
        if !expected.is_empty() {
            text.push_str("; ");
        }
        renumber(&query.sql.0, values.len(), &mut text);
        values.extend(query.values);
        expected.push(otherwise);
    }
    let moment = if local.is_waited_for() { *MOMENT } else { Duration::ZERO };
    // What begins the transaction may stand before them, and answers too.
    let (connection, text, before) = local.open(text)?;
    let last = before + expected.len() - 1;
    let mut changed = Vec::with_capacity(last + 1);
    let mut rows = Vec::new();
    let mut answers =
        connection.fetch_many(sqlx::query_with(AssertSqlSafe(text), arguments::<SqliteArguments>(values)?));
    while let Some(answer) = at_once(answers.try_next(), moment).await? {
        match answer {
            Either::Left(done) => changed.push(done.rows_affected()),
            Either::Right(row) if changed.len() == last => rows.push(row),
            Either::Right(_) => {}
        }
    }
    if changed.len() != last + 1 {
        return Err(Error::Corrupt(format!("{} svar på {} satser", changed.len(), last + 1)));
    }
    for (changed, otherwise) in changed[before..].iter().zip(expected) {
        refuse_unchanged(*changed, otherwise)?;
    }
    Ok((rows, changed[last]))
}

/// Waits for a moment for what comes in it, without giving up the thread: to be woken takes longer than the answer. It is
/// worth the processor where others wait for the same.
async fn at_once<F: Future>(answer: F, moment: Duration) -> F::Output {
    let mut answer = std::pin::pin!(answer);
    std::future::poll_fn(|context| {
        let started = Instant::now();
        loop {
            let polled = answer.as_mut().poll(context);
            if polled.is_ready() || started.elapsed() >= moment {
                return polled;
            }
            std::hint::spin_loop();
        }
    })
    .await
}

/// On a machine with one core nothing comes while it is waited for.
static MOMENT: LazyLock<Duration> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Duration::from_micros(if cores > 1 { 200 } else { 0 })
});

/// Appends a statement whose parameters come after so many others: SQLite counts `$1` over all that is run together.
fn renumber(sql: &str, others: usize, text: &mut String) {
    if others == 0 {
        return text.push_str(sql);
    }
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        text.push('$');
        match part[..digits].parse::<usize>() {
            Ok(number) => text.push_str(&(number + others).to_string()),
            // Not a parameter: a path into JSON.
            Err(_) => text.push_str(&part[..digits]),
        }
        text.push_str(&part[digits..]);
    }
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

#[cfg(test)]
mod tests {
    use super::renumber;

    #[test]
    fn parameters_go_on_from_those_before_and_nothing_else_changes() {
        let mut text = "select $1; ".to_owned();
        renumber("select $2, $1, $12, json_extract(a, '$.b'), 'å$'", 1, &mut text);
        assert_eq!(text, "select $1; select $3, $2, $13, json_extract(a, '$.b'), 'å$'");
    }
}
