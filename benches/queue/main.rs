//! Measures the queue: how many items a second are enqueued, claimed and completed through the functions that the worker
//! uses, while the store holds few items and many, on both databases; beside graphile-worker on the same PostgreSQL.
//!
//! `scripts/bench queue`. What is measured, and what is not, stands in `docs/speed.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are what it is for")]

mod fill;
mod report;
mod work;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum};
use kollega::store::Store;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};

use report::{Report, Row};

/// As in `kollega`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "scripts/bench queue")]
struct Arguments {
    /// How many items the store holds, half of them waiting
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    sizes: Vec<i64>,
    /// How many events each of them has
    #[arg(long, default_value_t = 10)]
    events: i64,
    /// How long each is measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many work at the same time; also the connections, and the jobs at a time of graphile-worker
    #[arg(long, default_value_t = 16)]
    workers: u32,
    /// 1 000 and 10 000 items, two seconds each
    #[arg(long)]
    quick: bool,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Contender>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Where the databases are made
    #[arg(long, default_value = ".", hide = true)]
    folder: PathBuf,
    /// The folder with `node_modules`
    #[arg(long, default_value = ".", hide = true)]
    peers: PathBuf,
    /// `cargo bench` adds it
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contender {
    Sqlite,
    Postgres,
    Graphile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        (arguments.sizes, arguments.seconds) = (vec![1_000, 10_000], 2);
    }
    let mut report = Report::default();
    for &size in &arguments.sizes {
        for contender in [Contender::Sqlite, Contender::Postgres, Contender::Graphile] {
            if arguments.only.is_empty() || arguments.only.contains(&contender) {
                eprintln!("bench: {contender:?}, {size} items …");
                report.rows.push(measure(&arguments, contender, size).await?);
            }
        }
    }
    match arguments.format {
        Format::Table => println!("{}", report.table()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report.json())?),
    }
    Ok(())
}

async fn measure(arguments: &Arguments, contender: Contender, size: i64) -> anyhow::Result<Row> {
    let time = Duration::from_secs(arguments.seconds);
    match contender {
        Contender::Sqlite => {
            let folder = tempfile::tempdir_in(&arguments.folder)?;
            let file = folder.path().join("kollega.db");
            Store::open(&file).await?;
            fill::sqlite(&file, size, arguments.events).await?;
            let store = Store::open(&file).await?;
            work::measure(&store, contender, size, arguments.workers, time).await
        }
        Contender::Postgres => {
            let address = new_database("kollega", size).await?;
            Store::connect(&address, None, 1).await?;
            fill::postgres(&address, size, arguments.events).await?;
            let store = Store::connect(&address, None, arguments.workers).await?;
            let row = work::measure(&store, contender, size, arguments.workers, time).await;
            drop(store);
            drop_database("kollega", size).await?;
            row
        }
        Contender::Graphile => {
            let address = new_database("graphile", size).await?;
            let rate = graphile(arguments, &address, size).await?;
            drop_database("graphile", size).await?;
            Ok(Row { contender, size, rate, claim: None, enqueue: None, complete: None, lists: Vec::new() })
        }
    }
}

/// Runs graphile-worker: jobs completed a second, each of which enqueued another.
async fn graphile(arguments: &Arguments, address: &str, size: i64) -> anyhow::Result<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/queue/graphile.mjs");
    let numbers = [size.to_string(), arguments.workers.to_string(), arguments.seconds.to_string()];
    let output = tokio::process::Command::new("node")
        .arg(script)
        .arg(address)
        .args(numbers)
        .env("KOLLEGA_BENCH_PEERS", arguments.peers.canonicalize()?)
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("node")?;
    ensure!(output.status.success(), "graphile-worker ended with {}", output.status);
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    answer["rate"].as_f64().context("graphile-worker gave no rate")
}

/// A new, empty database on the PostgreSQL of the run.
async fn new_database(name: &str, size: i64) -> anyhow::Result<String> {
    let server = server()?;
    on_server(&server, &format!("drop database if exists bench_{name}_{size} with (force)")).await?;
    on_server(&server, &format!("create database bench_{name}_{size}")).await?;
    let (host, _) = server.rsplit_once('/').context("an address with a database")?;
    Ok(format!("{host}/bench_{name}_{size}"))
}

async fn drop_database(name: &str, size: i64) -> anyhow::Result<()> {
    on_server(&server()?, &format!("drop database bench_{name}_{size} with (force)")).await
}

fn server() -> anyhow::Result<String> {
    std::env::var("KOLLEGA_TEST_POSTGRES").context("KOLLEGA_TEST_POSTGRES is not set: run scripts/bench queue")
}

async fn on_server(server: &str, sql: &str) -> anyhow::Result<()> {
    let mut connection = sqlx::PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
