//! What a contender uses: the processor time of its own processes and of all that it started, and its peak of memory.
//!
//! Reads `/proc`. A process that ended between two looks is counted as it was at the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;

/// Processor time in milliseconds since the contender began, and memory in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// The contender's own processes: not the driver, not the browser.
    pub client_ms: u64,
    pub all_ms: u64,
    /// The peak of resident memory of the contender's own processes, added.
    pub client_peak_kib: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    is_client: bool,
    ms: u64,
    peak_kib: u64,
}

/// Looks at everything that descends from this program. It adopts orphans, so nothing escapes.
#[derive(Debug, Default)]
pub struct Sampler {
    /// By process id and start time.
    seen: Mutex<BTreeMap<(i32, u64), Spent>>,
}

/// Clock ticks are a hundredth of a second in `/proc`, whatever the kernel's own are.
const MS_PER_TICK: u64 = 10;

impl Sampler {
    /// Forgets the contender before.
    pub fn reset(&self) {
        self.lock().clear();
    }

    /// What has been used up to now.
    pub fn now(&self) -> Usage {
        let mut seen = self.lock();
        for (key, spent) in look() {
            seen.insert(key, spent);
        }
        let mut usage = Usage::default();
        for spent in seen.values() {
            usage.all_ms += spent.ms;
            if spent.is_client {
                usage.client_ms += spent.ms;
                usage.client_peak_kib += spent.peak_kib;
            }
        }
        usage
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(i32, u64), Spent>> {
        self.seen.lock().expect("nobody panics while holding this")
    }
}

struct Stat {
    pid: i32,
    parent: i32,
    started: u64,
    ms: u64,
}

fn look() -> Vec<((i32, u64), Spent)> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let all: Vec<Stat> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| stat(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut ours = BTreeSet::from([own]);
    loop {
        let more: Vec<i32> = all
            .iter()
            .filter(|stat| ours.contains(&stat.parent) && !ours.contains(&stat.pid))
            .map(|stat| stat.pid)
            .collect();
        if more.is_empty() {
            break;
        }
        ours.extend(more);
    }
    let of_contender = all.into_iter().filter(|stat| stat.pid != own && ours.contains(&stat.pid));
    of_contender.map(|stat| ((stat.pid, stat.started), spent(&stat))).collect()
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let ticks = number(11)? + number(12)?;
    Some(Stat { pid, parent: fields.get(1)?.parse().ok()?, started: number(19)?, ms: ticks * MS_PER_TICK })
}

fn spent(stat: &Stat) -> Spent {
    let program = fs::read_link(format!("/proc/{}/exe", stat.pid)).ok();
    let name = program.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let is_client = name.is_some_and(|name| !name.contains("chrom"));
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", stat.pid)).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
    };
    Spent { is_client, ms: stat.ms, peak_kib: if is_client { peak().unwrap_or_default() } else { 0 } }
}
