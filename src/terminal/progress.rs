//! How far long work has come, on standard error: one line that is written over at a terminal, few lines elsewhere.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Between two states of the line at a terminal; what takes less time shows nothing.
const OVER: Duration = Duration::from_secs(1);
/// Between two lines where they can't be written over, and before the first.
const LINES: Duration = Duration::from_secs(10);

/// How far the work has come.
pub struct Progress {
    told: Cell<Instant>,
    /// The line as it was told last; empty: none yet.
    line: RefCell<String>,
}

impl Progress {
    /// Begins now; nothing is told yet.
    pub fn begin() -> Self {
        Self { told: Cell::new(Instant::now()), line: RefCell::default() }
    }

    /// So many of all are done.
    pub fn at(&self, what: &str, done: usize, total: usize) {
        self.say(|| rows(what, done, total));
    }

    /// Whether it is time to tell something.
    pub fn is_due(&self) -> bool {
        self.told.get().elapsed() >= if stderr().is_terminal() { OVER } else { LINES }
    }

    /// Tells this, if it is time and not what was told last.
    pub fn say(&self, text: impl FnOnce() -> String) {
        if !self.is_due() {
            return;
        }
        let terminal = stderr().is_terminal();
        self.told.set(Instant::now());
        let text = text();
        if self.line.replace(text.clone()) == text {
            return;
        }
        let mut out = stderr().lock();
        // That the line can't be written stops nothing.
        let _ = if terminal { write!(out, "\r\x1b[K{text}") } else { writeln!(out, "{text}") };
        let _ = out.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if !self.line.borrow().is_empty() && stderr().is_terminal() {
            let _ = write!(stderr().lock(), "\r\x1b[K");
        }
    }
}

fn rows(what: &str, done: usize, total: usize) -> String {
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    format!("{what} rad {done} av {total} ({percent} %)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_has_come() {
        assert_eq!(rows("kontrollerat", 500, 2000), "kontrollerat rad 500 av 2000 (25 %)");
        assert_eq!(rows("lagt till", 0, 0), "lagt till rad 0 av 0 (100 %)");
    }
}
