//! What was measured, as a table and as JSON.

use std::time::Duration;

use decision::RuleBook;
use serde_json::{Value as Json, json};

use super::zen::Measured;

/// What is aimed at: suggestions a second and core.
const GOAL: f64 = 20_000.0;

/// All that was measured.
pub struct Report {
    book: String,
    facts: usize,
    /// Bytes of an answer, the mean.
    answer: f64,
    /// Microseconds of a suggestion in each round: from line to line.
    whole: Vec<f64>,
    /// The same for reading, suggesting and writing.
    parts: [Vec<f64>; 3],
    p99: f64,
    zen: Option<Measured>,
}

impl Report {
    pub fn new(book: &RuleBook, lines: &[String], answers: &[u8]) -> Self {
        let book = format!("{} {}", book.name(), book.version());
        let answer = count(answers.len()) / count(lines.len());
        Self { book, facts: lines.len(), answer, whole: vec![], parts: Default::default(), p99: 0.0, zen: None }
    }

    pub fn round(&mut self, whole: Duration, parts: [Duration; 3]) {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count(self.facts);
        self.whole.push(each(whole));
        for (times, time) in self.parts.iter_mut().zip(parts) {
            times.push(each(time));
        }
    }

    pub fn spread(&mut self, mut each: Vec<Duration>) {
        each.sort();
        self.p99 = each.get(each.len() * 99 / 100).map_or(0.0, |time| time.as_secs_f64() * 1e6);
    }

    pub fn zen(&mut self, measured: Measured) {
        self.zen = Some(measured);
    }

    fn rate(&self) -> f64 {
        1e6 / median(&self.whole)
    }

    fn zen_rate(&self) -> Option<f64> {
        self.zen.as_ref().map(|zen| count(zen.households) / median(&zen.seconds))
    }

    pub fn json(&self) -> Json {
        let [reading, suggesting, writing] = self.parts.each_ref().map(|times| median(times));
        json!({
            "rulebook": self.book, "facts": self.facts, "answer_bytes": self.answer.round(),
            "per_second": self.rate().round(), "us": median(&self.whole), "p99_us": self.p99,
            "reading_us": reading, "suggesting_us": suggesting, "writing_us": writing,
            "goal": GOAL, "met": self.rate() >= GOAL,
            "zen": self.zen.as_ref().map(|zen| json!({"version": zen.version, "households": zen.households,
                "per_second": self.zen_rate().map(f64::round)})),
            "ratio": self.zen_rate().map(|zen| self.rate() / zen),
        })
    }

    pub fn table(&self) -> String {
        let [reading, suggesting, writing] = self.parts.each_ref().map(|times| median(times));
        let met = if self.rate() >= GOAL { "met" } else { "NOT MET" };
        let mut lines = vec![
            format!("Rule book {}; {} different facts, medians of {} rounds", self.book, self.facts, self.whole.len()),
            "Processor time of one core; from a line of JSON to a line of JSON with the whole explanation".to_owned(),
            String::new(),
            "                               a second     µs each    p99 µs".to_owned(),
            format!(
                "Kollega                      {:>10.0}  {:>10.1}  {:>8.1}   goal ≥ {GOAL:.0} a second: {met}",
                self.rate(),
                median(&self.whole),
                self.p99
            ),
            format!("  reading the facts                      {reading:>10.1}"),
            format!("  the suggestion                         {suggesting:>10.1}"),
            format!("  writing the answer ({:.0} bytes)      {writing:>10.1}", self.answer),
        ];
        if let (Some(zen), Some(rate)) = (&self.zen, self.zen_rate()) {
            lines.push(format!("ZEN {:<24} {rate:>10.0}  {:>10.1}", zen.version, 1e6 / rate));
            lines.push(String::new());
            lines.push(format!(
                "Kollega / ZEN {:.1}   ZEN: sums only, of the {} facts that its model covers, all the same as ours",
                self.rate() / rate,
                zen.households
            ));
        }
        lines.join("\n")
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
