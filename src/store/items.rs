//! Items: put in the queue once, claimed under a lease, moved stage by stage, ended.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::circuits::wait_until;
use super::events::append;
use super::life::{Change, allow, change_state, has_open_intent};
use super::operations::{asked_of, last_reason, let_go_event};
use super::{Error, Result, Store, Tx, made, now, places, query};
use crate::model::{CircuitId, Event, EventKind, Item, ItemId, ItemState, RunId, new_id_at, time_text};

/// What became of putting an item in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// A new item.
    New(ItemId),
    /// The reference was there already; nothing was changed.
    Known(ItemId),
    /// An item of this reference was there once and has been removed; nothing was changed.
    Removed,
}

/// An item to be put in the queue.
#[derive(Debug, Clone)]
pub struct NewItem {
    pub bot: String,
    pub reference: String,
    pub fields: Value,
    /// Higher goes first; 0 is ordinary.
    pub priority: i64,
    /// When it should be done.
    pub deadline_at: Option<DateTime<Utc>>,
}

impl NewItem {
    /// An ordinary item without a deadline.
    pub fn new(bot: &str, reference: &str, fields: &Value) -> Self {
        let (bot, reference) = (bot.to_owned(), reference.to_owned());
        Self { bot, reference, fields: fields.clone(), priority: 0, deadline_at: None }
    }
}

/// Who claims work, of which pools, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub worker: &'a str,
    /// Only work of these pools is claimed.
    pub pools: &'a [String],
    /// Work that is left to others: of these bots, and of these runs where they are held to an approved script.
    pub except: &'a [String],
    pub lease: Duration,
    /// How long after the end of another worker's lease its work is taken over.
    pub margin: Duration,
}

/// An item held by a worker.
#[derive(Debug, Clone)]
pub struct Claim {
    pub item: Item,
    pub token: i64,
    /// When it was claimed, by the database's clock.
    pub at: DateTime<Utc>,
    /// Whether it was claimed from another worker, whose lease had ended.
    pub taken_over: bool,
    /// What each write under the claim keeps at least of the lease.
    pub lease: Duration,
    /// The delegation that what is written back rests on: no intent is written unless it is in force. None where a person
    /// has decided, or nobody yet.
    pub delegation: Option<String>,
}

/// A row of a claim: the item, and what the journal says of it.
#[derive(sqlx::FromRow)]
struct Taken {
    #[sqlx(flatten)]
    item: Item,
    taken: String,
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
    /// For an item that has come to no stage of its own yet: the one where it ended.
    pub stage: Option<String>,
}

impl Finish {
    /// Ends in this state.
    pub fn new(state: ItemState) -> Self {
        Self {
            state,
            code: None,
            reason: None,
            wait: None,
            due_at: None,
            role: None,
            failed_try: false,
            circuit: None,
            stage: None,
        }
    }

    /// With a code and a reason.
    #[must_use]
    pub fn because(mut self, code: impl Into<String>, reason: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self.reason = Some(reason.into());
        self
    }
}

/// How many items of a bot are in a state.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct StateCount {
    pub bot: String,
    pub state: String,
    pub count: i64,
}

impl Store {
    /// Puts an item in the queue. A reference that is there already, or was there and has been removed, changes nothing,
    /// however often it is tried.
    pub async fn enqueue(&self, run: &RunId, bot: &str, reference: &str, fields: &Value) -> Result<Enqueued> {
        self.enqueue_item(run, &NewItem::new(bot, reference, fields)).await
    }

    /// The same for an item with a priority or a deadline.
    pub async fn enqueue_item(&self, run: &RunId, new: &NewItem) -> Result<Enqueued> {
        // Written out before the transaction: it may be long.
        let fields = self.payload(&new.fields)?;
        let mut tx = self.begin_with_us().await?;
        let id = ItemId(new_id_at(now(&mut tx).await?));
        let enqueued = self.insert_item(&mut tx, run, id, new, fields).await?;
        if let Enqueued::New(_) = enqueued {
            tx.commit().await?;
        } else {
            tx.roll_back().await?;
        }
        Ok(enqueued)
    }

