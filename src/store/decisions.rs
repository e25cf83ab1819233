//! Suggestions and the decisions that answer them.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;

use super::events::append;
use super::items::{hold, item_in};
use super::life::{Change, change_state};
use super::motivations::{self, NewMotivation};
use super::{Claim, Result, Store, now, query};
use crate::model::{
    AnswerKind, Decision, Event, EventKind, Item, ItemId, ItemState, Json, StoredSuggestion, new_id_at, time_text,
};

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As suggested.
    Approve,
    /// Another amount than suggested, with a reason.
    Change {
        /// Kronor.
        amount: Decimal,
    },
    /// Denied; with a reason, unless denial was suggested.
    Deny,
}

impl Answer {
    pub fn kind(self) -> AnswerKind {
        match self {
            Self::Approve => AnswerKind::Approve,
            Self::Change { .. } => AnswerKind::Change,
            Self::Deny => AnswerKind::Deny,
        }
    }
}

/// A decision to be recorded.
#[derive(Debug, Clone)]
pub struct NewDecision {
    pub item: ItemId,
    /// The stage whose role the person has.
    pub stage: Option<String>,
    /// The suggestion the person saw.
    pub suggestion: String,
    pub answer: Answer,
    pub reason: Option<String>,
    pub person: String,
    pub person_name: Option<String>,
    pub role: String,
    /// The reasons as the applicant reads them.
    pub motivation: Option<NewMotivation>,
}

/// Why a decision was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The item does not wait for a decision.
    #[error("ärendet väntar inte på beslut (läge: {})", .0.in_words())]
    NotWaiting(ItemState),
    /// It waits in another stage by now, where another role may decide.
    #[error("ärendet har gått vidare till en annan etapp: läs om det")]
    OtherStage,
    /// There is a newer suggestion.
    #[error("förslaget har ersatts av ett nyare: läs om ärendet och ta ställning till det")]
    Superseded,
    /// A referral cannot be approved as it stands.
    #[error(
        "förslaget är att en handläggare ska bedöma: det kan inte godkännas rakt av, välj ändra eller avslå med motivering"
    )]
    Referral,
    /// A denial was suggested: there is nothing to approve.
    #[error("förslaget är avslag: bekräfta med avslå, eller ändra med belopp och motivering")]
    SuggestedDenial,
    /// A change or a denial that was not suggested needs a reason.
    #[error("en motivering saknas")]
    ReasonMissing,
    /// An amount must be more than nothing.
    #[error("beloppet ska vara större än 0 kr")]
    Amount,
    /// The suggestion has no amount to approve.
    #[error("förslaget har inget belopp")]
    NoAmount,
}

impl Store {
    /// Keeps a suggestion with its facts, which version of the rule book answered, and whether that was approved; older
    /// ones of the item are superseded.
    pub async fn add_suggestion(
        &self,
        claim: &Claim,
        suggestion_id: &str,
        facts: &Value,
        answer: &Value,
        events: &[Event],
    ) -> Result<StoredSuggestion> {
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        let now = now(&mut tx).await?;
        let at = time_text(now);
        query("update suggestions set superseded_at = $1 where item = $2 and superseded_at is null")
            .bind(&at)
            .bind(&claim.item.id)
            .execute_soon(&mut tx)
            .await?;
        let mut stored = StoredSuggestion {
            id: new_id_at(now),
            item: claim.item.id.clone(),
            suggestion_id: suggestion_id.to_owned(),
            facts: Json(facts.clone()),
            answer: Json(answer.clone()),
            at,
            superseded_at: None,
            rulebook: None,
            sha256: None,
            approved: None,
            program: None,
            seal: None,
        };
        stored.seal = self.seal.as_ref().map(|seal| seal.of_suggestion(&stored));
        let stored = query(
            "insert into suggestions (id, item, suggestion_id, facts, answer, at, rulebook, sha256, program, seal, approved)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                 exists (select 1 from rulebooks where book = $7 and sha256 = $8 and approved_at is not null)) returning *",
        )
        .bind(&stored.id)
        .bind(&stored.item)
        .bind(&stored.suggestion_id)
        .bind(facts.to_string())
        .bind(answer.to_string())
        .bind(&stored.at)
        .bind(answer["rulebook"]["name"].as_str())
        .bind(answer["rulebook"]["sha256"].as_str())
        .bind(env!("CARGO_PKG_VERSION"))
        .bind(&stored.seal)
        .fetch_one(&mut tx)
        .await?;
        append(&mut tx, events).await?;
        tx.commit().await?;
        Ok(stored)
    }

    /// The item's suggestion in force.
    pub async fn suggestion(&self, item: &ItemId) -> Result<Option<StoredSuggestion>> {
        let sql = "select * from suggestions where item = $1 and superseded_at is null order by id desc limit 1";
        query(sql).bind(item).fetch_optional(self).await
    }

    /// The suggestions in force of the items that wait for a decision.
    pub async fn awaiting_suggestions(&self) -> Result<Vec<StoredSuggestion>> {
        let sql = "select suggestions.* from suggestions join items on items.id = suggestions.item
             where items.state = 'awaiting_decision' and suggestions.superseded_at is null order by suggestions.id";
        query(sql).fetch_all(self).await
    }

    /// Every decision on an item, oldest first.
    pub async fn decisions(&self, item: &ItemId) -> Result<Vec<Decision>> {
        query("select * from decisions where item = $1 order by id").bind(item).fetch_all(self).await
    }

