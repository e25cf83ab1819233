//! Circuits: which systems new work is kept from, by credential, and who may try whether one answers again.
//!
//! A circuit is `closed` (work goes on), `open` (it waits), `probing` (one item or run tries) or `replaced` (opened for
//! a credential that is no longer the one in use, and never tried again). Every change is one transaction on the
//! database's clock. Whoever locks a circuit and an item locks the circuit first.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::events::append;
use super::{Error, Result, RunLease, Store, Tx, made, now, query};
use crate::model::{
    Circuit, CircuitId, CircuitState, Event, EventKind, FailureKind, ItemId, RunId, parse_time, time_text,
};

/// How long an item waits for a circuit that is not tried by itself. What closes it wakes the item at once.
const UNTIL_TOLD: TimeDelta = TimeDelta::hours(12);

/// When a circuit opens, and how long it waits before it is tried again.
#[derive(Debug, Clone, Copy)]
pub struct CircuitLimits {
    /// How many failures of one kind in a row open it. A refused sign-in opens it at once.
    pub failures: i64,
    /// The first wait; doubled for each try that fails.
    pub wait: Duration,
    pub max_wait: Duration,
}

/// Whether the way into a system is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Free,
    /// The one who asked tries whether the system answers again.
    Probe,
    /// New work waits.
    Shut,
}

/// What a failure has made of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The system is worked in as before.
    Closed,
    /// It gets no new work now.
    Open,
    /// It still gets none: this was the probe.
    ProbeFailed,
}

/// Whether this one may sign in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    Go,
    /// Somebody else does: were the password wrong, it would be tried twice.
    Busy,
    /// The circuit is open.
    Shut,
}

/// How long a credential that somebody has signed in with may be used by several at once.
const PROVEN: TimeDelta = TimeDelta::minutes(1);

