//! Intents and their outcomes: what makes a commit happen once. See `runner::fence` for the order of things.

use std::time::Duration;

use super::delegations::still_delegated;
use super::events::append;
use super::items::{hold, item_in, set_lease};
use super::life::{Change, change_state};
use super::operations::asked_of;
use super::{Claim, Error, Result, Store, now, query};
use crate::model::{Event, EventKind, Intent, IntentId, IntentOutcome, Item, ItemId, ItemState, new_id_at, time_text};

impl Store {
    /// Writes down, durably, that a stage's commit is about to be made; or says that a person has asked for the item,
    /// or that the delegation it rests on is not in force any more.
    pub async fn intend(
        &self,
        claim: &Claim,
        stage: &str,
        message_id: Option<&str>,
        lease: Duration,
        events: &[Event],
    ) -> Result<IntentId> {
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        if asked_of(&mut tx, &claim.item.id).await?.is_some() {
            tx.roll_back().await?;
            return Err(Error::Asked);
        }
        if let Err(error) = still_delegated(&mut tx, claim, self.seal.as_ref()).await {
            tx.roll_back().await?;
            return Err(error);
        }
        set_lease(&mut tx, claim, lease).await?;
        let now = now(&mut tx).await?;
        let id = IntentId(new_id_at(now));
        query(
            "insert into intents (id, item, attempt, stage, token, message_id, at) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(&claim.item.id)
        .bind(claim.item.attempt)
        .bind(stage)
        .bind(claim.token)
        .bind(message_id)
        .bind(time_text(now))
        .execute_soon(&mut tx)
        .await?;
        append(&mut tx, events).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Writes down, durably, what became of every open intent of the stage. Carries the lease's token.
    pub async fn settle(
        &self,
        claim: &Claim,
        stage: &str,
        outcome: IntentOutcome,
        detail: &str,
        events: &[Event],
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        let now = now(&mut tx).await?;
        query(
            "update intents set outcome = $1, detail = $2, settled_at = $3
             where item = $4 and stage = $5 and (outcome is null or outcome = 'uncertain')",
        )
        .bind(outcome.as_str())
        .bind(detail)
        .bind(time_text(now))
        .bind(&claim.item.id)
        .bind(stage)
        .execute_soon(&mut tx)
        .await?;
        if outcome == IntentOutcome::Uncertain {
            // An attempt of its own may find, before it intends anything, that nobody can tell what the one before came to:
            // a person settles that too.
            query(
                "insert into intents (id, item, attempt, stage, token, outcome, detail, at, settled_at)
                 select $1, $2, $3, $4, $5, $6, $7, $8, $8
                 where not exists (select 1 from intents where item = $2 and stage = $4 and outcome = 'uncertain')",
            )
            .bind(new_id_at(now))
            .bind(&claim.item.id)
            .bind(claim.item.attempt)
            .bind(stage)
            .bind(claim.token)
            .bind(outcome.as_str())
            .bind(detail)
            .bind(time_text(now))
            .execute_soon(&mut tx)
            .await?;
        }
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// Every intent of a stage, by any attempt of this item, oldest first: whose token is higher came later, whatever any
    /// clock said.
    pub async fn intents(&self, item: &ItemId, stage: &str) -> Result<Vec<Intent>> {
        let sql = "select * from intents where item = $1 and stage = $2 order by token, id";
        query(sql).bind(item).bind(stage).fetch_all(self).await
    }

    /// Every intent of an item, oldest first.
    pub async fn item_intents(&self, item: &ItemId) -> Result<Vec<Intent>> {
        query("select * from intents where item = $1 order by token, id").bind(item).fetch_all(self).await
    }

    /// A person has looked at an uncertain item: the commit took effect (`Done`), or it did not (`NotDone`), and the
    /// item goes on; or the person takes the item over (`None`). The item is as the person saw it: the answer to one
    /// uncertainty is never taken for another's, that came after somebody else's answer.
    pub async fn settle_by_person(&self, seen: &Item, outcome: Option<IntentOutcome>, person: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let id = &seen.id;
        let item = item_in(&mut tx, id).await?;
        let next = if outcome.is_some() { ItemState::Ready } else { ItemState::HandedOver };
        if item.state != ItemState::Uncertain {
            return Err(Error::NothingToSettle(item.state));
        }
        if item.token != seen.token {
            return Err(Error::SettledBefore);
        }
        let at = time_text(now(&mut tx).await?);
        if let Some(outcome) = outcome {
            let changed = query(
                "update intents set outcome = $1, detail = $2, settled_at = $3 where item = $4 and outcome = 'uncertain'",
            )
            .bind(outcome.as_str())
            .bind(format!("settled by {person}"))
            .bind(&at)
            .bind(id)
            .execute(&mut tx)
            .await?;
            if changed == 0 {
                return Err(Error::Missing("ett osäkert steg att avgöra".into()));
            }
        }
        let also = if outcome.is_some() { ", code = null" } else { "" };
        let settled = Change { item: id, from: item.state, to: next, at: &at, also, values: Vec::new() };
        change_state(&mut tx, settled).await?;
        let answer = outcome.map_or("taken_over", IntentOutcome::as_str);
        let event = Event::new(EventKind::Settled, format!("person:{person}")).item(&item);
        append(&mut tx, &[event.detail(serde_json::json!({"answer": answer}))]).await?;
        tx.commit().await
    }
}