    /// The decision that answers this suggestion.
    pub async fn decision(&self, item: &ItemId, suggestion: &str) -> Result<Option<Decision>> {
        let sql = "select * from decisions where item = $1 and suggestion = $2 order by id desc limit 1";
        query(sql).bind(item).bind(suggestion).fetch_optional(self).await
    }

    /// Records a person's decision, sealed, and lets the item go on; or says why not, and records that it was tried.
    pub async fn decide(
        &self,
        new: &NewDecision,
        seal: impl Fn(&Decision) -> String,
    ) -> Result<std::result::Result<Decision, Refusal>> {
        let mut tx = self.begin().await?;
        let item = item_in(&mut tx, &new.item).await?;
        let current: Option<StoredSuggestion> =
            query("select * from suggestions where item = $1 and superseded_at is null order by id desc limit 1")
                .bind(&new.item)
                .fetch_optional(&mut tx)
                .await?;
        let actor = format!("person:{}", new.person);
        let now = now(&mut tx).await?;
        let at = time_text(now);
        let mut decision = match draft(new, &item, current.as_ref(), now) {
            Ok(decision) => decision,
            Err(refusal) => {
                let event = Event::new(EventKind::DecisionRefused, actor).item(&item);
                append(&mut tx, &[event.detail(serde_json::json!({"why": refusal.to_string()}))]).await?;
                tx.commit().await?;
                return Ok(Err(refusal));
            }
        };
        decision.seal = seal(&decision);
        insert(&mut tx, &decision).await?;
        if let Some(motivation) = &new.motivation {
            let (of, kind) = (&decision.suggestion, new.answer.kind());
            motivations::begin_with(&mut tx, &new.item, of, kind, &motivation.draft).await?;
        }
        let goes_on = Change {
            item: &new.item,
            from: item.state,
            to: ItemState::Ready,
            at: &at,
            also: ", due_at = null",
            values: Vec::new(),
        };
        change_state(&mut tx, goes_on).await?;
        let mut event = Event::new(EventKind::Decided, actor).item(&item).detail(serde_json::json!({
            "decision": decision.id, "role": decision.role, "changed": decision.changed,
            "suggestion_id": decision.suggestion_id,
        }));
        event.stage = item.stage.clone();
        append(&mut tx, &[event]).await?;
        tx.commit().await?;
        Ok(Ok(decision))
    }
}

/// The decision as it would be, or why it may not be.
fn draft(
    new: &NewDecision,
    item: &Item,
    current: Option<&StoredSuggestion>,
    now: DateTime<Utc>,
) -> std::result::Result<Decision, Refusal> {
    if item.state != ItemState::AwaitingDecision {
        return Err(Refusal::NotWaiting(item.state));
    }
    if item.stage != new.stage {
        return Err(Refusal::OtherStage);
    }
    let current = current.filter(|known| known.id == new.suggestion).ok_or(Refusal::Superseded)?;
    let suggested = current.answer.0["outcome"].as_str().unwrap_or("refer");
    let has_reason = new.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    let (outcome, amount, changed) = match new.answer {
        Answer::Approve if suggested == "refer" => return Err(Refusal::Referral),
        Answer::Approve if suggested == "deny" => return Err(Refusal::SuggestedDenial),
        Answer::Approve => {
            let amount = current.answer.0["amount"].as_str().ok_or(Refusal::NoAmount)?;
            ("approve", Some(amount.to_owned()), false)
        }
        Answer::Change { amount } if amount <= Decimal::ZERO => return Err(Refusal::Amount),
        Answer::Change { .. } if !has_reason => return Err(Refusal::ReasonMissing),
        Answer::Change { amount } => ("approve", Some(amount.normalize().to_string()), true),
        Answer::Deny if suggested != "deny" && !has_reason => return Err(Refusal::ReasonMissing),
        Answer::Deny => ("deny", None, suggested != "deny"),
    };
    Ok(Decision {
        id: new_id_at(now),
        item: new.item.clone(),
        suggestion: current.id.clone(),
        suggestion_id: current.suggestion_id.clone(),
        outcome: outcome.into(),
        amount,
        reason: new.reason.clone().filter(|_| has_reason),
        changed,
        person: new.person.clone(),
        person_name: new.person_name.clone(),
        role: new.role.clone(),
        at: time_text(now),
        seal: String::new(),
        motivation: new.motivation.as_ref().map(|motivation| motivation.text.clone()),
        delegation: None,
        delegation_reference: None,
    })
}

pub(super) async fn insert(tx: &mut super::Tx, decision: &Decision) -> Result<()> {
    query(
        "insert into decisions (id, item, suggestion, suggestion_id, outcome, amount, reason, changed, person, role, at, seal,
             delegation, delegation_reference, motivation, person_name)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(&decision.id)
    .bind(&decision.item)
    .bind(&decision.suggestion)
    .bind(&decision.suggestion_id)
    .bind(&decision.outcome)
    .bind(&decision.amount)
    .bind(&decision.reason)
    .bind(decision.changed)
    .bind(&decision.person)
    .bind(&decision.role)
    .bind(&decision.at)
    .bind(&decision.seal)
    .bind(&decision.delegation)
    .bind(&decision.delegation_reference)
    .bind(&decision.motivation)
    .bind(&decision.person_name)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