impl Store {
    /// Whether this item or run may sign in. One at a time does, until one has: a wrong password is tried once, however
    /// many workers there are.
    pub async fn begin_sign_in(&self, id: &CircuitId, holder: &str) -> Result<SignIn> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        make(&mut tx, id, now).await?;
        let Some(circuit) = circuit_in(&mut tx, id).await? else { return Ok(SignIn::Busy) };
        let shut = match circuit.state {
            CircuitState::Closed => false,
            CircuitState::Probing => circuit.probe.as_deref() != Some(holder),
            CircuitState::Open | CircuitState::Replaced => true,
        };
        let proven = circuit.proven_at.as_deref().is_some_and(|at| at > time_text(now - PROVEN).as_str());
        let busy = circuit.signing_in.as_deref().is_some_and(|other| other != holder);
        let answer = if shut {
            SignIn::Shut
        } else if proven || !busy || !is_working(&mut tx, circuit.signing_in.as_deref(), now).await? {
            SignIn::Go
        } else {
            SignIn::Busy
        };
        if answer != SignIn::Go || proven {
            tx.roll_back().await?;
            return Ok(answer);
        }
        query("update circuits set signing_in = $1 where id = $2")
            .bind(holder)
            .bind(id.to_string())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// This item or run signs in no more; whether it has. That it was refused is told by `circuit_failed`.
    pub async fn end_sign_in(&self, id: &CircuitId, holder: &str, signed_in: bool) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "update circuits set signing_in = case when signing_in = $1 then null else signing_in end,
                 proven_at = case when $2 then $3 else proven_at end
             where id = $4",
        )
        .bind(holder)
        .bind(signed_in)
        .bind(at)
        .bind(id.to_string())
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Whether this item or run may go into the system; the first one after the wait becomes its probe.
    pub async fn enter_circuit(&self, id: &CircuitId, holder: &str, event: &Event) -> Result<Entry> {
        if self.circuit(id).await?.is_none_or(|circuit| circuit.state == CircuitState::Closed) {
            return Ok(Entry::Free);
        }
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let Some(circuit) = circuit_in(&mut tx, id).await? else {
            tx.roll_back().await?;
            return Ok(Entry::Free);
        };
        let is_time = circuit.retry_at.as_deref().is_some_and(|at| at <= time_text(now).as_str());
        let entry = match circuit.state {
            CircuitState::Closed => Entry::Free,
            CircuitState::Open if is_time && another_should_try(&mut tx, &circuit, holder).await? => Entry::Shut,
            CircuitState::Open if is_time => Entry::Probe,
            CircuitState::Probing if circuit.probe.as_deref() == Some(holder) => Entry::Probe,
            CircuitState::Probing if !is_working(&mut tx, circuit.probe.as_deref(), now).await? => Entry::Probe,
            _ => Entry::Shut,
        };
        if entry == Entry::Probe && circuit.probe.as_deref() != Some(holder) {
            query("update circuits set state = 'probing', probe = $1, updated_at = $2 where id = $3")
                .bind(holder)
                .bind(time_text(now))
                .bind(id.to_string())
                .execute(&mut tx)
                .await?;
            hold_back(&mut tx, id, now + wait(&circuit)).await?;
            let mut event = event.clone().detail(json!({"system": id.system}));
            event.kind = EventKind::CircuitProbed;
            append(&mut tx, &[event]).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }

    /// A system failed for this item or run; what its circuit is after that.
    pub async fn circuit_failed(
        &self,
        id: &CircuitId,
        kind: FailureKind,
        holder: &str,
        limits: CircuitLimits,
        event: &Event,
    ) -> Result<AfterFailure> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        make(&mut tx, id, now).await?;
        let Some(before) = circuit_in(&mut tx, id).await? else {
            return Err(Error::Missing(format!("kretsbrytaren för {}", id.system)));
        };
        let Some(after) = after_failure(&before, kind, holder, limits, now) else {
            tx.roll_back().await?;
            return Ok(AfterFailure::Open);
        };
        let changed = query(
            "update circuits set state = $1, kind = $2, failures = $3, last_holder = $4, opened_at = $5, retry_at = $6,
                 wait_ms = $7, probe = null, updated_at = $8,
                 signing_in = case when signing_in = $4 then null else signing_in end
             where id = $9",
        );
        changed
            .bind(after.state.as_str())
            .bind(kind.as_str())
            .bind(after.failures)
            .bind(holder)
            .bind(&after.opened_at)
            .bind(&after.retry_at)
            .bind(after.wait_ms)
            .bind(time_text(now))
            .bind(id.to_string())
            .execute(&mut tx)
            .await?;
        let open = after.state == CircuitState::Open;
        if open {
            let until = after.retry_at.as_deref().and_then(parse_time).unwrap_or(now + UNTIL_TOLD);
            hold_back(&mut tx, id, until).await?;
            let again = before.state != CircuitState::Closed;
            let mut event = event.clone().detail(json!({
                "system": id.system, "kind": kind.as_str(), "failures": after.failures, "retry_at": after.retry_at,
                "again": again,
            }));
            event.kind = EventKind::CircuitOpened;
            append(&mut tx, &[event]).await?;
        }
        tx.commit().await?;
        Ok(match open {
            false => AfterFailure::Closed,
            true if before.state == CircuitState::Probing => AfterFailure::ProbeFailed,
            true => AfterFailure::Open,
        })
    }

    /// A system did what it should for this item or run: the row of failures ends, and where this was the probe, the
    /// circuit closes and what waited is ready at once.
    pub async fn circuit_answered(&self, id: &CircuitId, holder: &str, event: &Event) -> Result<()> {
        // Every stage on every node tells this. One row that all of them held would make them wait for each other, and for
        // a worker that is stopped while it holds it: it is held only where something is to be changed.
        if self.circuit(id).await?.is_none_or(|circuit| !changes_by_answer(&circuit, holder)) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let Some(circuit) = circuit_in(&mut tx, id).await? else { return tx.roll_back().await };
        let closes = circuit.state == CircuitState::Probing && circuit.probe.as_deref() == Some(holder);
        if closes {
            close(&mut tx, id, CircuitState::Closed, event, "answered").await?;
        } else if circuit.state == CircuitState::Closed {
            query("update circuits set failures = 0, kind = null, last_holder = null where id = $1")
                .bind(id.to_string())
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await
    }

    /// The system is no longer signed in to with the credential that the circuit opened for: what waited is ready.
    pub async fn replace_circuit(&self, id: &CircuitId) -> Result<()> {
        let mut tx = self.begin().await?;
        let Some(circuit) = circuit_in(&mut tx, id).await? else { return tx.roll_back().await };
        if circuit.is_open() {
            let event = Event::new(EventKind::CircuitClosed, "worker:circuits");
            close(&mut tx, id, CircuitState::Replaced, &event, "new_secret").await?;
        }
        tx.commit().await
    }

    /// A person says that the system may be tried again, and why; how many circuits that closed.
    pub async fn reset_circuits(&self, system: &str, person: &str, reason: &str) -> Result<usize> {
        let mut tx = self.begin().await?;
        let sql =
            format!("select * from circuits where system = $1 and state <> 'closed' order by id{}", tx.for_update());
        let shut: Vec<Circuit> = made(sql).bind(system).fetch_all(&mut tx).await?;
        for circuit in &shut {
            let event = Event::new(EventKind::CircuitClosed, format!("person:{person}"));
            let why = format!("reset: {reason}");
            close(&mut tx, &circuit.circuit_id(), CircuitState::Closed, &event, &why).await?;
        }
        tx.commit().await?;
        Ok(shut.len())
    }

    /// One circuit.
    pub async fn circuit(&self, id: &CircuitId) -> Result<Option<Circuit>> {
        query("select * from circuits where id = $1").bind(id.to_string()).fetch_optional(self).await
    }

    /// The circuits of a system that are not closed, or that count failures.
    pub async fn circuits_of(&self, system: &str) -> Result<Vec<Circuit>> {
        let sql =
            "select * from circuits where system = $1 and (state <> 'closed' or failures > 0) order by updated_at desc";
        query(sql).bind(system).fetch_all(self).await
    }

    /// The circuits that are open or being tried.
    pub async fn open_circuits(&self) -> Result<Vec<Circuit>> {
        query("select * from circuits where state in ('open', 'probing') order by opened_at, id").fetch_all(self).await
    }

    /// The circuit that an item waits for.
    pub async fn circuit_of_item(&self, item: &ItemId) -> Result<Option<Circuit>> {
        let sql = "select circuits.* from circuits join items on items.circuit = circuits.id where items.id = $1";
        query(sql).bind(item).fetch_optional(self).await
    }

    /// How many items and runs wait for a circuit.
    pub async fn waiting_for_circuit(&self, id: &CircuitId) -> Result<i64> {
        let sql = "select (select count(*) from items where circuit = $1 and state = 'deferred')
             + (select count(*) from runs where circuit = $1 and state = 'queued')";
        query(sql).bind(id.to_string()).fetch_value(self).await
    }

    /// Puts a run whose system's circuit is open back in the queue, to collect when the circuit allows it.
    pub async fn postpone_run(&self, held: &RunLease, id: &CircuitId, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        let until = wait_until(&mut tx, id).await?;
        query(
            "update runs set state = 'queued', reason = null, worker = null, lease_until = null, started_at = null,
                 not_before = $1, circuit = $2
             where id = $3 and token = $4 and state = 'running'",
        )
        .bind(until)
        .bind(id.to_string())
        .bind(&held.run.id)
        .bind(held.token)
        .must_change(&mut tx, Error::LeaseLost)
        .await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// The circuit that a run waits for before it collects.
    pub async fn circuit_of_run(&self, run: &RunId) -> Result<Option<Circuit>> {
        let sql = "select circuits.* from circuits join runs on runs.circuit = circuits.id
             where runs.id = $1 and runs.state = 'queued'";
        query(sql).bind(run).fetch_optional(self).await
    }
}

/// Until when an item or run waits for the circuit as it is now; closed in the meantime, it does not wait.
pub(super) async fn wait_until(tx: &mut Tx, id: &CircuitId) -> Result<String> {
    let now = now(tx).await?;
    let until = match circuit_in(tx, id).await? {
        None => now,
        Some(circuit) => match circuit.state {
            CircuitState::Closed => now,
            CircuitState::Probing | CircuitState::Replaced => now + wait(&circuit),
            // Whoever is due and still waits lets another try first.
            CircuitState::Open => {
                let due = circuit.retry_at.as_deref().and_then(parse_time).unwrap_or(now + UNTIL_TOLD);
                due.max(now + TimeDelta::seconds(1))
            }
        },
    };
    Ok(time_text(until))
}

/// Whether an item that has failed tries behind it leaves the probe to one that waits with fewer. A page that one odd item
/// does not find would otherwise be tried by that item for ever.
async fn another_should_try(tx: &mut Tx, circuit: &Circuit, holder: &str) -> Result<bool> {
    if circuit.kind.as_deref() != Some(FailureKind::PageChanged.as_str()) {
        return Ok(false);
    }
    let sql = "select (select count(*) from items as other where other.circuit = $1 and other.state = 'deferred'
             and other.id <> $2 and other.tries < (select tries from items where id = $2))
         + (select count(*) from runs where circuit = $1 and state = 'queued'
             and (select tries from items where id = $2) > 0)";
    let others: i64 = query(sql).bind(&circuit.id).bind(holder).fetch_value(tx).await?;
    Ok(others > 0)
}

