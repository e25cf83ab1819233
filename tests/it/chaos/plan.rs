//! What is done to the processes and when, drawn from a seed: the same seed, the same plan.

use std::time::Duration;

use super::Options;
use crate::database::Database;

/// What happens to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of a worker.
    KillWorker(usize),
    /// `kill -9` of a node.
    KillNode(usize),
    /// `kill -9` of one of the browsers' processes.
    KillBrowser(usize),
    /// `kill -9` of a chromedriver.
    KillDriver(usize),
    /// `kill -9` of the guard of a worker or a node.
    KillGuard(usize),
    /// SIGSTOP of a worker for longer than its lease, then SIGCONT.
    StopWorker(usize),
    /// PostgreSQL is stopped at once, as by `pg_ctl stop -m immediate`, and started again.
    RestartDatabase,
    /// Every process at the same moment, as when a machine dies.
    KillAll,
}

/// One thing that happens, after a wait.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub after: Duration,
    pub fault: Fault,
}

/// An endless plan.
pub struct Plan {
    options: Options,
    state: u64,
}

impl Plan {
    pub fn of(options: &Options) -> Self {
        Self { options: options.clone(), state: options.seed }
    }

    /// The next draw below `limit` (SplitMix64).
    fn draw(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 32).expect("32 bits") % limit
    }

    fn fault(&mut self) -> Fault {
        let kind = self.draw(1000);
        let worker = self.draw(self.options.workers);
        let node = self.draw(self.options.nodes);
        let any = self.draw(1 << 20);
        let together = match self.options.database {
            Database::Sqlite => Fault::KillAll,
            Database::Postgres => Fault::RestartDatabase,
        };
        match kind {
            0..5 => together,
            5..8 => Fault::KillAll,
            8..20 => Fault::StopWorker(worker),
            20..30 => Fault::KillGuard(any),
            30..200 => Fault::KillNode(node),
            200..500 if self.options.browser => Fault::KillBrowser(any),
            500..650 if self.options.browser => Fault::KillDriver(any),
            _ => Fault::KillWorker(worker),
        }
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        // A life of two seconds, or of four with a browser, is long enough for some items, and ends anywhere in one.
        let mean = (if self.options.browser { 3000 } else { 1600 }) / self.options.workers;
        let after = Duration::from_millis(u64::try_from(self.draw(2 * mean)).expect("milliseconds"));
        Some(Step { after, fault: self.fault() })
    }
}
