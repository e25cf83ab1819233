//! Firings: one row for each nominal time of a schedule, and for each other start of it, with what became of it.
//!
//! Whoever looks at a schedule holds its row of `watches` meanwhile, so however many programs look, one does at a time,
//! and what it sees is still so when it writes. What is to be done about what is seen comes in as a function.

use chrono::{DateTime, TimeDelta, Utc};

use super::events::append;
use super::runs::insert_run;
use super::{Error, NewRun, Result, Store, Tx, made, now, query};
use crate::model::{Event, EventKind, Firing, Run, RunId, Watch, parse_time, time_text};

/// What a look at a schedule needs to know besides its own rows.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// How many of its last ended runs to look at for failures.
    pub last_runs: i64,
    /// Runs of this bot or schedule that have ended in one of these states, for a schedule that starts after them.
    pub after: Option<After>,
    /// The bot whose waiting items are counted.
    pub queue: Option<String>,
}

/// Whose runs are followed, and how they must have ended.
#[derive(Debug, Clone)]
pub struct After {
    pub bot: Option<String>,
    pub schedule: Option<String>,
    pub states: &'static [&'static str],
}

/// What is so at a look, by the database's clock, until the look is over.
#[derive(Debug, Clone)]
pub struct Seen {
    pub now: DateTime<Utc>,
    pub handled_until: DateTime<Utc>,
    pub watch: Watch,
    /// How many runs of the schedule are queued or running.
    pub open_runs: i64,
    /// The start that waits for the run before to end.
    pub waiting: Option<Firing>,
    /// How many of the last runs failed in a row, since it was resumed.
    pub failures: i64,
    /// The runs to start after, oldest first, each seen until it has a row.
    pub ended: Vec<Run>,
    /// How many items wait.
    pub queued: i64,
    /// Since when the oldest of them waits.
    pub oldest_queued: Option<DateTime<Utc>>,
    /// When the queue last started the schedule.
    pub last_by_queue: Option<DateTime<Utc>>,
}

/// What is to be done after a look.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Rows to be written, with the runs they start. One that is there already is left as it is, unless it waits.
    pub rows: Vec<(Firing, Option<Start>)>,
    /// Why the schedule pauses itself.
    pub pause: Option<String>,
    /// Until when its nominal times are handled.
    pub handled_until: Option<DateTime<Utc>>,
}

/// A run to be queued by a schedule.
#[derive(Debug, Clone)]
pub struct Start {
    pub run: NewRun,
    /// Which of the approved scripts it is held to.
    pub pin: Option<String>,
    /// The versions of rule books that it is held to: JSON, by book.
    pub rulebooks: String,
    pub max_runtime: Option<TimeDelta>,
    pub stop_grace: TimeDelta,
}

