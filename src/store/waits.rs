//! What is left to do: now, soon, or when a later time comes.

use std::time::Duration;

use super::items::but;
use super::query::Query;
use super::{Result, Store, made, places};
use crate::model::{RunId, time_text};

/// What is to be done again within this time is still waited for: a try after a failure, for the most part.
pub(super) const SOON: Duration = Duration::from_mins(10);

/// After every stored time.
const FAR: &str = "9999";

/// What goes on by itself: not what waits for a circuit that only a person or a new secret closes.
const GOES_ON: &str =
    "(circuit is null or circuit not in (select id from circuits where state = 'open' and retry_at is null))";

/// Whose work is meant.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// That of these pools.
    Pools(&'a [String]),
    /// One run and its items.
    Run(&'a RunId),
}

/// The items that go on by themselves at a later time.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Waits {
    pub count: i64,
    /// The one whose time comes first.
    pub reference: String,
    /// When that is, UTC.
    pub first: String,
    /// When the time of the last comes.
    pub last: String,
}

impl Whose<'_> {
    /// Which rows these are, by parameters from `$first` on; `run` is where a run's id stands.
    fn filter(self, run: &str, first: usize) -> String {
        match self {
            Self::Pools(pools) => format!("pool in ({})", places(first, pools.len())),
            Self::Run(_) => format!("{run} = ${first}"),
        }
    }

    /// How many parameters those are.
    fn parameters(self) -> usize {
        match self {
            Self::Pools(pools) => pools.len(),
            Self::Run(_) => 1,
        }
    }

    fn bind(self, query: Query) -> Query {
        match self {
            Self::Pools(pools) => query.bind_all(pools),
            Self::Run(run) => query.bind(run),
        }
    }
}

impl Store {
    /// Whether anything of these can be worked on now or soon; waiting for a person does not count, nor waiting for a
    /// circuit that only a person or a new secret closes, nor for a time that is further away, nor what is left to others.
    pub async fn anything_to_do(&self, whose: Whose<'_>, except: &[String]) -> Result<bool> {
        let after = 2 + whose.parameters();
        let but_items = but("items", after, except.len());
        let items = format!("{}{but_items}", whose.filter("run", 2));
        // What a run before it left behind, when it was killed, is waited for with a run's own: its lease ends soon.
        let at_hand = match whose {
            Whose::Pools(_) => items.clone(),
            Whose::Run(_) => format!("bot = (select mine.bot from runs as mine where mine.id = $2){but_items}"),
        };
        let runs = format!("{}{}", whose.filter("id", 2), but("runs", after, except.len()));
        // Each finds the first entry of an index and looks no further.
        let parts = [
            format!("items where state = 'ready' and {at_hand}"),
            format!("items where state = 'in_progress' and {at_hand}"),
            format!("items where state = 'deferred' and not_before <= $1 and {GOES_ON} and {items}"),
            format!("runs where state = 'running' and {runs}"),
            format!(
                "runs where state = 'queued' and (not_before is null or not_before <= $1) and {GOES_ON} and {runs}"
            ),
        ]
        .map(|part| format!("(select count(*) from (select 1 from {part} limit 1) as one)"));
        let soon = time_text(self.now().await? + SOON);
        let open = made(format!("select {}", parts.join(" + "))).bind(soon);
        let open: i64 = whose.bind(open).bind_all(except).fetch_value(self).await?;
        Ok(open > 0)
    }

    /// The items of these whose time has not come; with `soon` only those that are waited for.
    pub async fn waits(&self, whose: Whose<'_>, soon: bool) -> Result<Option<Waits>> {
        let now = self.now().await?;
        let filter = whose.filter("run", 3);
        let until = if soon { time_text(now + SOON) } else { FAR.into() };
        let sql = format!(
            "with waiting as (select reference, not_before from items
                 where state in ('ready', 'deferred') and not_before > $1 and not_before <= $2 and {GOES_ON} and {filter})
             select reference, not_before as first, (select count(*) from waiting) as count,
                 (select max(not_before) from waiting) as last
             from waiting order by not_before, reference limit 1"
        );
        whose.bind(made(sql).bind(time_text(now)).bind(until)).fetch_optional(self).await
    }
}
