//! What came out: a table for people, JSON for programs, and the ratios that are aimed at.

use std::fs;
use std::time::Duration;

use serde::Serialize;

use super::contender::Contender;
use super::rows::{FIELDS, Row};
use super::site::Visit;

/// One contender's figures over all rounds. Milliseconds and processor time are for one submission.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub id: &'static str,
    #[serde(skip)]
    title: &'static str,
    submissions: usize,
    median_ms: f64,
    mean_ms: f64,
    client_cpu_ms: f64,
    all_cpu_ms: f64,
    client_peak_mib: f64,
    values_right: usize,
    values_expected: usize,
}

/// One contender's rounds.
#[derive(Debug)]
pub struct Rounds {
    pub contender: Contender,
    pub visits: Vec<Visit>,
}

/// A ratio between two contenders' medians in this run, and what it is to be.
#[derive(Debug, Serialize)]
struct Ratio {
    name: &'static str,
    value: f64,
    goal: String,
    met: bool,
}

/// The whole outcome.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: Machine,
    rounds: usize,
    contenders: Vec<Figures>,
    ratios: Vec<Ratio>,
}

#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    memory_gib: f64,
    system: String,
    browser: String,
    /// The load that was there before the first contender started.
    load_before: String,
}

impl Machine {
    fn describe(load_before: String) -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let value = |file: &str, key: &str| {
            let text = read(file);
            let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
            line[line.find([':', '=']).map_or(0, |at| at + 1)..].trim().trim_matches('"').to_owned()
        };
        let memory = value("/proc/meminfo", "MemTotal");
        let kib: f64 = memory.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease");
        let version = std::process::Command::new("/usr/lib/chromium/chromium").arg("--version").output();
        Self {
            processor: value("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: round(kib / 1024.0 / 1024.0),
            system: format!("{}, Linux {}", value("/etc/os-release", "PRETTY_NAME"), kernel.trim()),
            browser: version.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default(),
            load_before,
        }
    }
}

impl Report {
    /// Reckons the figures; `load_before` is the machine's load before anything was started.
    pub fn of(all: &[Rounds], rows: &[Row], load_before: String) -> Self {
        let contenders: Vec<Figures> = all.iter().map(|rounds| figures(rounds, rows)).collect();
        let ratios = ratios(&contenders);
        let rounds = all.iter().map(|rounds| rounds.visits.len()).max().unwrap_or_default();
        Self { machine: Machine::describe(load_before), rounds, contenders, ratios }
    }

    /// Every value that every contender submitted was the one it was given.
    pub fn all_right(&self) -> bool {
        self.contenders.iter().all(|one| one.values_right == one.values_expected)
    }

    /// The table.
    pub fn text(&self) -> String {
        let machine = &self.machine;
        let mut lines = vec![
            format!("{}, {} cores, {} GiB; {}", machine.processor, machine.cores, machine.memory_gib, machine.system),
            format!("{}; load before the run: {}", machine.browser, machine.load_before),
            format!("{} rounds; every figure is for one submission of the ten-field form", self.rounds),
            String::new(),
            format!(
                "{:<34}{:>11}{:>9}{:>15}{:>13}{:>14}  values right",
                "", "median ms", "mean ms", "client CPU ms", "all CPU ms", "client MiB"
            ),
        ];
        lines.extend(self.contenders.iter().map(|one| {
            format!(
                "{:<34}{:>11.1}{:>9.1}{:>15.1}{:>13.1}{:>14.1}  {}/{}",
                one.title,
                one.median_ms,
                one.mean_ms,
                one.client_cpu_ms,
                one.all_cpu_ms,
                one.client_peak_mib,
                one.values_right,
                one.values_expected
            )
        }));
        lines.push(String::new());
        lines.extend(self.ratios.iter().map(|ratio| {
            let met = if ratio.met { "met" } else { "NOT MET" };
            format!("{:<52}{:>6.2}   goal {:<7} {met}", ratio.name, ratio.value, ratio.goal)
        }));
        lines.join("\n")
    }
}

fn figures(rounds: &Rounds, rows: &[Row]) -> Figures {
    let mut times: Vec<f64> =
        rounds.visits.iter().flat_map(intervals).map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let count = times.len().max(1);
    let used = |of: fn(&super::usage::Usage) -> u64| {
        let spent = |visit: &Visit| Some(of(&visit.last?).saturating_sub(of(&visit.first?)));
        let total: u64 = rounds.visits.iter().filter_map(spent).sum();
        as_float(total) / float(count)
    };
    let peak = rounds.visits.iter().filter_map(|visit| Some(visit.last?.client_peak_kib)).max().unwrap_or_default();
    Figures {
        id: rounds.contender.id(),
        title: rounds.contender.title(),
        submissions: times.len(),
        median_ms: round(median(&times)),
        mean_ms: round(times.iter().sum::<f64>() / float(count)),
        client_cpu_ms: round(used(|usage| usage.client_ms)),
        all_cpu_ms: round(used(|usage| usage.all_ms)),
        client_peak_mib: round(as_float(peak) / 1024.0),
        values_right: rounds.visits.iter().map(|visit| values_right(visit, rows)).sum(),
        values_expected: rounds.visits.len() * rows.len() * FIELDS.len(),
    }
}

/// From one submission to the next, by the site's clock: everything that a contender does for one is between them.
fn intervals(visit: &Visit) -> Vec<Duration> {
    visit.received.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

/// How many values arrived as they were given; of a submission that is missing, doubled or out of order, none.
fn values_right(visit: &Visit, rows: &[Row]) -> usize {
    if visit.received.len() != rows.len() {
        return 0;
    }
    let right = |(received, row): (&super::site::Received, &Row)| {
        if received.reference != row.reference || received.values.len() != FIELDS.len() {
            return 0;
        }
        let expected = FIELDS.iter().zip(&row.values);
        let same = |((name, value), arrived): &((&&str, &String), &(String, String))| {
            **name == arrived.0 && **value == arrived.1
        };
        expected.zip(&received.values).filter(same).count()
    };
    visit.received.iter().zip(rows).map(right).sum()
}

fn ratios(contenders: &[Figures]) -> Vec<Ratio> {
    use Contender::{Bound, Kollega, KollegaShell, Playwright, RobotFramework};
    let median = |wanted: Contender| contenders.iter().find(|one| one.id == wanted.id()).map(|one| one.median_ms);
    let at_most = |name, above, below, goal: f64| {
        let value = round2(median(above)? / median(below)?);
        Some(Ratio { name, value, goal: format!("≤ {goal}"), met: value <= goal })
    };
    let at_least = |name, above, below, goal: f64| {
        let value = round2(median(above)? / median(below)?);
        Some(Ratio { name, value, goal: format!("≥ {goal}"), met: value >= goal })
    };
    [
        at_most("Kollega / one script a page", Kollega, Bound, 1.3),
        at_least("Playwright fill / Kollega", Playwright, Kollega, 2.5),
        at_least("Robot Framework / Kollega", RobotFramework, Kollega, 7.0),
        at_least("Playwright fill / Kollega with headless-shell", Playwright, KollegaShell, 4.0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

fn float(count: usize) -> f64 {
    as_float(count as u64)
}

/// Far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts, milliseconds and KiB of a few minutes")]
fn as_float(number: u64) -> f64 {
    number as f64
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn round2(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
