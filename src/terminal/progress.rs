//! How far long work has come, on standard error: one line that is written over at a terminal, few lines elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Between two states of the line at a terminal; what takes less time shows nothing.
const OVER: Duration = Duration::from_secs(1);
/// Between two lines where they can't be written over, and before the first.
const LINES: Duration = Duration::from_secs(10);

/// How far the work has come.
pub struct Progress {
    what: &'static str,
    total: usize,
    shown: Cell<Instant>,
    /// Whether a line is to be wiped.
    line: Cell<bool>,
}

impl Progress {
    /// Nothing done of `total`: `lagt till 0 av 50 000`.
    pub fn new(what: &'static str, total: usize) -> Self {
        Self { what, total, shown: Cell::new(Instant::now()), line: Cell::new(false) }
    }

    /// So many are done.
    pub fn at(&self, done: usize) {
        let terminal = stderr().is_terminal();
        let wait = if terminal { OVER } else { LINES };
        if self.shown.get().elapsed() < wait {
            return;
        }
        self.shown.set(Instant::now());
        self.line.set(true);
        let text = text(self.what, done, self.total);
        let mut out = stderr().lock();
        let _ = if terminal { write!(out, "\r{text}") } else { writeln!(out, "{text}") };
        let _ = out.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.line.get() && stderr().is_terminal() {
            let _ = write!(stderr().lock(), "\r{:60}\r", "");
        }
    }
}

fn text(what: &str, done: usize, total: usize) -> String {
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    format!("{what} {done} av {total} rader ({percent} %)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_has_come() {
        assert_eq!(text("kontrollerat", 500, 2000), "kontrollerat 500 av 2000 rader (25 %)");
        assert_eq!(text("lagt till", 0, 0), "lagt till 0 av 0 rader (100 %)");
    }
}