impl Store {
    /// Looks at a schedule and does what `plan` makes of what is seen, all of it or nothing; the rows as they became.
    pub async fn look_at(
        &self,
        schedule: &str,
        ask: &Ask,
        plan: impl FnOnce(&Seen) -> Plan + Send,
    ) -> Result<Vec<Firing>> {
        let mut tx = self.begin().await?;
        let seen = see(&mut tx, schedule, ask).await?;
        let plan = plan(&seen);
        let at = time_text(seen.now);
        if let Some(reason) = &plan.pause {
            pause(&mut tx, schedule, "schedule", reason, &at).await?;
        }
        let mut written = Vec::new();
        for (firing, start) in plan.rows {
            written.push(write(&mut tx, firing, start.as_ref(), &at).await?);
        }
        if let Some(until) = plan.handled_until {
            query("update watches set handled_until = $1 where schedule = $2 and handled_until < $1")
                .bind(time_text(until))
                .bind(schedule)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(written)
    }

    /// The newest firings of a schedule, newest first.
    pub async fn firings(&self, schedule: &str, limit: i64) -> Result<Vec<Firing>> {
        let sql = "select * from firings where schedule = $1 order by due_at desc, fold desc limit $2";
        query(sql).bind(schedule).bind(limit).fetch_all(self).await
    }

    /// What is known of a schedule that has been looked at.
    pub async fn watch(&self, schedule: &str) -> Result<Option<Watch>> {
        query("select * from watches where schedule = $1").bind(schedule).fetch_optional(self).await
    }

    /// Pauses a schedule: its times are skipped until it is resumed. False when it was paused already.
    pub async fn pause_schedule(&self, schedule: &str, person: &str, reason: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let watch = hold(&mut tx, schedule).await?;
        if watch.paused_at.is_some() {
            tx.roll_back().await?;
            return Ok(false);
        }
        let at = time_text(now(&mut tx).await?);
        pause(&mut tx, schedule, &format!("person:{person}"), reason, &at).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Resumes a paused schedule; failures before this no longer count. False when it was not paused.
    pub async fn resume_schedule(&self, schedule: &str, person: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let watch = hold(&mut tx, schedule).await?;
        if watch.paused_at.is_none() {
            tx.roll_back().await?;
            return Ok(false);
        }
        let at = time_text(now(&mut tx).await?);
        query(
            "update watches set paused_at = null, paused_by = null, paused_reason = null, resumed_at = $1 where schedule = $2",
        )
        .bind(at)
        .bind(schedule)
        .execute(&mut tx)
        .await?;
        let event = Event::new(EventKind::ScheduleResumed, format!("person:{person}"));
        append(&mut tx, &[event.detail(serde_json::json!({"schedule": schedule}))]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The schedule's row, made if need be, which nobody else changes before the transaction ends.
async fn hold(tx: &mut Tx, schedule: &str) -> Result<Watch> {
    let at = time_text(now(tx).await?);
    query("insert into watches (schedule, handled_until, since) values ($1, $2, $2) on conflict (schedule) do nothing")
        .bind(schedule)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    let sql = format!("select * from watches where schedule = $1{}", tx.for_update());
    made(sql).bind(schedule).fetch_one(&mut *tx).await
}

async fn see(tx: &mut Tx, schedule: &str, ask: &Ask) -> Result<Seen> {
    let watch = hold(tx, schedule).await?;
    // After the row is held: another program may have handled times while this one waited for it.
    let now = now(tx).await?;
    let handled_until = parse_time(&watch.handled_until)
        .ok_or_else(|| Error::Corrupt(format!("schemat {schedule} har tiden `{}`", watch.handled_until)))?;
    let open_runs = query("select count(*) from runs where schedule = $1 and state in ('queued', 'running')")
        .bind(schedule)
        .fetch_value(&mut *tx)
        .await?;
    let waiting = query("select * from firings where schedule = $1 and result = 'waiting' order by due_at limit 1")
        .bind(schedule)
        .fetch_optional(&mut *tx)
        .await?;
    let mut seen = Seen {
        now,
        handled_until,
        open_runs,
        waiting,
        failures: failures(tx, schedule, &watch, ask.last_runs).await?,
        ended: Vec::new(),
        queued: 0,
        oldest_queued: None,
        last_by_queue: None,
        watch,
    };
    if let Some(after) = &ask.after {
        seen.ended = ended(tx, schedule, &seen, after).await?;
    }
    if let Some(bot) = &ask.queue {
        see_queue(tx, schedule, bot, &mut seen).await?;
    }
    Ok(seen)
}

/// How many of the last runs failed, counted back from the newest.
async fn failures(tx: &mut Tx, schedule: &str, watch: &Watch, last: i64) -> Result<i64> {
    if last == 0 {
        return Ok(0);
    }
    let states: Vec<String> = query(
        "select state from runs where schedule = $1 and ended_at is not null and ended_at > $2
         order by ended_at desc, id desc limit $3",
    )
    .bind(schedule)
    .bind(watch.resumed_at.as_deref().unwrap_or_default())
    .bind(last)
    .fetch_values(&mut *tx)
    .await?;
    let failed = states.iter().take_while(|state| matches!(state.as_str(), "failed" | "stopped")).count();
    Ok(i64::try_from(failed).unwrap_or(i64::MAX))
}

/// The runs that ended since the schedule was first seen, a day back at most, and that have no row.
async fn ended(tx: &mut Tx, schedule: &str, seen: &Seen, after: &After) -> Result<Vec<Run>> {
    let day_ago = time_text(seen.now - TimeDelta::days(1));
    let since = seen.watch.since.clone().unwrap_or_default().max(day_ago);
    let states = after.states.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "select * from runs where ended_at is not null and ended_at > $1 and (bot = $2 or schedule = $3) and state in ({states})
             and not exists (select 1 from firings where firings.schedule = $4 and firings.nominal = 'run:' || runs.id)
         order by ended_at, id limit 100"
    );
    made(sql).bind(since).bind(&after.bot).bind(&after.schedule).bind(schedule).fetch_all(&mut *tx).await
}

/// The items that no open run has: ready, or left by a run that was stopped.
async fn see_queue(tx: &mut Tx, schedule: &str, bot: &str, seen: &mut Seen) -> Result<()> {
    let (count, oldest): (i64, Option<String>) = query(
        "select count(*), min(updated_at) from items
         where bot = $1 and (state = 'ready' or (state = 'deferred' and code = 'run_stopped' and not_before is null))
             and not exists (select 1 from runs where runs.id = items.run and runs.state in ('queued', 'running'))",
    )
    .bind(bot)
    .fetch_one(&mut *tx)
    .await?;
    let last: Option<String> = query("select max(at) from firings where schedule = $1 and trigger = 'queue'")
        .bind(schedule)
        .fetch_value(&mut *tx)
        .await?;
    seen.queued = count;
    seen.oldest_queued = oldest.as_deref().and_then(parse_time);
    seen.last_by_queue = last.as_deref().and_then(parse_time);
    Ok(())
}

/// Writes a row and queues its run. A row that is there and does not wait is left, and is what is answered.
async fn write(tx: &mut Tx, mut firing: Firing, start: Option<&Start>, at: &str) -> Result<Firing> {
    let inserted = query(
        "insert into firings (schedule, nominal, fold, due_at, result, reason, at, trigger)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (schedule, nominal, fold) do update set result = $5, reason = $6, at = $7
         where firings.result = 'waiting'",
    )
    .bind(&firing.schedule)
    .bind(&firing.nominal)
    .bind(firing.fold)
    .bind(&firing.due_at)
    .bind(&firing.result)
    .bind(&firing.reason)
    .bind(at)
    .bind(&firing.trigger)
    .execute(&mut *tx)
    .await?;
    if inserted == 0 {
        return query("select * from firings where schedule = $1 and nominal = $2 and fold = $3")
            .bind(&firing.schedule)
            .bind(&firing.nominal)
            .bind(firing.fold)
            .fetch_one(&mut *tx)
            .await;
    }
    at.clone_into(&mut firing.at);
    let Some(start) = start else { return Ok(firing) };
    let run = insert_start(tx, start).await?;
    query("update firings set run = $1 where schedule = $2 and nominal = $3 and fold = $4")
        .bind(&run)
        .bind(&firing.schedule)
        .bind(&firing.nominal)
        .bind(firing.fold)
        .execute(&mut *tx)
        .await?;
    firing.run = Some(run);
    Ok(firing)
}

async fn insert_start(tx: &mut Tx, start: &Start) -> Result<RunId> {
    let id = insert_run(tx, &start.run).await?;
    query("update runs set pin = $1, max_runtime_s = $2, stop_grace_s = $3, rulebooks = $4 where id = $5")
        .bind(&start.pin)
        .bind(start.max_runtime.map(|length| length.num_seconds()))
        .bind(start.stop_grace.num_seconds())
        .bind(&start.rulebooks)
        .bind(&id)
        .execute(&mut *tx)
        .await?;
    Ok(id)
}

async fn pause(tx: &mut Tx, schedule: &str, by: &str, reason: &str, at: &str) -> Result<()> {
    query("update watches set paused_at = $1, paused_by = $2, paused_reason = $3 where schedule = $4 and paused_at is null")
        .bind(at)
        .bind(by)
        .bind(reason)
        .bind(schedule)
        .execute(&mut *tx)
        .await?;
    let actor = if by == "schedule" { format!("schedule:{schedule}") } else { by.to_owned() };
    let detail = serde_json::json!({"schedule": schedule, "reason": reason});
    append(tx, &[Event::new(EventKind::SchedulePaused, actor).detail(detail)]).await
}
