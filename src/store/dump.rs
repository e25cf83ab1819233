//! All tables of a store read in one snapshot, and written into a new store beside the present one, on either database.
//!
//! What the rows mean is not known here: columns and keys are read from the database, so that a table that is added
//! later is taken along. Only tables that our migrations make are touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, FromRow, Row as _, TypeInfo as _, ValueRef as _};

use super::database::{Link, MIGRATIONS, Pools};
use super::query::Value;
use super::{Error, Result, Store, Tx, made, places, query};

/// Tables that are not worth keeping: who is signed in, who tried to, and which programs are at work.
const PASSING: &[&str] = &["nodes", "sessions", "sign_in_tries"];

/// Tables that have rows as soon as a program has opened the store.
const FROM_THE_START: &[&str] = &["fingerprints"];

/// How many rows are read or written at a time.
const ROWS: usize = 500;

/// What is added to the tokens of leases in a restored store: a worker of the time before holds nothing in it.
const LATER_TOKEN: i64 = 1_000_000;

/// A row of any table.
pub type Cells = Vec<Json>;

/// A table with its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
    /// Its place in the primary key, from 1; 0 outside it.
    key: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
}

impl Table {
    /// The names of its columns, in the order of a row.
    pub fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The places in a row of the primary key's columns, in its order.
    fn key(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.columns.len()).filter(|place| self.columns[*place].key > 0).collect();
        places.sort_by_key(|place| self.columns[*place].key);
        places
    }
}

/// Everything as it is at one moment, however long it takes to read.
pub struct Snapshot {
    tx: Tx,
    /// The migrations that have made the tables.
    pub migrations: Vec<i64>,
    pub tables: Vec<Table>,
}

impl Store {
    /// Begins to read everything as it is now.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut tx = self.begin_snapshot().await?;
        let migrations =
            query("select version from _sqlx_migrations where success order by version").fetch_values(&mut tx).await?;
        let mut tables = tables(&mut tx).await?;
        tables.retain(|table| !PASSING.contains(&table.name.as_str()));
        Ok(Snapshot { tx, migrations, tables })
    }

    /// Whether nothing has happened in this store yet.
    pub async fn is_empty(&self) -> Result<bool> {
        let mut snapshot = self.snapshot().await?;
        let tables = snapshot.tables.clone();
        for table in tables.into_iter().filter(|table| !FROM_THE_START.contains(&table.name.as_str())) {
            if !snapshot.page(&table, None).await?.is_empty() {
                return Ok(false);
            }
        }
        snapshot.end().await?;
        Ok(true)
    }
}

impl Snapshot {
    /// The rows that come after this one by the table's key, or the first ones.
    pub async fn page(&mut self, table: &Table, after: Option<&Cells>) -> Result<Vec<Cells>> {
        let key = table.key();
        let names: Vec<String> = key.iter().map(|place| quoted(&table.columns[*place].name)).collect();
        let names = names.join(", ");
        let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
        let filter = match after {
            Some(_) => format!("where ({names}) > ({})", places(1, key.len())),
            None => String::new(),
        };
        let sql = format!(
            "select {} from {} {filter} order by {names} limit {ROWS}",
            columns.join(", "),
            quoted(&table.name)
        );
        let mut select = made(sql);
        for place in after.iter().flat_map(|_| &key) {
            let cell = after.map_or(&Json::Null, |row| &row[*place]);
            select = select.bind(value(cell, table.columns[*place].kind)?);
        }
        let mut rows: Vec<Any> = select.fetch_all(&mut self.tx).await?;
        for row in &mut rows {
            for (cell, column) in row.0.iter_mut().zip(&table.columns) {
                // SQLite keeps true and false as numbers.
                if let (Kind::Bool, Some(number)) = (column.kind, cell.as_i64()) {
                    *cell = Json::Bool(number != 0);
                }
            }
        }
        Ok(rows.into_iter().map(|row| row.0).collect())
    }

    /// Lets go of the snapshot.
    pub async fn end(self) -> Result<()> {
        self.tx.roll_back().await
    }
}

/// A store that is made beside the present one, and takes its place when it is whole.
pub struct NewStore {
    store: Store,
    tables: Vec<Table>,
    place: Place,
}

enum Place {
    File {
        present: PathBuf,
        draft: PathBuf,
    },
    /// A schema of the same PostgreSQL database.
    Schema {
        present: Store,
    },
}

