//! Measures the rule book: how many suggestions a second one core gives, each with its whole explanation, from a line of
//! JSON to a line of JSON; beside the rules engine ZEN evaluating the same tables.
//!
//! `scripts/bench rules`. What is measured, and what is not, stands in `docs/speed.md`.
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod facts;
mod model;
mod report;
mod zen;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};
use decision::RuleBook;
use decision::strict_json::Strict;
use rustix::time::{ClockId, clock_gettime};

use report::Report;

/// As in `kollega`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "scripts/bench rules")]
struct Arguments {
    /// How many different facts are answered in each round
    #[arg(long, default_value_t = 20_000)]
    facts: usize,
    /// How many rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where the generated facts begin
    #[arg(long, default_value_t = 2025)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Only writes the facts to this file, a line each
    #[arg(long)]
    write: Option<PathBuf>,
    /// Only answers the facts of this file on standard output, so that two builds can be compared
    #[arg(long)]
    answer: Option<PathBuf>,
    /// The folder with `node_modules`; without it only Kollega is measured
    #[arg(long, hide = true)]
    peers: Option<PathBuf>,
    /// `cargo bench` adds it
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand");
    let Ok(book) = RuleBook::load(&folder) else { bail!("the shipped rule book can't be read") };
    if let Some(file) = &arguments.answer {
        let lines: Vec<String> = std::fs::read_to_string(file)?.lines().map(str::to_owned).collect();
        return Ok(std::io::stdout().write_all(&answers(&book, &lines))?);
    }
    let generated = facts::Generated::new(&book, arguments.seed).take(arguments.facts);
    if let Some(file) = &arguments.write {
        let mut out = BufWriter::new(File::create(file).context("the file can't be written")?);
        for facts in generated {
            writeln!(out, "{facts}")?;
        }
        return Ok(out.flush()?);
    }
    let lines: Vec<String> = generated.map(|facts| facts.to_string()).collect();
    let mut report = Report::new(&book, &lines, &answers(&book, &lines));
    for _ in 0..arguments.rounds {
        report.round(whole(&book, &lines), parts(&book, &lines));
    }
    report.spread(each(&book, &lines));
    if let Some(peers) = &arguments.peers {
        report.zen(zen::measure(&book, &folder, &lines, peers, arguments.rounds)?);
    }
    match arguments.format {
        Format::Table => println!("{}", report.table()),
        Format::Json => println!("{:#}", report.json()),
    }
    Ok(())
}

/// The answers to all lines, one after the other.
fn answers(book: &RuleBook, lines: &[String]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        book.answer_line(line.as_bytes(), &mut text).expect("only facts that are right are generated");
        text.push(b'\n');
    }
    text
}

/// The processor time of this thread: what other programs do is not in it.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = processor_time();
    work();
    processor_time().saturating_sub(start)
}

/// From line to line, as `kollega suggest --batch` does it.
fn whole(book: &RuleBook, lines: &[String]) -> Duration {
    let mut text = Vec::new();
    timed(|| {
        for line in lines {
            text.clear();
            book.answer_line(line.as_bytes(), &mut text).expect("facts that are right");
            std::hint::black_box(&text);
        }
    })
}

/// Reading, suggesting and writing, each by itself.
fn parts(book: &RuleBook, lines: &[String]) -> [Duration; 3] {
    let mut spent = [Duration::ZERO; 3];
    for lines in lines.chunks(500) {
        let (mut facts, mut suggestions) = (Vec::new(), Vec::new());
        spent[0] +=
            timed(|| facts.extend(lines.iter().map(|line| serde_json::from_str::<Strict>(line).expect("JSON"))));
        spent[1] +=
            timed(|| suggestions.extend(facts.iter().map(|facts| book.suggest(&facts.0).expect("a suggestion"))));
        spent[2] += timed(|| {
            for suggestion in &suggestions {
                std::hint::black_box(serde_json::to_vec(suggestion).expect("JSON"));
            }
        });
    }
    spent
}

/// Each line by itself.
fn each(book: &RuleBook, lines: &[String]) -> Vec<Duration> {
    let mut text = Vec::new();
    let one = |line: &String| {
        timed(|| {
            text.clear();
            book.answer_line(line.as_bytes(), &mut text).expect("facts that are right");
        })
    };
    lines.iter().map(one).collect()
}
