//! What people do to items: a new attempt, hand over, cancel, put off, another priority. Each is recorded with who and why.
//!
//! An item that a worker has is not taken from it: the worker is asked, and lets go where that is safe. An item that may
//! have a commit of unknown outcome is not let go of before the outcome is known.

use chrono::{DateTime, Utc};

use super::events::append;
use super::items::item_in;
use super::life::{Change, OPEN_INTENTS, change_state, has_open_intent};
use super::query::Value;
use super::{Claim, Result, Store, Tx, now, query};
use crate::model::{Attempt, Event, EventKind, Item, ItemId, ItemState, OperationDone, new_id_at, time_text};

/// The code of what a person wanted so.
pub const BY_PERSON: &str = "by_person";

/// What a person does to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new attempt under the same reference, from the first stage.
    Rerun,
    /// A person takes it.
    HandOver,
    Cancel,
    /// It waits until then; a time that has been is now.
    Defer {
        until: DateTime<Utc>,
    },
    /// Higher goes first; 0 is ordinary.
    Priority(i64),
}

impl Operation {
    /// The word kept in the store and shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rerun => "rerun",
            Self::HandOver => "hand_over",
            Self::Cancel => "cancel",
            Self::Defer { .. } => "defer",
            Self::Priority(_) => "priority",
        }
    }
}

/// An operation by a person.
#[derive(Debug, Clone)]
pub struct Order {
    pub operation: Operation,
    pub person: String,
    /// May be personal: kept in the item's own record only.
    pub reason: String,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operated {
    Done,
    /// A worker has the item, and lets go of it at the next point where that is safe.
    Asked,
    /// The same, where something else had been asked for, which is not done.
    AskedInstead,
}

/// Why an order can't be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    /// The attempt is over.
    #[error("försöket är redan slut: kör om ärendet i stället")]
    Ended,
    /// Only what has ended is done again.
    #[error("försöket är inte slut: det går inte att köra om ännu")]
    NotEnded,
    /// A worker has it.
    #[error("en robot arbetar med ärendet just nu: vänta tills den har släppt det")]
    InProgress,
    /// It waits for a person, not for a time.
    #[error("ärendet väntar på en persons beslut: det kan beslutas, lämnas över eller avbrytas")]
    AwaitsDecision,
    /// A commit whose outcome nobody can tell.
    #[error("ingen vet om det senaste sparandet tog: titta i systemet och avgör det först med `kollega settle`")]
    Unsettled,
    /// A commit that the robot has not verified yet.
    #[error("ett sparande är påbörjat och inte kontrollerat: låt roboten kontrollera det först")]
    OpenIntent,
    /// The same has been asked for.
    #[error("det är redan begärt: roboten släpper ärendet vid nästa säkra punkt")]
    AlreadyAsked,
}

impl Store {
    /// Carries out a person's order, or says why not. The order is recorded with its reason in the item's own record, and
    /// as an event without it.
    pub async fn operate(&self, id: &ItemId, order: &Order) -> Result<std::result::Result<Operated, Hindrance>> {
        let mut tx = self.begin().await?;
        let item = item_in(&mut tx, id).await?;
        let open = has_open_intent(&mut tx, id).await?;
        if let Some(hindrance) = hindrance(item.state, item.asked.as_deref(), order.operation, open) {
            tx.roll_back().await?;
            return Ok(Err(hindrance));
        }
        let now = now(&mut tx).await?;
        record(&mut tx, &item, order, now).await?;
        let operated = carry_out(&mut tx, &item, order, now).await?;
        append(&mut tx, &[event_of(&item, order, operated)]).await?;
        tx.commit().await?;
        Ok(Ok(operated))
    }

    /// What would keep an order from being carried out now.
    pub async fn hindrance(&self, item: &Item, operation: Operation) -> Result<Option<Hindrance>> {
        let open: i64 = query(OPEN_INTENTS).bind(&item.id).fetch_value(self).await?;
        Ok(hindrance(item.state, item.asked.as_deref(), operation, open > 0))
    }

    /// Whether the worker is to let go of the item here, between two stages: a person has asked for it, and no commit
    /// is left without an outcome.
    pub async fn is_asked(&self, claim: &Claim) -> Result<bool> {
        let sql = "select count(*) from items where id = $1 and asked is not null";
        let asked: i64 = query(sql).bind(&claim.item.id).fetch_value(self).await?;
        if asked == 0 {
            return Ok(false);
        }
        let open: i64 = query(OPEN_INTENTS).bind(&claim.item.id).fetch_value(self).await?;
        Ok(open == 0)
    }