    /// Puts every one of these items in the queue in a run of their own, or none of them. When all are known there is no
    /// run. What became of each, in their order; `progress` is told how many are done.
    ///
    /// They are put in by the order of their references, as by everybody else who does so at the same time: in another
    /// order both would wait for the other.
    pub async fn enqueue_all(
        &self,
        run: &super::NewRun,
        new: &[NewItem],
        progress: impl Fn(usize),
    ) -> Result<(Option<RunId>, Vec<Enqueued>)> {
        let fields = new.iter().map(|item| self.payload(&item.fields)).collect::<Result<Vec<_>>>()?;
        let mut tx = self.begin().await?;
        let run = super::runs::insert_run(&mut tx, run).await?;
        query("update runs set collected = true where id = $1").bind(&run).execute(&mut tx).await?;
        let now = now(&mut tx).await?;
        let mut rows: Vec<_> =
            new.iter().zip(fields).map(|(item, fields)| (ItemId(new_id_at(now)), item, fields)).enumerate().collect();
        rows.sort_by_key(|(_, (_, item, _))| (&item.bot, &item.reference));
        let mut enqueued = Vec::new();
        for (place, (id, item, fields)) in rows {
            enqueued.push((place, self.insert_item(&mut tx, &run, id, item, fields).await?));
            progress(enqueued.len());
        }
        enqueued.sort_by_key(|(place, _)| *place);
        let enqueued: Vec<Enqueued> = enqueued.into_iter().map(|(_, became)| became).collect();
        if enqueued.iter().any(|one| matches!(one, Enqueued::New(_))) {
            tx.commit().await?;
            Ok((Some(run), enqueued))
        } else {
            tx.roll_back().await?;
            Ok((None, enqueued))
        }
    }

    async fn insert_item(
        &self,
        tx: &mut Tx,
        run: &RunId,
        id: ItemId,
        new: &NewItem,
        fields: String,
    ) -> Result<Enqueued> {
        let now = now(tx).await?;
        let at = time_text(now);
        let (hash, fingerprint) = self.hashes(&new.bot, &new.reference);
        query(
            "insert into items (id, bot, reference, run, state, fields, priority, deadline_at, created_at, updated_at, pool)
             select $1, $2, $3, $4, 'ready', $5, $6, $7, $8, $8, coalesce((select pool from runs where id = $4), 'default')
             where not exists (select 1 from removed_references where hash = $9)
                and not exists (select 1 from reference_keys where fingerprint <> $10)
             on conflict (bot, reference) do nothing",
        )
        .bind(&id)
        .bind(&new.bot)
        .bind(&new.reference)
        .bind(run)
        .bind(fields)
        .bind(new.priority)
        .bind(new.deadline_at.map(time_text))
        .bind(&at)
        .bind(hash)
        .bind(&fingerprint)
        .execute_soon(tx)
        .await?;
        let told = query(
            "insert into events (id, at, run, item, bot, actor, kind) select $1, $2, $3, $4, $5, $6, $7
             where exists (select 1 from items where id = $4)",
        )
        .bind(new_id_at(now))
        .bind(&at)
        .bind(run)
        .bind(&id)
        .bind(&new.bot)
        .bind(format!("bot:{}", new.bot))
        .bind(EventKind::Enqueued.as_str())
        .execute(&mut *tx)
        .await?;
        if told == 1 {
            return Ok(Enqueued::New(id));
        }
        let sql = "select id from items where bot = $1 and reference = $2";
        let known: Option<(ItemId,)> = query(sql).bind(&new.bot).bind(&new.reference).fetch_optional(&mut *tx).await?;
        match known {
            Some((id,)) => Ok(Enqueued::Known(id)),
            None => self.removed(tx, &fingerprint).await,
        }
    }

    /// Claims the next item of the claimant's pools that is ready, whose waiting is over, or whose worker's lease ended
    /// more than the margin ago.
    pub async fn claim_item(&self, claimant: &Claimant<'_>) -> Result<Option<Claim>> {
        let Claimant { worker, pools, except, lease, margin } = *claimant;
        if pools.is_empty() {
            return Ok(None);
        }
        let mut tx = self.begin_with_us().await?;
        let now = now(&mut tx).await?;
        let event = new_id_at(now);
        made(take_next(pools.len(), except.len(), tx.for_update_skip_locked()))
            .bind(time_text(now))
            .bind(time_text(now - margin))
            .bind(&event)
            .bind(format!("worker:{worker}"))
            .bind(EventKind::Claimed.as_str())
            .bind(EventKind::TakenOver.as_str())
            .bind_all(pools)
            .bind_all(except)
            .execute_soon(&mut tx)
            .await?;
        let taken: Option<Taken> = query(
            "update items set state = 'in_progress', worker = $1, token = token + 1, lease_until = $2, not_before = null,
                 updated_at = $3, claimed_at = $3
             where id = (select item from events where id = $4)
             returning *, (select kind from events where id = $4) as taken",
        )
        .bind(worker)
        .bind(time_text(now + lease))
        .bind(time_text(now))
        .bind(event)
        .fetch_optional(&mut tx)
        .await?;
        let Some(Taken { item, taken }) = taken else {
            tx.roll_back().await?;
            return Ok(None);
        };
        let taken_over = taken == EventKind::TakenOver.as_str();
        tx.commit().await?;
        let token = item.token;
        Ok(Some(Claim { item, token, at: now, taken_over, lease, delegation: None }))
    }

