//! Items: put in the queue once, claimed under a lease, moved stage by stage, ended.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::circuits::wait_until;
use super::events::append;
use super::filtered::Filtered;
use super::{Error, Result, Store, Tx, made, now, places, query, still_held};
use crate::model::{CircuitId, Event, EventKind, Item, ItemId, ItemState, RunId, new_id_at, time_text};

/// The circuits that are not tried by themselves.
const TOLD: &str = "select id from circuits where state = 'open' and retry_at is null";

/// What became of putting an item in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// A new item.
    New(ItemId),
    /// The reference was there already; nothing was changed.
    Known(ItemId),
}

/// Who claims work, of which pools, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub worker: &'a str,
    /// Only work of these pools is claimed.
    pub pools: &'a [String],
    pub lease: Duration,
    /// How long after the end of another worker's lease its work is taken over.
    pub margin: Duration,
}

/// An item held by a worker.
#[derive(Debug, Clone)]
pub struct Claim {
    pub item: Item,
    pub token: i64,
    /// Whether it was claimed from another worker, whose lease had ended.
    pub taken_over: bool,
    /// What each write under the claim keeps at least of the lease.
    pub lease: Duration,
}

/// How the work on a claimed item ends for now.
#[derive(Debug, Clone)]
pub struct Finish {
    pub state: ItemState,
    pub code: Option<String>,
    /// May be personal; kept in the item only.
    pub reason: Option<String>,
    /// For `deferred`: how long to wait.
    pub wait: Option<Duration>,
    /// For `awaiting_decision`: when a person should have decided.
    pub due_at: Option<DateTime<Utc>>,
    /// For `awaiting_decision`: who decides, where the bot's file may not say it.
    pub role: Option<String>,
    /// Whether this was a failed try of the stage.
    pub failed_try: bool,
    /// For `deferred`: the circuit that it waits for, instead of a time.
    pub circuit: Option<CircuitId>,
}

impl Finish {
    /// Ends in this state.
    pub fn new(state: ItemState) -> Self {
        Self { state, code: None, reason: None, wait: None, due_at: None, role: None, failed_try: false, circuit: None }
    }

    /// With a code and a reason.
    #[must_use]
    pub fn because(mut self, code: impl Into<String>, reason: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self.reason = Some(reason.into());
        self
    }
}

/// Which items to list.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    pub bot: Option<String>,
    pub state: Option<ItemState>,
    /// A part of the reference.
    pub reference: Option<String>,
    pub run: Option<RunId>,
    pub limit: i64,
}

/// How many items of a bot are in a state.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct StateCount {
    pub bot: String,
    pub state: String,
    pub count: i64,
}

impl Store {
    /// Puts an item in the queue. A reference that is there already changes nothing, however often it is tried.
    pub async fn enqueue(&self, run: &RunId, bot: &str, reference: &str, fields: &Value) -> Result<Enqueued> {
        let mut tx = self.begin_with_us().await?;
        let now = now(&mut tx).await?;
        let at = time_text(now);
        let id = ItemId(new_id_at(now));
        let inserted = query(
            "insert into items (id, bot, reference, run, state, fields, created_at, updated_at, pool)
             values ($1, $2, $3, $4, 'ready', $5, $6, $6, coalesce((select pool from runs where id = $4), 'default'))
             on conflict (bot, reference) do nothing",
        )
        .bind(&id)
        .bind(bot)
        .bind(reference)
        .bind(run)
        .bind(fields.to_string())
        .bind(&at)
        .execute(&mut tx)
        .await?;
        if inserted == 0 {
            let known = query("select id from items where bot = $1 and reference = $2")
                .bind(bot)
                .bind(reference)
                .fetch_value(&mut tx)
                .await?;
            tx.roll_back().await?;
            return Ok(Enqueued::Known(known));
        }
        let mut event = Event::new(EventKind::Enqueued, format!("bot:{bot}")).run(run, bot);
        event.item = Some(id.clone());
        append(&mut tx, &[event]).await?;
        tx.commit().await?;
        Ok(Enqueued::New(id))
    }

    /// Claims the next item of the claimant's pools that is ready, whose waiting is over, or whose worker's lease ended
    /// more than the margin ago.
    pub async fn claim_item(&self, claimant: &Claimant<'_>) -> Result<Option<Claim>> {
        let Claimant { worker, pools, lease, margin } = *claimant;
        if pools.is_empty() {
            return Ok(None);
        }
        let mut tx = self.begin_with_us().await?;
        let now = now(&mut tx).await?;
        let before: Option<(ItemId, String)> = made(next_item(pools.len(), tx.for_update_skip_locked()))
            .bind(time_text(now))
            .bind(time_text(now - margin))
            .bind_all(pools)
            .fetch_optional(&mut tx)
            .await?;
        let Some((id, state)) = before else {
            tx.roll_back().await?;
            return Ok(None);
        };
        let item: Item = query(
            "update items set state = 'in_progress', worker = $1, token = token + 1, lease_until = $2, not_before = null,
                 updated_at = $3, claimed_at = $3
             where id = $4 returning *",
        )
        .bind(worker)
        .bind(time_text(now + lease))
        .bind(time_text(now))
        .bind(&id)
        .fetch_one(&mut tx)
        .await?;
        let taken_over = state == ItemState::InProgress.as_str();
        let kind = if taken_over { EventKind::TakenOver } else { EventKind::Claimed };
        append(&mut tx, &[Event::new(kind, format!("worker:{worker}")).item(&item)]).await?;
        tx.commit().await?;
        let token = item.token;
        Ok(Some(Claim { item, token, taken_over, lease }))
    }

