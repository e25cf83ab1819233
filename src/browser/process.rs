//! Processes by id and start time, so that an id used again is never taken for the one that was recorded.
//!
//! It reads `/proc` and sends signals; it must not start anything or know what the processes are for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};
use serde::{Deserialize, Serialize};

/// The variable that marks every process of a session, inherited by all that the driver starts.
pub(super) const MARK: &str = "KOLLEGA_SESSION";

/// One process of this boot of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its process id.
    pub pid: i32,
    /// When it started, in the kernel's clock ticks since boot.
    pub started: u64,
}

/// The fields of `/proc/<pid>/stat` that matter here.
struct Stat {
    process: Process,
    parent: i32,
    group: i32,
    zombie: bool,
}

impl Process {
    /// The process that has this id now.
    pub fn of(pid: i32) -> Option<Self> {
        stat(pid).map(|stat| stat.process)
    }

    /// This program.
    pub fn own() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Whether it still runs; a zombie does not.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.process == self && !stat.zombie)
    }

    /// Ends it without asking, if it still is the same process.
    pub fn kill(self) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // The descriptor is opened first: from then on the id can't come to mean another process.
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if Self::of(self.pid) == Some(self) {
            let _ = pidfd_send_signal(&handle, Signal::KILL);
        }
    }

    /// Takes the exit status of an ended process that was handed to us, so that it does not stay as a zombie.
    fn reap(self) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain anything, so the fields are counted from its end.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i32>().ok();
    let started = fields.get(19)?.parse().ok()?;
    let process = Process { pid, started };
    Some(Stat { process, parent: number(1)?, group: number(2)?, zombie: matches!(fields.first(), Some(&("Z" | "X"))) })
}

fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn is_marked(pid: i32, mark: &str) -> bool {
    let expected = format!("{MARK}={mark}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == expected.as_bytes())
}

/// All that belongs to a session: the roots, what they started, the driver's group, and whatever carries the mark.
fn members(roots: &[Process], mark: &str) -> Vec<Stat> {
    let all = all();
    let mut found: BTreeSet<i32> = all
        .iter()
        .filter(|stat| roots.contains(&stat.process) || (!mark.is_empty() && is_marked(stat.process.pid, mark)))
        .map(|stat| stat.process.pid)
        .collect();
    // The driver leads a group. While one of ours is in it, its number can't have come to mean another group, so the
    // rest of it is ours too, also when the driver itself is gone.
    let led: BTreeSet<i32> = roots.iter().map(|root| root.pid).collect();
    let ours = |found: &BTreeSet<i32>, group: i32| {
        led.contains(&group) && all.iter().any(|stat| stat.group == group && found.contains(&stat.process.pid))
    };
    loop {
        let more: Vec<i32> = all
            .iter()
            .filter(|stat| found.contains(&stat.parent) || ours(&found, stat.group))
            .map(|stat| stat.process.pid)
            .filter(|pid| !found.contains(pid))
            .collect();
        if more.is_empty() {
            break;
        }
        found.extend(more);
    }
    all.into_iter().filter(|stat| found.contains(&stat.process.pid)).collect()
}

/// Ends every process of a session and waits until none runs; true when that succeeded.
///
/// It may block for two seconds at most, and looks again after each round, for what was started meanwhile.
pub(super) fn end_all(roots: &[Process], mark: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(2);
    let mut known: BTreeSet<Process> = roots.iter().copied().collect();
    loop {
        let members = members(roots, mark);
        known.extend(members.iter().map(|stat| stat.process));
        for process in &known {
            process.kill();
        }
        for process in known.iter().filter(|process| !process.is_alive()) {
            process.reap();
        }
        if known.iter().all(|process| !process.is_alive()) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ends one process, and not what it has started, and waits until it does not run; true when that succeeded.
pub(super) fn end_one(process: Process) -> bool {
    let deadline = Instant::now() + Duration::from_secs(2);
    process.kill();
    while process.is_alive() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Makes this program the one that orphans of its children are handed to, instead of the first process of the machine.
pub(super) fn adopt_orphans() {
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Tells this machine, or this container, from any other.
pub(super) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    format!("{} {}", read("/etc/machine-id"), read("/proc/sys/kernel/hostname"))
}

/// Tells this boot of the machine from any other.
pub(super) fn boot() -> String {
    kernel_id("boot_id")
}

/// An id that no other session has.
pub(super) fn new_id() -> String {
    kernel_id("uuid")
}

fn kernel_id(name: &str) -> String {
    let text = fs::read_to_string(Path::new("/proc/sys/kernel/random").join(name));
    text.expect("Linux has its random ids in /proc").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_the_same_id_and_another_start_is_not_the_same() {
        let own = Process::own().expect("this test runs");
        let other = Process { started: own.started + 1, ..own };
        other.kill();
        assert!(own.is_alive());
        assert!(!other.is_alive());
    }
}
