//! What was measured, as a table and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::Contender;

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Spread {
    pub median: f64,
    pub p99: f64,
}

impl Spread {
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).map(|time| time.as_secs_f64() * 1000.0);
        Some(Self { median: at(50)?, p99: at(99)? })
    }
}

/// One contender with one number of items.
#[derive(Debug)]
pub struct Row {
    pub contender: Contender,
    pub size: i64,
    /// Items enqueued, claimed and completed a second.
    pub rate: f64,
    pub claim: Option<Spread>,
    pub enqueue: Option<Spread>,
    pub complete: Option<Spread>,
    /// What people look at, in milliseconds.
    pub lists: Vec<(&'static str, f64)>,
}

#[derive(Debug, Default)]
pub struct Report {
    pub rows: Vec<Row>,
}

impl Report {
    /// How Kollega's rate on PostgreSQL is to graphile-worker's with as many items.
    fn ratio(&self, row: &Row) -> Option<f64> {
        let peer = self.rows.iter().find(|peer| peer.contender == Contender::Graphile && peer.size == row.size)?;
        (row.contender == Contender::Postgres).then(|| row.rate / peer.rate)
    }

    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "contender": row.contender, "items": row.size, "per_second": row.rate, "claim_ms": row.claim,
                "enqueue_ms": row.enqueue, "complete_ms": row.complete, "ratio": self.ratio(row),
                "lists_ms": row.lists.iter().map(|(name, ms)| ((*name).to_owned(), json!(ms))).collect::<serde_json::Map<_, _>>(),
            })
        });
        rows.collect()
    }

    pub fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{:<10} {:>9} {:>8} {:>12} {:>12} {:>12}  {:>6}",
            "", "items", "per s", "enqueue ms", "claim ms", "complete ms", "ratio"
        );
        let spread =
            |spread: Option<Spread>| spread.map_or("–".into(), |s| format!("{:.1} / {:.1}", s.median, s.p99));
        for row in &self.rows {
            let name = format!("{:?}", row.contender);
            let ratio = self.ratio(row).map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            let (enqueue, claim, complete) = (spread(row.enqueue), spread(row.claim), spread(row.complete));
            let _ = writeln!(
                text,
                "{name:<10} {:>9} {:>8.0} {enqueue:>12} {claim:>12} {complete:>12}  {ratio:>6}",
                row.size, row.rate
            );
        }
        text.push_str(
            "\nmedian / p99. ratio: Kollega on PostgreSQL to graphile-worker, which keeps no journal\n\nLists, ms\n",
        );
        for row in self.rows.iter().filter(|row| !row.lists.is_empty()) {
            let lists: Vec<String> = row.lists.iter().map(|(name, ms)| format!("{name} {ms:.1}")).collect();
            let _ = writeln!(text, "{:?} {}: {}", row.contender, row.size, lists.join(", "));
        }
        text
    }
}
