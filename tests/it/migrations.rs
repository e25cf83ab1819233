//! A store of every earlier schema, with rows in every table, opens as it should: all that was in it is still there.
//!
//! Tables and columns are read from the database, so that this holds for migrations to come.

use std::collections::BTreeMap;
use std::path::Path;

use kollega::store::{ItemFilter, Store};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection};

use crate::database::{Database, new_postgres, on_both, texts};

/// The rows of each table, each as one text, by the columns asked for.
type Rows = BTreeMap<String, Vec<String>>;

on_both! {
    async fn a_store_of_every_earlier_schema_opens_with_all_that_was_in_it(database) {
        let all = Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))).await.expect("migrations");
        let versions: Vec<i64> = all.iter().map(|migration| migration.version).collect();
        for version in &versions {
            let folder = tempfile::tempdir().expect("a folder");
            let address = match database {
                Database::Sqlite => folder.path().join("kollega.db").display().to_string(),
                Database::Postgres => new_postgres().await,
            };
            migrate_to(&all, *version, &address).await;
            let columns = columns(&address).await;
            assert!(columns.len() >= 9, "the tables of version {version}");
            for (table, columns) in &columns {
                fill(&address, table, columns).await;
            }
            let before = rows(&address, &columns).await;
            let store = open(database, &address).await;
            assert_eq!(store.items(&ItemFilter::default()).await.expect("the items").len(), 2, "version {version}");
            assert_eq!(store.runs(None, 10).await.expect("the runs").len(), 2);
            assert_eq!(store.latest_events(10).await.expect("the events").len(), 2);
            assert_eq!(store.users().await.expect("the people").len(), 2);
            store.close().await;
            assert_eq!(before, rows(&address, &columns).await, "version {version}");
        }
        assert!(versions.len() >= 4);
    }
}

async fn open(database: Database, address: &str) -> Store {
    match database {
        Database::Sqlite => Store::open(Path::new(address)).await,
        Database::Postgres => Store::connect(address, None, 2).await,
    }
    .expect("the store")
}

/// An installation of the time when this was the newest migration.
async fn migrate_to(all: &Migrator, version: i64, address: &str) {
    if address.starts_with("postgres") {
        let mut server = sqlx::PgConnection::connect(address).await.expect("the server");
        all.run_to(version, &mut server).await.expect("the migrations");
        server.close().await.expect("the end");
    } else {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(address).create_if_missing(true);
        let mut file = sqlx::SqliteConnection::connect_with(&options).await.expect("the file");
        all.run_to(version, &mut file).await.expect("the migrations");
        file.close().await.expect("the end");
    }
}

/// The columns of every table, with their types.
async fn columns(address: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let sql = if address.starts_with("postgres") {
        "select table_name || ' ' || column_name || ' ' || data_type from information_schema.columns
         where table_schema = 'public' and table_name <> '_sqlx_migrations'"
    } else {
        "select tables.name || ' ' || columns.name || ' ' || lower(columns.type)
         from sqlite_schema as tables join pragma_table_info(tables.name) as columns
         where tables.type = 'table' and tables.name not like 'sqlite%' and tables.name <> '_sqlx_migrations'"
    };
    let mut columns: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for text in texts(address, sql).await {
        let mut parts = text.splitn(3, ' ').map(str::to_owned);
        let mut part = || parts.next().expect("a part");
        let table = part();
        columns.entry(table).or_default().push((part(), part()));
    }
    columns
}

/// Two rows with something in every column.
async fn fill(address: &str, table: &str, columns: &[(String, String)]) {
    for row in 1..=2 {
        let values: Vec<String> = columns.iter().map(|(name, kind)| value(table, name, kind, row)).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let sql = format!("insert into {table} ({}) values ({})", names.join(", "), values.join(", "));
        if address.starts_with("postgres") {
            let mut server = sqlx::PgConnection::connect(address).await.expect("the server");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server).await.expect("a row");
            server.close().await.expect("the end");
        } else {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(address);
            let mut file = sqlx::SqliteConnection::connect_with(&options).await.expect("the file");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut file).await.expect("a row");
            file.close().await.expect("the end");
        }
    }
}

fn value(table: &str, column: &str, kind: &str, row: u32) -> String {
    match (table, column, kind) {
        (_, _, "bigint") => row.to_string(),
        (_, _, "boolean") => "true".into(),
        ("items", "state", _) => "'awaiting_decision'".into(),
        ("runs", "state", _) => "'done'".into(),
        (_, "fields" | "facts" | "answer" | "detail", _) => format!("'{{\"ort\": \"Åmål {row}\"}}'"),
        // A person who is shut out is not listed everywhere.
        ("users", "disabled_at", _) => "null".into(),
        (_, name, _) if name.ends_with("_at") || name == "at" || name.ends_with("until") => {
            format!("'2025-12-10T08:00:00.00{row}Z'")
        }
        (_, name, _) => format!("'{name} {row}'"),
    }
}

/// What is in those columns, by row.
async fn rows(address: &str, columns: &BTreeMap<String, Vec<(String, String)>>) -> Rows {
    let mut rows = Rows::new();
    for (table, columns) in columns {
        let parts: Vec<String> =
            columns.iter().map(|(name, _)| format!("coalesce(cast({name} as text), '∅')")).collect();
        let sql = format!("select {} as row from {table} order by 1", parts.join(" || '|' || "));
        rows.insert(table.clone(), texts(address, &sql).await);
    }
    rows
}
