//! Runs that are to stop: asked first, then no longer waited for; what is left of them waits for the bot's next run.
//!
//! A run that is asked to stop takes no new items, and each item in hand is let go of after its stage. When the time for
//! that is over, the items in hand are taken from their workers by their tokens. Their leases are left to run out, since
//! a browser lives as long as its lease, and nothing may be verified before it is gone.

use chrono::{DateTime, TimeDelta, Utc};

use super::events::append;
use super::life::changing;
use super::{BY_PERSON, Result, Store, Tx, made, now, query};
use crate::model::{Event, EventKind, ItemId, ItemState, Run, RunId, RunState, parse_time, time_text};

/// The code of items that wait for their bot's next run.
pub const RUN_STOPPED: &str = "run_stopped";

/// What is done about an item in a run that is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its work goes on.
    GoesOn,
    /// It waits for the bot's next run.
    Stops,
}

impl Store {
    /// Asks runs that have gone on for longer than they may to stop, and ends those that have stopped or will not.
    pub async fn stop_runs(&self) -> Result<()> {
        let sql = "select id from runs where state = 'running' and (max_runtime_s is not null or stop_at is not null)";
        let ids: Vec<String> = query(sql).fetch_values(self).await?;
        for id in ids {
            self.stop_run(&RunId(id)).await?;
        }
        Ok(())
    }

    async fn stop_run(&self, id: &RunId) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = format!("select * from runs where id = $1 and state = 'running'{}", tx.for_update());
        let run: Option<Run> = made(sql).bind(id).fetch_optional(&mut tx).await?;
        let now = now(&mut tx).await?;
        let changed = match &run {
            None => false,
            Some(run) => match run.stop_at.as_deref().and_then(parse_time) {
                None if is_over_time(run, now) => {
                    ask(&mut tx, run, now).await?;
                    // Nothing may be in hand at all: then it has stopped.
                    end_if_stopped(&mut tx, run, false, now).await?;
                    true
                }
                None => false,
                Some(asked) => {
                    let grace = TimeDelta::seconds(run.stop_grace_s.unwrap_or(0));
                    end_if_stopped(&mut tx, run, now >= asked + grace, now).await?
                }
            },
        };
        if changed { tx.commit().await } else { tx.roll_back().await }
    }

    /// Whether the work on an item of this run goes on. An item taken over from a worker that would not stop is waiting
    /// for a run that may have begun meanwhile: it goes on there.
    pub async fn standing(&self, item: &ItemId, run: &Run, taken_over: bool) -> Result<Standing> {
        let stopping = run.state == RunState::Running && run.stop_at.is_some();
        let left = taken_over && run.state == RunState::Stopped;
        if !stopping && !left {
            return Ok(Standing::GoesOn);
        }
        let next: Option<(String,)> = query(
            "select id from runs where bot = $1 and state = 'running' and stop_at is null and collected
             order by created_at desc limit 1",
        )
        .bind(&run.bot)
        .fetch_optional(self)
        .await?;
        let Some((next,)) = next.filter(|_| left) else { return Ok(Standing::Stops) };
        query("update items set run = $1 where id = $2").bind(next).bind(item).execute(self).await?;
        Ok(Standing::GoesOn)
    }
}

fn is_over_time(run: &Run, now: DateTime<Utc>) -> bool {
    let started = run.started_at.as_deref().and_then(parse_time);
    let limit = run.max_runtime_s.map(TimeDelta::seconds);
    started.zip(limit).is_some_and(|(started, limit)| now - started > limit)
}

/// Writes down that the run is to stop; items that nobody works on wait from now on.
async fn ask(tx: &mut Tx, run: &Run, now: DateTime<Utc>) -> Result<()> {
    let reason = format!("körningen tog längre tid än {} s (max_runtime)", run.max_runtime_s.unwrap_or(0));
    query("update runs set stop_at = $1, stop_reason = $2 where id = $3")
        .bind(time_text(now))
        .bind(&reason)
        .bind(&run.id)
        .execute(&mut *tx)
        .await?;
    let event = Event::new(EventKind::StopAsked, actor(run)).run(&run.id, &run.bot);
    append(tx, &[event.detail(serde_json::json!({"reason": reason}))]).await
}

/// Ends the run if nothing of it is in hand, or if it is no longer waited for; whether it ended.
async fn end_if_stopped(tx: &mut Tx, run: &Run, no_longer: bool, now: DateTime<Utc>) -> Result<bool> {
    // First: an item that is being claimed at this moment is in hand afterwards.
    put_aside(tx, &run.id, now).await?;
    let in_hand: i64 = query("select count(*) from items where run = $1 and state = 'in_progress'")
        .bind(&run.id)
        .fetch_value(&mut *tx)
        .await?;
    if in_hand > 0 && !no_longer {
        return Ok(false);
    }
    query("update items set token = token + 1 where run = $1 and state = 'in_progress'")
        .bind(&run.id)
        .execute(&mut *tx)
        .await?;
    query(
        "update runs set state = 'stopped', reason = stop_reason, ended_at = $1, lease_until = null, token = token + 1
         where id = $2",
    )
    .bind(time_text(now))
    .bind(&run.id)
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::json!({"state": RunState::Stopped.as_str(), "taken_from_workers": in_hand});
    append(tx, &[Event::new(EventKind::RunEnded, actor(run)).run(&run.id, &run.bot).detail(detail)]).await?;
    Ok(true)
}

fn actor(run: &Run) -> String {
    run.schedule.as_ref().map_or_else(|| format!("bot:{}", run.bot), |schedule| format!("schedule:{schedule}"))
}

/// Items that nobody works on wait for the bot's next run: deferred without a time. What was deferred for another reason
/// than a failed try keeps its time.
async fn put_aside(tx: &mut Tx, run: &RunId, now: DateTime<Utc>) -> Result<()> {
    let at = time_text(now);
    let also = ", code = $2, not_before = null, circuit = null";
    let ready = changing(ItemState::Ready, ItemState::Deferred, &at, also, "run = $3")?;
    ready.bind(RUN_STOPPED).bind(run).execute(&mut *tx).await?;
    // What a person has put off keeps its time too.
    let which = "run = $3 and tries > 0 and not_before is not null and coalesce(code, '') <> $4";
    let failed = changing(ItemState::Deferred, ItemState::Deferred, &at, also, which)?;
    failed.bind(RUN_STOPPED).bind(run).bind(BY_PERSON).execute(&mut *tx).await?;
    Ok(())
}

/// The items that wait for their bot's next run go into this one, and have waited long enough.
pub(super) async fn take_up(tx: &mut Tx, run: &Run, now: DateTime<Utc>) -> Result<()> {
    let which = "bot = $3 and code = $4 and not_before is null";
    let up = changing(ItemState::Deferred, ItemState::Ready, &time_text(now), ", run = $2, code = null", which)?;
    up.bind(&run.id).bind(&run.bot).bind(RUN_STOPPED).execute(&mut *tx).await?;
    Ok(())
}