    /// The attempts of an item that are over and have been followed by another, oldest first.
    pub async fn attempts(&self, item: &ItemId) -> Result<Vec<Attempt>> {
        query("select attempt, began_at, ended_at, state, stage, code, reason from attempts where item = $1 order by attempt")
            .bind(item)
            .fetch_all(self)
            .await
    }

    /// What people have done to an item, oldest first.
    pub async fn operations(&self, item: &ItemId) -> Result<Vec<OperationDone>> {
        query("select attempt, person, operation, reason, at from operations where item = $1 order by id")
            .bind(item)
            .fetch_all(self)
            .await
    }
}

/// What a person has asked for, of an item that its worker lets go of to wait: a state, and who.
pub(super) async fn asked_of(tx: &mut Tx, item: &ItemId) -> Result<Option<(ItemState, String)>> {
    let sql = "select asked, asked_by from items where id = $1 and asked is not null";
    let asked: Option<(String, String)> = query(sql).bind(item).fetch_optional(&mut *tx).await?;
    let Some((state, person)) = asked else { return Ok(None) };
    if has_open_intent(tx, item).await? {
        return Ok(None);
    }
    Ok(ItemState::try_from(state).ok().map(|state| (state, person)))
}

/// Why an order can't be carried out, by the item's state and whether a commit has no outcome yet.
fn hindrance(state: ItemState, asked: Option<&str>, operation: Operation, open: bool) -> Option<Hindrance> {
    use ItemState::{AwaitingDecision, InProgress, Uncertain};
    let ended = state.is_final();
    match operation {
        Operation::Rerun => (!ended).then_some(Hindrance::NotEnded),
        _ if ended => Some(Hindrance::Ended),
        Operation::Priority(_) => None,
        _ if state == Uncertain => Some(Hindrance::Unsettled),
        Operation::HandOver | Operation::Cancel if state == InProgress => {
            (asked == wanted(operation).map(ItemState::as_str)).then_some(Hindrance::AlreadyAsked)
        }
        Operation::HandOver | Operation::Cancel => open.then_some(Hindrance::OpenIntent),
        Operation::Defer { .. } => match state {
            InProgress => Some(Hindrance::InProgress),
            AwaitingDecision => Some(Hindrance::AwaitsDecision),
            _ => None,
        },
    }
}

/// The state that the operation is to give.
fn wanted(operation: Operation) -> Option<ItemState> {
    match operation {
        Operation::Rerun => Some(ItemState::Ready),
        Operation::HandOver => Some(ItemState::HandedOver),
        Operation::Cancel => Some(ItemState::Cancelled),
        Operation::Defer { .. } => Some(ItemState::Deferred),
        Operation::Priority(_) => None,
    }
}

