//! Measures one ten-field form: Kollega with its full journal on disk, beside the ways people would do it otherwise.
//!
//! `scripts/bench form`. What is measured, and what is not, stands in `docs/speed.md`.
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod contender;
mod report;
mod rows;
mod site;
mod usage;
mod webdriver;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::Value;

use contender::{Contender, Place};
use report::{Report, Rounds};
use rows::Row;
use site::{Site, Visit};
use usage::Sampler;

/// How long one round of one contender may take.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(Debug, Parser)]
#[command(name = "scripts/bench form")]
struct Arguments {
    /// Submissions that are measured in each round, after one to warm up
    #[arg(long, default_value_t = 50)]
    submissions: usize,
    /// Rounds; the contenders take turns within each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Contender>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The folder with `node_modules` and `venv`
    #[arg(long, env = "KOLLEGA_BENCH_CACHE", default_value = ".")]
    cache: PathBuf,
    /// Keep what the contenders wrote
    #[arg(long)]
    keep: bool,
    /// `cargo bench` adds it
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Be one of the contenders that are written by hand
    #[command(hide = true)]
    ByHand { way: webdriver::Way, task: PathBuf },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.role {
        // One thread, as little as a client can be.
        Some(Role::ByHand { way, task }) => {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(by_hand(way, &task))
        }
        None => tokio::runtime::Runtime::new()?.block_on(measure(arguments)),
    }
}

async fn by_hand(way: webdriver::Way, task: &Path) -> anyhow::Result<()> {
    webdriver::submit(way, &serde_json::from_str::<Value>(&std::fs::read_to_string(task)?)?).await
}

async fn measure(arguments: Arguments) -> anyhow::Result<()> {
    ensure!(arguments.submissions >= 1 && arguments.rounds >= 1, "at least one submission and one round");
    // Whatever a contender leaves behind is handed to this program: it is counted, and ended.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let sampler = Arc::new(Sampler::default());
    let site = Site::start(Arc::clone(&sampler)).await?;
    let rows = rows::rows(arguments.submissions);
    let chosen: Vec<Contender> =
        Contender::ALL.into_iter().filter(|one| arguments.only.is_empty() || arguments.only.contains(one)).collect();
    let mut all: Vec<Rounds> =
        chosen.iter().map(|contender| Rounds { contender: *contender, visits: Vec::new() }).collect();
    for round in 0..arguments.rounds {
        // They take turns at going first, so that neither a warm nor a tired machine favours one.
        let count = all.len();
        for place in 0..count {
            let rounds = &mut all[(place + round) % count];
            eprintln!("round {} of {}: {}", round + 1, arguments.rounds, rounds.contender.title());
            let visit = visit(rounds.contender, &site, &sampler, &rows, &arguments).await;
            rounds.visits.push(visit.with_context(|| format!("{} failed", rounds.contender.title()))?);
        }
    }
    let report = Report::of(&all, &rows, load);
    match arguments.format {
        Format::Table => println!("{}", report.text()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    ensure!(report.all_right(), "values arrived that nobody had given, or did not arrive");
    Ok(())
}

/// One round of one contender.
async fn visit(
    contender: Contender,
    site: &Site,
    sampler: &Sampler,
    rows: &[Row],
    arguments: &Arguments,
) -> anyhow::Result<Visit> {
    // Beside the program, not in /tmp, which may be memory: what is to be on disk is on a disk.
    let mut folder = tempfile::Builder::new().prefix("form-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    if arguments.keep {
        folder.disable_cleanup(true);
        eprintln!("  in {}", folder.path().display());
    }
    let (folder_path, cache) = (folder.path().to_path_buf(), std::path::absolute(&arguments.cache)?);
    let place = Place { folder: folder_path, cache, site: site.address.clone(), rows: rows.to_vec() };
    sampler.reset();
    site.begin(rows.len());
    let output = std::fs::File::create(place.folder.join("output.txt"))?;
    let mut command = contender.command(&place)?;
    let mut child = command
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("failed to start {}", command.as_std().get_program().display()))?;
    let ended = tokio::time::timeout(LIMIT, watch(&mut child, sampler)).await;
    let said = std::fs::read_to_string(place.folder.join("output.txt")).unwrap_or_default();
    match ended {
        Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(site.take()),
        Ok(status) => bail!("it ended with {status:?} and said:\n{said}"),
        Err(_) => bail!("it did not end within {} s and said:\n{said}", LIMIT.as_secs()),
    }
}

/// Waits for a contender and looks at what it uses now and then, so that what ends in between is counted too.
async fn watch(child: &mut tokio::process::Child, sampler: &Sampler) -> std::io::Result<std::process::ExitStatus> {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            status = child.wait() => return status,
            _ = ticks.tick() => drop(sampler.now()),
        }
    }
}