/// What a failure makes of a circuit; none where it changes nothing.
fn after_failure(
    before: &Circuit,
    kind: FailureKind,
    holder: &str,
    limits: CircuitLimits,
    now: DateTime<Utc>,
) -> Option<Circuit> {
    let same = before.kind.as_deref() == Some(kind.as_str());
    let mut after = before.clone();
    let wait_ms = match before.state {
        CircuitState::Closed => {
            // One odd item that fails again and again says little about the page.
            let repeated = same && kind == FailureKind::PageChanged && before.last_holder.as_deref() == Some(holder);
            after.failures = if same { before.failures + i64::from(!repeated) } else { 1 };
            let needed = if kind == FailureKind::SignInRefused { 1 } else { limits.failures.max(1) };
            if after.failures < needed {
                return Some(after);
            }
            after.opened_at = Some(time_text(now));
            milliseconds(limits.wait)
        }
        CircuitState::Probing if before.probe.as_deref() == Some(holder) => {
            after.failures = before.failures + 1;
            (before.wait_ms * 2).clamp(1, milliseconds(limits.max_wait))
        }
        // Somebody who was inside already: only a refused sign-in says something new, that it may not be tried.
        CircuitState::Open if kind == FailureKind::SignInRefused && !same => before.wait_ms,
        _ => return None,
    };
    after.state = CircuitState::Open;
    after.wait_ms = wait_ms;
    // The same password again could lock the account.
    after.retry_at = (kind != FailureKind::SignInRefused).then(|| time_text(now + TimeDelta::milliseconds(wait_ms)));
    Some(after)
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn wait(circuit: &Circuit) -> TimeDelta {
    TimeDelta::milliseconds(circuit.wait_ms.max(1000))
}

/// The circuit's row, made closed if it is not there.
async fn make(tx: &mut Tx, id: &CircuitId, now: DateTime<Utc>) -> Result<()> {
    query(
        "insert into circuits (id, system, credential, state, updated_at) values ($1, $2, $3, 'closed', $4)
         on conflict (id) do nothing",
    )
    .bind(id.to_string())
    .bind(&id.system)
    .bind(&id.credential)
    .bind(time_text(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// The circuit, which nobody else changes before the transaction ends.
async fn circuit_in(tx: &mut Tx, id: &CircuitId) -> Result<Option<Circuit>> {
    let sql = format!("select * from circuits where id = $1{}", tx.for_update());
    made(sql).bind(id.to_string()).fetch_optional(&mut *tx).await
}

/// Whether an answer to this item or run changes anything.
fn changes_by_answer(circuit: &Circuit, holder: &str) -> bool {
    match circuit.state {
        CircuitState::Closed => circuit.failures > 0,
        CircuitState::Probing => circuit.probe.as_deref() == Some(holder),
        _ => false,
    }
}

/// Whether a probe is still being worked on.
async fn is_working(tx: &mut Tx, probe: Option<&str>, now: DateTime<Utc>) -> Result<bool> {
    let sql = "select (select count(*) from items where id = $1 and state = 'in_progress' and lease_until >= $2)
         + (select count(*) from runs where id = $1 and state = 'running' and lease_until >= $2)";
    let working: i64 = query(sql).bind(probe).bind(time_text(now)).fetch_value(tx).await?;
    Ok(working > 0)
}

/// Nobody who waits for the circuit looks again before this.
async fn hold_back(tx: &mut Tx, id: &CircuitId, until: DateTime<Utc>) -> Result<()> {
    for sql in [
        "update items set not_before = $1 where circuit = $2 and state = 'deferred' and not_before < $1",
        "update runs set not_before = $1 where circuit = $2 and state = 'queued' and not_before < $1",
    ] {
        query(sql).bind(time_text(until)).bind(id.to_string()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Closes a circuit: whoever waits for it is ready at once.
async fn close(tx: &mut Tx, id: &CircuitId, state: CircuitState, event: &Event, why: &str) -> Result<()> {
    let at = time_text(now(tx).await?);
    query(
        "update circuits set state = $1, failures = 0, last_holder = null, retry_at = null, probe = null, updated_at = $2
         where id = $3",
    )
    .bind(state.as_str())
    .bind(&at)
    .bind(id.to_string())
    .execute(&mut *tx)
    .await?;
    for sql in [
        "update items set not_before = $1 where circuit = $2 and state = 'deferred' and not_before is not null",
        "update runs set not_before = $1 where circuit = $2 and state = 'queued'",
    ] {
        query(sql).bind(&at).bind(id.to_string()).execute(&mut *tx).await?;
    }
    let mut event = event.clone().detail(json!({"system": id.system, "why": why}));
    event.kind = EventKind::CircuitClosed;
    append(tx, &[event]).await
}
