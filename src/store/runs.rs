//! Runs: queued, claimed by a worker under a lease, collected, ended.

use std::time::Duration;

use super::events::append;
use super::filtered::Filtered;
use super::items::ours;
use super::stops::take_up;
use super::waits::SOON;
use super::{Claimant, Error, Result, Store, Tx, made, now, places, query};
use crate::model::{Event, EventKind, Run, RunId, RunState, new_id_at, time_text};

/// A run to be queued.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub bot: String,
    /// The SHA-256 of the bot script.
    pub version: String,
    /// `schedule` (the clock), `queue`, `after`, `http`, `hand` or `demo`.
    pub trigger: String,
    pub schedule: Option<String>,
    pub nominal: Option<String>,
    /// Which workers may take it and its items.
    pub pool: String,
    /// Who or what started it.
    pub actor: String,
}

/// A run held by a worker.
#[derive(Debug, Clone)]
pub struct RunLease {
    pub run: Run,
    pub token: i64,
}

impl Store {
    /// Queues a run.
    pub async fn queue_run(&self, new: &NewRun) -> Result<RunId> {
        let mut tx = self.begin().await?;
        let id = insert_run(&mut tx, new).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Queues a run whose items are given: nothing is collected.
    pub async fn queue_collected_run(&self, new: &NewRun) -> Result<RunId> {
        let mut tx = self.begin().await?;
        let id = insert_run(&mut tx, new).await?;
        query("update runs set collected = true where id = $1").bind(&id).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Claims the oldest run of the claimant's pools that waits, or whose worker's lease ended more than the margin ago.
    pub async fn claim_run(&self, claimant: &Claimant<'_>) -> Result<Option<RunLease>> {
        let mut tx = self.begin_with_us().await?;
        let now = now(&mut tx).await?;
        // Whoever can't collect may still hold and end what is collected.
        let but = match claimant.except.len() {
            0 => String::new(),
            count => {
                format!(" and (collected or stop_at is not null or {})", ours("runs", 5 + claimant.pools.len(), count))
            }
        };
        let sql = format!(
            "update runs set state = 'running', worker = $1, token = token + 1, lease_until = $2,
                 started_at = coalesce(started_at, $3)
             where id = (select id from runs
                         where (state = 'queued' and (not_before is null or not_before <= $3)
                                or state = 'running' and lease_until < $4) and pool in ({}){}
                         order by created_at, id limit 1{})
             returning *",
            places(5, claimant.pools.len()),
            but,
            tx.for_update_skip_locked()
        );
        let worker = claimant.worker;
        let run: Option<Run> = made(sql)
            .bind(worker)
            .bind(time_text(now + claimant.lease))
            .bind(time_text(now))
            .bind(time_text(now - claimant.margin))
            .bind_all(claimant.pools)
            .bind_all(claimant.except)
            .fetch_optional(&mut tx)
            .await?;
        let Some(run) = run else {
            tx.roll_back().await?;
            return Ok(None);
        };
        let kind = if run.token == 1 { EventKind::RunStarted } else { EventKind::TakenOver };
        if run.token == 1 {
            take_up(&mut tx, &run, now).await?;
        }
        append(&mut tx, &[Event::new(kind, format!("worker:{worker}")).run(&run.id, &run.bot)]).await?;
        tx.commit().await?;
        let token = run.token;
        Ok(Some(RunLease { run, token }))
    }

    /// Prolongs a run's lease and appends what has happened.
    pub async fn renew_run(&self, held: &RunLease, lease: Duration, events: &[Event]) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        let until = time_text(now(&mut tx).await? + lease);
        query("update runs set lease_until = $1 where id = $2 and token = $3 and state = 'running'")
            .bind(until)
            .bind(&held.run.id)
            .bind(held.token)
            .must_change(&mut tx, Error::LeaseLost)
            .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Puts a run that its worker can't collect back in the queue.
    pub async fn give_back_run(&self, held: &RunLease, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        query(
            "update runs set state = 'queued', worker = null, lease_until = null, started_at = null
             where id = $1 and token = $2 and state = 'running'",
        )
        .bind(&held.run.id)
        .bind(held.token)
        .must_change(&mut tx, Error::LeaseLost)
        .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Whether anything is left to do of the runs of a bot, or of one run.
    pub async fn has_work(&self, bot: &str, run: Option<&RunId>) -> Result<bool> {
        let (of_runs, of_items) = if run.is_some() { ("id", "run") } else { ("bot", "bot") };
        let sql = format!(
            "select (select count(*) from (select 1 from runs where {of_runs} = $1 and state in ('queued', 'running') limit 1) as one)
                 + (select count(*) from (select 1 from items where {of_items} = $1
                     and state in ('ready', 'in_progress', 'deferred') limit 1) as two)"
        );
        let left: i64 = made(sql).bind(run.map_or(bot, |run| &run.0)).fetch_value(self).await?;
        Ok(left > 0)
    }

    /// Marks the run's collecting as done.
    pub async fn collected(&self, held: &RunLease, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        query("update runs set collected = true where id = $1 and token = $2 and state = 'running'")
            .bind(&held.run.id)
            .bind(held.token)
            .must_change(&mut tx, Error::LeaseLost)
            .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Ends a run.
    pub async fn end_run(
        &self,
        held: &RunLease,
        state: RunState,
        reason: Option<&str>,
        events: &[Event],
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let ended = time_text(now(&mut tx).await?);
        query(
            "update runs set state = $1, reason = $2, ended_at = $3, lease_until = null
             where id = $4 and token = $5 and state = 'running'",
        )
        .bind(state.as_str())
        .bind(reason)
        .bind(ended)
        .bind(&held.run.id)
        .bind(held.token)
        .must_change(&mut tx, Error::LeaseLost)
        .await?;
        let event = Event::new(EventKind::RunEnded, format!("bot:{}", held.run.bot)).run(&held.run.id, &held.run.bot);
        append(&mut tx, events).await?;
        append(&mut tx, &[event.detail(serde_json::json!({"state": state.as_str()}))]).await?;
        tx.commit().await
    }

    /// Whether nothing of the run can be done now or soon: items that wait for a person, a circuit or a later time do not
    /// hold it. A schedule that skips what overlaps would stand still with it.
    pub async fn nothing_ready(&self, run: &RunId) -> Result<bool> {
        let soon = time_text(self.now().await? + SOON);
        let sql = "select count(*) from (select 1 from items where run = $1
             and (state in ('ready', 'in_progress') or state = 'deferred' and circuit is null and (not_before is null or not_before <= $2)) limit 1) as open";
        let open: i64 = query(sql).bind(run).bind(soon).fetch_value(self).await?;
        Ok(open == 0)
    }

    /// One run.
    pub async fn run(&self, id: &RunId) -> Result<Option<Run>> {
        query("select * from runs where id = $1").bind(id).fetch_optional(self).await
    }

    /// Runs, newest first.
    pub async fn runs(&self, bot: Option<&str>, limit: i64) -> Result<Vec<Run>> {
        let mut filtered = Filtered::default();
        filtered.by("bot = ", bot);
        filtered.select("runs", "id desc", limit).fetch_all(self).await
    }

    /// The runs of a schedule that are queued or running, oldest first.
    pub async fn open_runs(&self, schedule: &str) -> Result<Vec<Run>> {
        let sql = "select * from runs where schedule = $1 and state in ('queued', 'running') order by created_at, id";
        query(sql).bind(schedule).fetch_all(self).await
    }
}

/// Queues a run inside a transaction.
pub(super) async fn insert_run(tx: &mut Tx, new: &NewRun) -> Result<RunId> {
    let now = now(tx).await?;
    let id = RunId(new_id_at(now));
    let at = time_text(now);
    query(
        "insert into runs (id, bot, version, trigger, schedule, nominal, state, created_at, pool)
         values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8)",
    )
    .bind(&id)
    .bind(&new.bot)
    .bind(&new.version)
    .bind(&new.trigger)
    .bind(&new.schedule)
    .bind(&new.nominal)
    .bind(at)
    .bind(&new.pool)
    .execute(&mut *tx)
    .await?;
    append(tx, &[Event::new(EventKind::RunQueued, new.actor.clone()).run(&id, &new.bot)]).await?;
    Ok(id)
}