    /// Sets the lease to end `lease` from now and appends what has happened.
    pub async fn renew(&self, claim: &Claim, lease: Duration, events: &[Event]) -> Result<()> {
        self.renew_item(&claim.item.id, claim.token, lease, events).await
    }

    /// The same for whoever does not have the whole claim at hand.
    pub async fn renew_item(&self, item: &ItemId, token: i64, lease: Duration, events: &[Event]) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        let at = now(&mut tx).await?;
        query(
            "update items set lease_until = $1, updated_at = $2 where id = $3 and token = $4 and state = 'in_progress'",
        )
        .bind(time_text(at + lease))
        .bind(time_text(at))
        .bind(item)
        .bind(token)
        .must_change(&mut tx, Error::LeaseLost)
        .await?;
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

    /// Records the browsers used under the lease, before their first command. A power cut may take the note with the
    /// browsers; one that is elsewhere is ended by its guard.
    pub async fn set_browsers(&self, claim: &Claim, browsers: &str) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        query("update items set browsers = $1 where id = $2 and token = $3 and state = 'in_progress'")
            .bind(browsers)
            .bind(&claim.item.id)
            .bind(claim.token)
            .must_change(&mut tx, Error::LeaseLost)
            .await?;
        tx.commit().await
    }

    /// A stage is done: the item's record and its next stage, with what happened.
    pub async fn stage_done(&self, claim: &Claim, next: Option<&str>, fields: &Value, events: &[Event]) -> Result<()> {
        let fields = self.payload(fields)?;
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        query("update items set stage = $1, fields = $2, tries = 0 where id = $3")
            .bind(next)
            .bind(fields)
            .bind(&claim.item.id)
            .execute_soon(&mut tx)
            .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Lets go of a claimed item in a new state, with the fields as they are now and what happened. Where it would wait,
    /// and a person has asked for something else meanwhile, it becomes that.
    pub async fn finish(&self, claim: &Claim, finish: &Finish, fields: &Value, events: &[Event]) -> Result<()> {
        allow(ItemState::InProgress, finish.state)?;
        let fields = match self.payload(fields) {
            Ok(text) => Some(text),
            // The limit was lowered since: what is stored stays, so that the item can end.
            Err(_) if *fields == claim.item.fields.0 => None,
            Err(error) => return Err(error),
        };
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let circuit_wait = match &finish.circuit {
            Some(id) => Some(wait_until(&mut tx, id).await?),
            None => None,
        };
        hold(&mut tx, claim).await?;
        append(&mut tx, events).await?;
        let waits = matches!(finish.state, ItemState::Ready | ItemState::Deferred | ItemState::AwaitingDecision);
        let asked = if waits { asked_of(&mut tx, &claim.item.id).await? } else { None };
        let mut finish = finish.clone();
        if let Some((state, person)) = asked {
            let reason = last_reason(&mut tx, &claim.item.id).await?.unwrap_or_default();
            finish = Finish { failed_try: finish.failed_try, ..Finish::new(state).because(super::BY_PERSON, reason) };
            append(&mut tx, &[let_go_event(&claim.item, state, &person)]).await?;
        }
        let at = time_text(now);
        let circuit_wait = circuit_wait.filter(|_| finish.circuit.is_some());
        let not_before = circuit_wait.or_else(|| finish.wait.map(|wait| time_text(now + wait)));
        change_state(
            &mut tx,
            Change {
                item: &claim.item.id,
                from: ItemState::InProgress,
                to: finish.state,
                at: &at,
                also: LET_GO,
                values: vec![
                    (&finish.code).into(),
                    (&finish.reason).into(),
                    not_before.into(),
                    finish.due_at.map(time_text).into(),
                    i64::from(finish.failed_try).into(),
                    fields.into(),
                    finish.circuit.as_ref().map(ToString::to_string).into(),
                    finish.stage.into(),
                ],
            },
        )
        .await?;
        if finish.state == ItemState::AwaitingDecision {
            let sql = "update items set decide_role = $1 where id = $2";
            query(sql).bind(&finish.role).bind(&claim.item.id).execute_soon(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Lets go of an item that its worker can do nothing with, as if it had not been claimed. What may be in the middle
    /// of a commit stays as it is, to be taken over at once by somebody who can look. `margin` is the claimant's.
    pub async fn give_back(&self, claim: &Claim, margin: Duration, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = now(&mut tx).await?;
        hold(&mut tx, claim).await?;
        if !claim.taken_over || !has_open_intent(&mut tx, &claim.item.id).await? {
            tx.roll_back().await?;
            return self.finish(claim, &Finish::new(ItemState::Ready), &claim.item.fields.0, events).await;
        }
        let lapsed = time_text(at - margin - Duration::from_millis(1));
        query("update items set lease_until = $1, worker = null where id = $2")
            .bind(lapsed)
            .bind(&claim.item.id)
            .execute_soon(&mut tx)
            .await?;
        append(&mut tx, events).await?;
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

    /// The items of this id or reference: one for each bot at most.
    pub async fn items_named(&self, name: &str) -> Result<Vec<Item>> {
        query("select * from items where id = $1 or reference = $1 order by id").bind(name).fetch_all(self).await
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
}

/// What changes when a worker lets go. What a person asked for is over too: it has been done, or came too late, or, with
/// a commit of unknown outcome, is to be decided anew by whoever settles that.
const LET_GO: &str =
    ", code = $3, reason = $4, not_before = $5, due_at = $6, tries = tries + $7, fields = coalesce($8, fields), circuit = $9,
     stage = coalesce(stage, $10), worker = null, lease_until = null, browsers = null, asked = null, asked_by = null";

/// Checks that the claim still holds and never shortens its lease; refuses a late worker.
pub(super) async fn hold(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let at = now(tx).await?;
    let sql = format!(
        "update items set lease_until = case when lease_until > $1 then lease_until else $1 end, updated_at = $2
         where id = $3 and token = $4 and state = 'in_progress'{}",
        tx.returning_clock()
    );
    let hold = made(sql).bind(time_text(at + claim.lease)).bind(time_text(at)).bind(&claim.item.id).bind(claim.token);
    if tx.is_alone() {
        return hold.must_change(tx, Error::LeaseLost).await;
    }
    let held: Option<(String,)> = hold.fetch_optional(&mut *tx).await?;
    // Somebody may have been waited for.
    tx.it_is(&held.ok_or(Error::LeaseLost)?.0)
}

/// The statement that finds the item to claim next and says so in the journal; `$1` is now, `$2` is when a lease must
/// have ended, then the event: its id, actor and kind, also where another worker's lease had ended; then the pools, and
/// what is left to others.
/// Each part reads the first entries of an index: what one big `or` would sort grows with the queue.
fn take_next(pools: usize, except: usize, lock: &str) -> String {
    let first = "order by priority desc, created_at, id limit 1";
    let but = but("items", 7 + pools, except);
    let mut parts = Vec::new();
    for pool in 7..pools + 7 {
        // A parameter that SQLite weighs by its statistics has the whole planned anew each time it is bound: a fifth of a
        // millisecond, for the same plan. With something around it, it is not weighed.
        let (pool, now, lapsed) = (format!("${pool} || ''"), "$1 || ''", "$2 || ''");
        let ready = format!("pool = {pool} and state = 'ready' and (not_before is null or not_before <= {now}){but}");
        // Of those that have waited, the hundred whose time came first.
        let deferred = format!(
            "state = 'deferred' and id in (select id from items where pool = {pool} and state = 'deferred'
                 and not_before <= {now}{but} order by not_before limit 100)"
        );
        let expired = format!("pool = {pool} and state = 'in_progress' and lease_until < {lapsed}{but}");
        for which in [ready, deferred, expired] {
            let name = format!("part_{}", parts.len());
            parts.push(format!(
                "select * from (select id, state, priority, created_at, run, bot, attempt from items where {which} {first}{lock})
                     as {name}"
            ));
        }
    }
    format!(
        "insert into events (id, at, run, item, bot, attempt, actor, kind)
         select $3, $1, run, id, bot, attempt, $4, case state when 'in_progress' then $6 else $5 end
         from ({}) as next {first}",
        parts.join(" union all ")
    )
}

/// What a condition adds so that work of these keys is left to others, their places beginning with `first`; nothing
/// where there are none. The key of work is its bot, or its run where that is held to an approved script.
pub(super) fn but(table: &str, first: usize, except: usize) -> String {
    if except == 0 { String::new() } else { format!(" and {}", ours(table, first, except)) }
}

/// The same condition alone, where there are such keys.
pub(super) fn ours(table: &str, first: usize, except: usize) -> String {
    let run = if table == "items" { "items.run" } else { "runs.id" };
    format!(
        "coalesce((select case when own.pin is null then own.bot else own.id end from runs as own where own.id = {run}),
             {table}.bot) not in ({})",
        places(first, except)
    )
}

/// Sets when the lease of a claim that holds ends.
pub(super) async fn set_lease(tx: &mut Tx, claim: &Claim, lease: Duration) -> Result<()> {
    let until = time_text(now(tx).await? + lease);
    query("update items set lease_until = $1 where id = $2").bind(until).bind(&claim.item.id).execute_soon(tx).await
}

/// The item, which nobody else changes before the transaction ends.
pub(super) async fn item_in(tx: &mut Tx, id: &ItemId) -> Result<Item> {
    let sql = format!("select * from items where id = $1{}", tx.for_update());
    made(sql).bind(id).fetch_optional(&mut *tx).await?.ok_or_else(|| Error::Missing(format!("ärendet {id}")))
}