const DRAFT_SCHEMA: &str = "kollega_restoring";

impl NewStore {
    /// A new store beside an SQLite file, with the tables that these migrations make.
    pub async fn beside_file(file: &Path, migrations: &[i64]) -> Result<Self> {
        let draft = draft_of(file);
        remove_draft(&draft)?;
        let known = earlier(migrations)?;
        let store = Store::of(Pools::sqlite_with(&draft, &known).await?);
        Self::made(store, Place::File { present: file.to_path_buf(), draft }).await
    }

    /// The same in a PostgreSQL database.
    pub async fn beside_database(url: &str, password: Option<&str>, migrations: &[i64]) -> Result<Self> {
        let known = earlier(migrations)?;
        let present = Store::of(Pools::postgres_with(url, password, 1, None, None).await?);
        for sql in [format!("drop schema if exists {DRAFT_SCHEMA} cascade"), format!("create schema {DRAFT_SCHEMA}")] {
            made(sql).execute(&present).await?;
        }
        let store = Store::of(Pools::postgres_with(url, password, 2, Some(DRAFT_SCHEMA), Some(&known)).await?);
        Self::made(store, Place::Schema { present }).await
    }

    async fn made(store: Store, place: Place) -> Result<Self> {
        let mut tx = store.begin().await?;
        let tables = tables(&mut tx).await?;
        tx.roll_back().await?;
        Ok(Self { store, tables, place })
    }