async fn record(tx: &mut Tx, item: &Item, order: &Order, now: DateTime<Utc>) -> Result<()> {
    query(
        "insert into operations (id, item, attempt, person, operation, reason, at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(new_id_at(now))
    .bind(&item.id)
    .bind(item.attempt)
    .bind(&order.person)
    .bind(order.operation.as_str())
    .bind(&order.reason)
    .bind(time_text(now))
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn carry_out(tx: &mut Tx, item: &Item, order: &Order, now: DateTime<Utc>) -> Result<Operated> {
    let Some(to) = wanted(order.operation) else {
        let Operation::Priority(priority) = order.operation else { return Ok(Operated::Done) };
        query("update items set priority = $1 where id = $2").bind(priority).bind(&item.id).execute(&mut *tx).await?;
        return Ok(Operated::Done);
    };
    if item.state == ItemState::InProgress {
        query("update items set asked = $1, asked_by = $2 where id = $3")
            .bind(to.as_str())
            .bind(&order.person)
            .bind(&item.id)
            .execute(&mut *tx)
            .await?;
        return Ok(if item.asked.is_some() { Operated::AskedInstead } else { Operated::Asked });
    }
    let at = time_text(now);
    let (also, values): (_, Vec<Value>) = match order.operation {
        Operation::Rerun => {
            end_attempt(tx, item, &at).await?;
            (AGAIN, vec![(&at).into()])
        }
        Operation::Defer { until } => (
            ", not_before = $3, code = $4, reason = $5, circuit = null",
            vec![time_text(until).into(), BY_PERSON.into(), (&order.reason).into()],
        ),
        _ => (
            ", code = $3, reason = $4, not_before = null, due_at = null, circuit = null",
            vec![BY_PERSON.into(), (&order.reason).into()],
        ),
    };
    change_state(tx, Change { item: &item.id, from: item.state, to, at: &at, also, values }).await?;
    Ok(Operated::Done)
}

/// What a new attempt begins with.
const AGAIN: &str = ", attempt = attempt + 1, stage = null, tries = 0, code = null, reason = null, not_before = null,
     due_at = null, asked = null, asked_by = null, circuit = null, began_at = $3";

/// Keeps how an attempt ended, before the next begins; what was suggested in it no longer counts.
async fn end_attempt(tx: &mut Tx, item: &Item, at: &str) -> Result<()> {
    query(
        "insert into attempts (item, attempt, began_at, ended_at, state, stage, code, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&item.id)
    .bind(item.attempt)
    .bind(item.began_at.as_ref().unwrap_or(&item.created_at))
    .bind(&item.updated_at)
    .bind(item.state.as_str())
    .bind(&item.stage)
    .bind(&item.code)
    .bind(&item.reason)
    .execute(&mut *tx)
    .await?;
    query("update suggestions set superseded_at = $1 where item = $2 and superseded_at is null")
        .bind(at)
        .bind(&item.id)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

fn event_of(item: &Item, order: &Order, operated: Operated) -> Event {
    use serde_json::json;
    let (kind, detail) = match order.operation {
        operation if operated != Operated::Done => {
            (EventKind::Asked, json!({"asked": wanted(operation).map(ItemState::as_str)}))
        }
        Operation::Rerun => (EventKind::Rerun, serde_json::Value::Null),
        Operation::HandOver => (EventKind::HandedOver, json!({"code": BY_PERSON})),
        Operation::Cancel => (EventKind::Cancelled, json!({"code": BY_PERSON})),
        Operation::Defer { until } => (EventKind::Deferred, json!({"until": time_text(until)})),
        Operation::Priority(priority) => (EventKind::PrioritySet, json!({"from": item.priority, "to": priority})),
    };
    let mut event = Event::new(kind, format!("person:{}", order.person)).item(item);
    event.stage.clone_from(&item.stage);
    event.detail = Some(detail).filter(|detail| !detail.is_null());
    event
}

/// What happens to an item that its worker lets go of because a person has asked for it.
pub(super) fn let_go_event(item: &Item, state: ItemState, person: &str) -> Event {
    let kind = if state == ItemState::Cancelled { EventKind::Cancelled } else { EventKind::HandedOver };
    let event = Event::new(kind, format!("person:{person}")).item(item);
    event.detail(serde_json::json!({"code": BY_PERSON}))
}

/// The reason that the person gave who asked for it last.
pub(super) async fn last_reason(tx: &mut Tx, item: &ItemId) -> Result<Option<String>> {
    let sql = "select reason from operations where item = $1 and operation in ('cancel', 'hand_over') order by id desc limit 1";
    Ok(query(sql).bind(item).fetch_optional::<(String,)>(tx).await?.map(|(reason,)| reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;

    #[test]
    fn what_an_operation_gives_is_a_change_that_is_allowed_or_hindered() {
        let operations = [
            Operation::Rerun,
            Operation::HandOver,
            Operation::Cancel,
            Operation::Defer { until: parse_time("2026-01-01T00:00:00Z").expect("a time") },
        ];
        for &state in ItemState::ALL {
            for operation in operations {
                let to = wanted(operation).expect("a state");
                let free = hindrance(state, None, operation, false).is_none();
                assert!(!free || state.may_become(to), "{state} {operation:?}");
            }
        }
    }

    #[test]
    fn an_item_with_a_commit_of_unknown_outcome_is_not_let_go_of() {
        for &state in ItemState::ALL.iter().filter(|state| !state.is_final() && **state != ItemState::InProgress) {
            for operation in [Operation::Cancel, Operation::HandOver] {
                assert!(hindrance(state, None, operation, true).is_some(), "{state} {operation:?}");
            }
        }
    }
}