    /// Sets the lease to end `lease` from now and appends what has happened.
    pub async fn renew(&self, claim: &Claim, lease: Duration, events: &[Event]) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        let at = now(&mut tx).await?;
        let renewed = query(
            "update items set lease_until = $1, updated_at = $2 where id = $3 and token = $4 and state = 'in_progress'",
        )
        .bind(time_text(at + lease))
        .bind(time_text(at))
        .bind(&claim.item.id)
        .bind(claim.token)
        .execute(&mut tx)
        .await?;
        still_held(renewed)?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Ends the leases of a worker that is known to have died and whose browsers are ended; how many that were.
    pub async fn end_leases(&self, worker: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let mut ended = 0;
        for sql in [
            "update items set lease_until = $1 where state = 'in_progress' and lease_until > $1
                 and (worker = $2 or substr(worker, 1, length($2) + 1) = $2 || '/')",
            "update runs set lease_until = $1 where state = 'running' and lease_until > $1
                 and (worker = $2 or substr(worker, 1, length($2) + 1) = $2 || '/')",
        ] {
            ended += query(sql).bind(&at).bind(worker).execute(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Records the browsers used under the lease, before their first command.
    pub async fn set_browsers(&self, claim: &Claim, browsers: &str) -> Result<()> {
        let sql = "update items set browsers = $1 where id = $2 and token = $3 and state = 'in_progress'";
        let changed = query(sql).bind(browsers).bind(&claim.item.id).bind(claim.token).execute(self).await?;
        still_held(changed)
    }

    /// A stage is done: the item's record and its next stage, with what happened.
    pub async fn stage_done(&self, claim: &Claim, next: Option<&str>, fields: &Value, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        query("update items set stage = $1, fields = $2, tries = 0 where id = $3")
            .bind(next)
            .bind(fields.to_string())
            .bind(&claim.item.id)
            .execute(&mut tx)
            .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Lets go of a claimed item in a new state, with the fields as they are now and what happened.
    pub async fn finish(&self, claim: &Claim, finish: &Finish, fields: &Value, events: &[Event]) -> Result<()> {
        if !ItemState::InProgress.may_become(finish.state) {
            return Err(not_allowed(ItemState::InProgress, finish.state));
        }
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let circuit_wait = match &finish.circuit {
            Some(id) => Some(wait_until(&mut tx, id).await?),
            None => None,
        };
        hold(&mut tx, claim).await?;
        let not_before = circuit_wait.or_else(|| finish.wait.map(|wait| time_text(now + wait)));
        query(
            "update items set state = $1, code = $2, reason = $3, not_before = $4, due_at = $5, tries = tries + $6,
                 fields = $7, worker = null, lease_until = null, browsers = null, updated_at = $8, circuit = $10
             where id = $9",
        )
        .bind(finish.state.as_str())
        .bind(&finish.code)
        .bind(&finish.reason)
        .bind(not_before)
        .bind(finish.due_at.map(time_text))
        .bind(i64::from(finish.failed_try))
        .bind(fields.to_string())
        .bind(time_text(now))
        .bind(&claim.item.id)
        .bind(finish.circuit.as_ref().map(ToString::to_string))
        .execute(&mut tx)
        .await?;
        if finish.state == ItemState::AwaitingDecision {
            let sql = "update items set decide_role = $1 where id = $2";
            query(sql).bind(&finish.role).bind(&claim.item.id).execute(&mut tx).await?;
        }
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// A new attempt of an ended item under the same reference, from its first stage, by a person.
    pub async fn rerun(&self, id: &ItemId, person: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let item = item_in(&mut tx, id).await?;
        if !item.state.is_final() {
            return Err(not_allowed(item.state, ItemState::Ready));
        }
        query(
            "update items set state = 'ready', attempt = attempt + 1, stage = null, tries = 0, code = null, reason = null,
                 not_before = null, due_at = null where id = $1",
        )
        .bind(id)
        .execute(&mut tx)
        .await?;
        query("update suggestions set superseded_at = $1 where item = $2 and superseded_at is null")
            .bind(time_text(now(&mut tx).await?))
            .bind(id)
            .execute(&mut tx)
            .await?;
        append(&mut tx, &[Event::new(EventKind::Rerun, format!("person:{person}")).item(&item)]).await?;
        tx.commit().await
    }

    /// An item by its id or, failing that, its reference.
    pub async fn find_item(&self, name: &str) -> Result<Option<Item>> {
        let by_id = query("select * from items where id = $1").bind(name).fetch_optional(self).await?;
        if by_id.is_some() {
            return Ok(by_id);
        }
        let sql = "select * from items where reference = $1 order by created_at desc, id desc limit 1";
        query(sql).bind(name).fetch_optional(self).await
    }

    /// The items a filter lets through, oldest first.
    pub async fn items(&self, filter: &ItemFilter) -> Result<Vec<Item>> {
        let mut filtered = Filtered::default();
        filtered.by("bot = ", filter.bot.as_ref());
        filtered.by("state = ", filter.state.map(ItemState::as_str));
        filtered.by("run = ", filter.run.as_ref());
        filtered.with_part_of("items", "reference", filter.reference.as_ref());
        let limit = if filter.limit == 0 { 1000 } else { filter.limit };
        filtered.select("items", "id", limit).fetch_all(self).await
    }

    /// How many items are in each state.
    pub async fn item_counts(&self, run: Option<&RunId>) -> Result<Vec<StateCount>> {
        let filter = if run.is_some() { "where run = $1" } else { "" };
        // Grouped in the order of the index that holds both.
        let sql =
            format!("select bot, state, count(*) as count from items {filter} group by state, bot order by bot, state");
        let counts = made(sql);
        let counts = if run.is_some() { counts.bind(run) } else { counts };
        counts.fetch_all(self).await
    }

    /// Whether any item of these pools can be worked on now or after a wait that has begun; waiting for a person does
    /// not count, nor waiting for a circuit that only a person or a new secret closes.
    pub async fn anything_to_do(&self, pools: &[String]) -> Result<bool> {
        let pools_are = format!("pool in ({})", places(1, pools.len()));
        let goes_on = format!("(circuit is null or circuit not in ({TOLD}))");
        // Each finds the first entry of an index and looks no further.
        let parts = [
            "items where state = 'ready'".to_owned(),
            "items where state = 'in_progress'".to_owned(),
            format!("items where state = 'deferred' and not_before is not null and {goes_on}"),
            "runs where state = 'running'".to_owned(),
            format!("runs where state = 'queued' and {goes_on}"),
        ]
        .map(|part| format!("(select count(*) from (select 1 from {part} and {pools_are} limit 1) as one)"));
        let open: i64 = made(format!("select {}", parts.join(" + "))).bind_all(pools).fetch_value(self).await?;
        Ok(open > 0)
    }
}

/// Checks that the claim still holds and never shortens its lease; refuses a late worker.
pub(super) async fn hold(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let at = now(tx).await?;
    let sql = format!(
        "update items set lease_until = case when lease_until > $1 then lease_until else $1 end, updated_at = $2
         where id = $3 and token = $4 and state = 'in_progress' returning {}",
        tx.clock()
    );
    let hold = made(sql).bind(time_text(at + claim.lease)).bind(time_text(at)).bind(&claim.item.id).bind(claim.token);
    let held: Option<(String,)> = hold.fetch_optional(&mut *tx).await?;
    // Somebody may have been waited for.
    tx.it_is(&held.ok_or(Error::LeaseLost)?.0)
}

/// The statement that finds the item to claim next; `$1` is now, `$2` is when a lease must have ended, then the pools.
/// Each part reads the first entries of an index: what one big `or` would sort grows with the queue.
fn next_item(pools: usize, lock: &str) -> String {
    let first = "order by priority desc, created_at, id limit 1";
    let mut parts = Vec::new();
    for pool in 3..pools + 3 {
        let ready = format!("pool = ${pool} and state = 'ready' and (not_before is null or not_before <= $1)");
        // Of those that have waited, the hundred whose time came first.
        let deferred = format!(
            "state = 'deferred' and id in (select id from items where pool = ${pool} and state = 'deferred'
                 and not_before <= $1 order by not_before limit 100)"
        );
        let expired = format!("pool = ${pool} and state = 'in_progress' and lease_until < $2");
        for which in [ready, deferred, expired] {
            let name = format!("part_{}", parts.len());
            parts.push(format!(
                "select * from (select id, state, priority, created_at from items where {which} {first}{lock}) as {name}"
            ));
        }
    }
    format!("select id, state from ({}) as next {first}", parts.join(" union all "))
}

/// Sets when the lease of a claim that holds ends.
pub(super) async fn set_lease(tx: &mut Tx, claim: &Claim, lease: Duration) -> Result<()> {
    let until = time_text(now(tx).await? + lease);
    query("update items set lease_until = $1 where id = $2").bind(until).bind(&claim.item.id).execute(&mut *tx).await?;
    Ok(())
}

/// The item, which nobody else changes before the transaction ends.
pub(super) async fn item_in(tx: &mut Tx, id: &ItemId) -> Result<Item> {
    let sql = format!("select * from items where id = $1{}", tx.for_update());
    made(sql).bind(id).fetch_optional(&mut *tx).await?.ok_or_else(|| Error::Missing(format!("ärendet {id}")))
}

pub(super) fn not_allowed(from: ItemState, to: ItemState) -> Error {
    Error::NotAllowed { from: from.to_string(), to: to.to_string() }
}