    /// Writes rows of a table, all or none.
    pub async fn load(&self, table: &str, columns: &[String], rows: &[Cells]) -> Result<()> {
        let known = self.tables.iter().find(|known| known.name == table);
        let known = known.ok_or_else(|| Error::Corrupt(format!("tabellen {table} finns inte i den här versionen")))?;
        let kinds = columns.iter().map(|name| {
            let column = known.columns.iter().find(|column| column.name == *name);
            column
                .map(|column| column.kind)
                .ok_or_else(|| Error::Corrupt(format!("kolumnen {table}.{name} finns inte")))
        });
        let kinds = kinds.collect::<Result<Vec<Kind>>>()?;
        let leased = ["items", "runs"].contains(&table);
        let later = columns.iter().position(|name| leased && name == "token");
        let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        let mut tx = self.store.begin_brief().await?;
        for rows in rows.chunks((30_000 / columns.len().max(1)).clamp(1, ROWS)) {
            let values: Vec<String> =
                (0..rows.len()).map(|row| format!("({})", places(row * columns.len() + 1, columns.len()))).collect();
            let sql = format!("insert into {} ({}) values {}", quoted(table), names.join(", "), values.join(", "));
            let mut insert = made(sql);
            for row in rows {
                if row.len() != columns.len() {
                    return Err(Error::Corrupt(format!("en rad i {table} har {} värden", row.len())));
                }
                for (place, (cell, kind)) in row.iter().zip(&kinds).enumerate() {
                    let later =
                        if later == Some(place) { cell.as_i64().map(|token| token + LATER_TOKEN) } else { None };
                    insert = insert.bind(later.map_or_else(|| value(cell, *kind), |token| Ok(token.into()))?);
                }
            }
            insert.execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> Result<i64> {
        made(format!("select count(*) from {}", quoted(table))).fetch_value(&self.store).await
    }

    /// Brings the new store to the newest schema and puts it in the place of the present one, at once or not at all.
    /// `InUse` when a program has the present one open.
    pub async fn take_over(&self) -> Result<()> {
        match &self.place {
            Place::File { present, draft } => {
                if let Pools::Sqlite { pool, .. } = &self.store.pools {
                    MIGRATIONS.run(pool).await.map_err(Error::Migrate)?;
                }
                // Whoever closes the file last moves the log into it.
                self.store.close().await;
                replace_file(present, draft).await
            }
            Place::Schema { present } => {
                if let Pools::Postgres(pool) = &self.store.pools {
                    MIGRATIONS.run(pool).await.map_err(Error::Migrate)?;
                }
                self.store.close().await;
                replace_schema(present).await
            }
        }
    }

    /// Removes what was made, which did not come in anything's place: it is a whole copy of what is personal.
    pub async fn abandon(self) -> Result<()> {
        self.store.close().await;
        match self.place {
            Place::File { draft, .. } => remove_draft(&draft),
            Place::Schema { present } => {
                made(format!("drop schema if exists {DRAFT_SCHEMA} cascade")).execute(&present).await?;
                Ok(())
            }
        }
    }
}

impl Store {
    /// What a restore that was killed has left beside this store, if any has: a whole copy of what is personal.
    pub async fn left_by_a_restore(&self) -> Result<Option<String>> {
        match &self.pools {
            Pools::Sqlite { .. } => {
                let file: String =
                    query("select file from pragma_database_list where name = 'main'").fetch_value(self).await?;
                let draft = draft_of(Path::new(&file));
                Ok(draft.exists().then(|| format!("filen {}", draft.display())))
            }
            Pools::Postgres(_) => {
                let sql = "select count(*) from pg_namespace where nspname = $1";
                let found: i64 = query(sql).bind(DRAFT_SCHEMA).fetch_value(self).await?;
                Ok((found > 0).then(|| format!("schemat {DRAFT_SCHEMA}")))
            }
        }
    }
}

/// Where a store is made that is to come in the place of this file.
fn draft_of(file: &Path) -> PathBuf {
    file.with_extension("restoring")
}

fn remove_draft(draft: &Path) -> Result<()> {
    ["", "-wal", "-shm"].iter().try_for_each(|ending| remove(&with_ending(draft, ending)))
}

/// The migrations of a backup; one that we don't know was made by a newer program.
fn earlier(migrations: &[i64]) -> Result<sqlx::migrate::Migrator> {
    let ours: Vec<_> = MIGRATIONS.iter().filter(|known| migrations.contains(&known.version)).cloned().collect();
    if let Some(unknown) = migrations.iter().find(|version| !MIGRATIONS.version_exists(**version)) {
        return Err(Error::Newer(*unknown));
    }
    Ok(sqlx::migrate::Migrator::with_migrations(ours))
}

async fn replace_file(present: &Path, draft: &Path) -> Result<()> {
    let at = |error| Error::File { file: present.to_path_buf(), error };
    let _lock = Pools::lock(present).await?;
    if present.try_exists().map_err(at)? {
        // A file that nobody has open can leave WAL mode; that also removes its log.
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(present)
            .busy_timeout(std::time::Duration::from_secs(2))
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete);
        match sqlx::ConnectOptions::connect(&options).await {
            Ok(alone) => {
                sqlx::Connection::close(alone).await?;
                if with_ending(present, "-wal").exists() {
                    return Err(Error::InUse);
                }
            }
            Err(error) => match sqlite_code(&error) {
                Some(BUSY | LOCKED) => return Err(Error::InUse),
                // What is there can't be read: all the more reason to replace it.
                Some(CORRUPT | NO_DATABASE) => {
                    for ending in ["-wal", "-shm"] {
                        remove(&with_ending(present, ending))?;
                    }
                }
                _ => return Err(error.into()),
            },
        }
    }
    std::fs::File::open(draft).and_then(|file| file.sync_all()).map_err(at)?;
    std::fs::rename(draft, present).map_err(at)?;
    let folder = present.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(at)
}

const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const CORRUPT: u32 = 11;
const NO_DATABASE: u32 = 26;

/// SQLite's own code of an error, without what it is extended by.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

async fn replace_schema(present: &Store) -> Result<()> {
    // A program that has just ended is seen for a moment more.
    for _ in 0..30 {
        if others(present).await? == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    if others(present).await? > 0 {
        return Err(Error::InUse);
    }
    let mut tx = present.begin().await?;
    let schema: String = query("select current_schema()::text").fetch_value(&mut tx).await?;
    for name in ours().iter().map(String::as_str).chain(["_sqlx_migrations"]) {
        let (schema, name) = (quoted(&schema), quoted(name));
        made(format!("drop table if exists {schema}.{name}")).execute(&mut tx).await?;
        made(format!("alter table if exists {DRAFT_SCHEMA}.{name} set schema {schema}")).execute(&mut tx).await?;
    }
    made(format!("drop schema {DRAFT_SCHEMA} cascade")).execute(&mut tx).await?;
    tx.commit().await
}

/// How many other connections of ours the database has.
async fn others(present: &Store) -> Result<i64> {
    let sql = "select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'kollega' and pid <> pg_backend_pid()";
    query(sql).fetch_value(present).await
}

/// The tables that our migrations make.
fn ours() -> BTreeSet<String> {
    let statements = MIGRATIONS.iter().flat_map(|migration| migration.sql.as_str().lines());
    let names = statements.filter_map(|line| line.trim_start().strip_prefix("create table "));
    names.filter_map(|rest| rest.split([' ', '(']).next()).map(str::to_owned).collect()
}

const TABLES_SQLITE: &str = "select name from sqlite_schema where type = 'table' order by name";
const TABLES_POSTGRES: &str = "select table_name::text from information_schema.tables where table_schema = current_schema() order by table_name::text";
const COLUMNS_SQLITE: &str = "select name, lower(type), pk from pragma_table_info($1) order by cid";
const COLUMNS_POSTGRES: &str = "select columns.column_name::text, columns.data_type::text, coalesce(keys.ordinal_position, 0)::bigint
    from information_schema.columns as columns
    left join (select key_column_usage.column_name, key_column_usage.ordinal_position
               from information_schema.table_constraints join information_schema.key_column_usage
                   using (constraint_schema, constraint_name, table_name)
               where constraint_type = 'PRIMARY KEY' and constraint_schema = current_schema() and table_name = $1) as keys
        on keys.column_name = columns.column_name
    where columns.table_schema = current_schema() and columns.table_name = $1 order by columns.ordinal_position";

/// Our tables as they are in this database.
async fn tables(tx: &mut Tx) -> Result<Vec<Table>> {
    let (names, columns) = match tx.link {
        Link::Sqlite(..) => (TABLES_SQLITE, COLUMNS_SQLITE),
        Link::Postgres(_) => (TABLES_POSTGRES, COLUMNS_POSTGRES),
    };
    let names: Vec<String> = query(names).fetch_values(&mut *tx).await?;
    let ours = ours();
    let mut tables = Vec::new();
    for name in names.into_iter().filter(|name| ours.contains(name)) {
        let found: Vec<(String, String, i64)> = query(columns).bind(&name).fetch_all(&mut *tx).await?;
        let columns = found.into_iter().map(|(name, kind, key)| {
            let kind = match kind.as_str() {
                "text" => Kind::Text,
                "bigint" => Kind::Number,
                "boolean" => Kind::Bool,
                other => return Err(Error::Corrupt(format!("kolumnen {name} är av typen {other}"))),
            };
            Ok(Column { name, kind, key })
        });
        let table = Table { columns: columns.collect::<Result<_>>()?, name };
        if table.key().is_empty() {
            return Err(Error::Corrupt(format!("tabellen {} har ingen primärnyckel", table.name)));
        }
        tables.push(table);
    }
    Ok(tables)
}

/// A row of any columns.
struct Any(Cells);

macro_rules! any_row {
    ($row:ty) => {
        impl FromRow<'_, $row> for Any {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                let cells = row.columns().iter().map(|column| {
                    let place = column.ordinal();
                    let raw = row.try_get_raw(place)?;
                    if raw.is_null() {
                        return Ok(Json::Null);
                    }
                    let kind = raw.type_info().name().to_owned();
                    Ok(match kind.as_str() {
                        "INT8" | "INTEGER" => row.try_get_unchecked::<i64, _>(place)?.into(),
                        "BOOL" | "BOOLEAN" => row.try_get_unchecked::<bool, _>(place)?.into(),
                        _ => row.try_get_unchecked::<String, _>(place)?.into(),
                    })
                });
                cells.collect::<sqlx::Result<Cells>>().map(Self)
            }
        }
    };
}
any_row!(SqliteRow);
any_row!(PgRow);

fn value(cell: &Json, kind: Kind) -> Result<Value> {
    match (kind, cell) {
        (Kind::Text, Json::Null) => Ok(Value::Text(None)),
        (Kind::Text, Json::String(text)) => Ok(Value::Text(Some(text.clone()))),
        (Kind::Number, Json::Null) => Ok(Value::Number(None)),
        (Kind::Number, Json::Number(number)) if number.is_i64() => Ok(Value::Number(number.as_i64())),
        (Kind::Bool, Json::Bool(truth)) => Ok(Value::Bool(*truth)),
        _ => Err(Error::Corrupt("ett värde har inte sin kolumns typ".into())),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { file: file.to_path_buf(), error })
        }
        _ => Ok(()),
    }
}
