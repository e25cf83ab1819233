//! Chaos: real workers, nodes and practice systems, and whatever can die is killed; nothing is lost, nothing made twice.
//!
//! A small number of kills in the ordinary tests; `scripts/chaos` runs [`as_asked`] with any number. What is injected and
//! how it is judged is told in `docs/chaos.md`.

mod judge;
mod plan;
mod supervisor;
mod trial;

use std::io::Write as _;

use plan::Plan;
use trial::Trial;

use crate::database::Database;

/// What a trial is to be.
#[derive(Debug, Clone)]
pub struct Options {
    pub kills: usize,
    pub seed: u64,
    pub database: Database,
    /// With Chromium on Akten, instead of calls to the ledger.
    pub browser: bool,
    /// How many processes `kollega worker`.
    pub workers: usize,
    /// How many processes `kollega serve`: a scheduler, a worker and the console each.
    pub nodes: usize,
}

impl Options {
    fn new(kills: usize, seed: u64, database: Database, browser: bool) -> Self {
        let (workers, nodes) = if browser { (2, 1) } else { (4, 2) };
        Self { kills, seed, database, browser, workers, nodes }
    }

    /// Reads `--kills N --seed S --db sqlite|postgres [--browser] [--workers N]`.
    fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1));
        let number = |flag: &str, otherwise: usize| {
            after(flag).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{flag} {text}: not a number")))
        };
        let database = match after("--db").copied().unwrap_or("sqlite") {
            "sqlite" => Database::Sqlite,
            "postgres" => Database::Postgres,
            other => panic!("--db {other}: write sqlite or postgres"),
        };
        let seed = number("--seed", 1) as u64;
        let plain = Self::new(number("--kills", 100), seed, database, words.contains(&"--browser"));
        let workers = number("--workers", if plain.browser { 3 } else { 8 });
        Self { workers, nodes: number("--nodes", plain.nodes), ..plain }
    }
}

/// Runs a trial to its end, says what came of it, and holds it to it: nothing lost, nothing twice.
async fn run(options: Options) {
    let mut trial = Box::pin(Trial::begin(&options)).await;
    for step in Plan::of(&options) {
        Box::pin(trial.suffer(step)).await;
        if trial.kills() >= options.kills {
            break;
        }
    }
    Box::pin(trial.calm_down()).await;
    let verdict = Box::pin(trial.judge()).await;
    // Shown by `--nocapture`, and with a failed test.
    drop(writeln!(std::io::stdout(), "{verdict}"));
    assert!(verdict.is_good(), "{verdict}\n{}", verdict.wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_by_calls_on_sqlite() {
    run(Options::new(40, 1, Database::Sqlite, false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_by_calls_on_postgres() {
    run(Options::new(40, 2, Database::Postgres, false)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_made_twice_by_browsers() {
    run(Options::new(8, 3, Database::Sqlite, true)).await;
}

/// For `scripts/chaos`, and a longer trial in `scripts/test --all`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: scripts/chaos, scripts/test --all"]
async fn as_asked() {
    let line = std::env::var("KOLLEGA_CHAOS").unwrap_or_else(|_| "--kills 500 --seed 4 --db sqlite".into());
    run(Options::read(&line)).await;
}

#[test]
fn the_same_seed_gives_the_same_plan() {
    let plan = |seed| {
        let options = Options::new(1, seed, Database::Postgres, false);
        Plan::of(&options).take(500).map(|step| format!("{step:?}")).collect::<Vec<_>>()
    };
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
}
