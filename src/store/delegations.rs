//! Delegations to the automated decision function, and the decisions that it makes by them.
//!
//! Only a delegation that Kollega sealed counts, and only while it is in force by the database's clock: when the function
//! decides, and again at each commit that carries its decision out.

use rust_decimal::Decimal;

use super::decisions::insert;
use super::events::append;
use super::items::hold;
use super::{Claim, Error, Result, Store, Tx, made, now, query};
use crate::model::{
    Decision, Delegation, Event, EventKind, FUNCTION, Outcomes, StoredSuggestion, Withheld, new_id_at, time_text,
};
use crate::seal::Seal;

/// A delegation to be recorded.
#[derive(Debug, Clone)]
pub struct NewDelegation {
    pub bot: String,
    pub case_kind: String,
    pub outcomes: Outcomes,
    pub max_amount: Option<Decimal>,
    pub decided_by: String,
    pub decided_on: String,
    pub reference: String,
    pub valid_from: String,
    pub valid_until: Option<String>,
}

/// What the function is to decide on.
#[derive(Debug, Clone, Copy)]
pub struct FunctionCase<'a> {
    /// The stored suggestion.
    pub suggestion: &'a str,
    pub case_kind: &'a str,
    pub stage: &'a str,
    /// The reasons as the applicant reads them.
    pub motivation: Option<&'a str>,
}

impl Store {
    /// Records a delegation, by a signed-in person.
    pub async fn add_delegation(&self, new: NewDelegation, person: &str, seal: &Seal) -> Result<Delegation> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let mut delegation = Delegation {
            id: new_id_at(now),
            bot: new.bot,
            case_kind: new.case_kind,
            outcomes: new.outcomes,
            max_amount: new.max_amount.map(|amount| amount.normalize().to_string()),
            decided_by: new.decided_by,
            decided_on: new.decided_on,
            reference: new.reference,
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            recorded_at: time_text(now),
            recorded_by: person.to_owned(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
            seal: String::new(),
        };
        delegation.seal = seal.of_delegation(&delegation);
        query(
            "insert into delegations (id, bot, case_kind, outcomes, max_amount, decided_by, decided_on, reference, valid_from,
                 valid_until, recorded_at, recorded_by, seal)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(&delegation.id)
        .bind(&delegation.bot)
        .bind(&delegation.case_kind)
        .bind(delegation.outcomes.text())
        .bind(&delegation.max_amount)
        .bind(&delegation.decided_by)
        .bind(&delegation.decided_on)
        .bind(&delegation.reference)
        .bind(&delegation.valid_from)
        .bind(&delegation.valid_until)
        .bind(&delegation.recorded_at)
        .bind(&delegation.recorded_by)
        .bind(&delegation.seal)
        .execute(&mut tx)
        .await?;
        append(&mut tx, &[event(EventKind::DelegationRecorded, &delegation, person)]).await?;
        tx.commit().await?;
        Ok(delegation)
    }

    /// Ends a delegation now, by a signed-in person; none where there is no such one, or it has been ended before.
    pub async fn end_delegation(
        &self,
        id: &str,
        person: &str,
        reason: &str,
        seal: &Seal,
    ) -> Result<Option<Delegation>> {
        let mut tx = self.begin().await?;
        let sql = format!("select * from delegations where id = $1 and ended_at is null{}", tx.for_update());
        let found: Option<Delegation> = made(sql).bind(id).fetch_optional(&mut tx).await?;
        let Some(mut delegation) = found else {
            tx.roll_back().await?;
            return Ok(None);
        };
        let was_valid = seal.is_valid_delegation(&delegation);
        let at = time_text(now(&mut tx).await?);
        delegation.ended_at = Some(at);
        delegation.ended_by = Some(person.to_owned());
        delegation.end_reason = Some(reason.to_owned());
        // What was not recorded by Kollega does not become so by being ended.
        if was_valid {
            delegation.seal = seal.of_delegation(&delegation);
        }
        query("update delegations set ended_at = $1, ended_by = $2, end_reason = $3, seal = $4 where id = $5")
            .bind(&delegation.ended_at)
            .bind(&delegation.ended_by)
            .bind(&delegation.end_reason)
            .bind(&delegation.seal)
            .bind(id)
            .execute(&mut tx)
            .await?;
        append(&mut tx, &[event(EventKind::DelegationEnded, &delegation, person)]).await?;
        tx.commit().await?;
        Ok(Some(delegation))
    }

    /// Every delegation, newest first; of one bot where it is named.
    pub async fn delegations(&self, bot: Option<&str>) -> Result<Vec<Delegation>> {
        match bot {
            Some(bot) => query("select * from delegations where bot = $1 order by id desc").bind(bot),
            None => query("select * from delegations order by id desc"),
        }
        .fetch_all(self)
        .await
    }

    /// The delegation of this id.
    pub async fn delegation(&self, id: &str) -> Result<Option<Delegation>> {
        query("select * from delegations where id = $1").bind(id).fetch_optional(self).await
    }

    /// What has happened to delegations, newest first.
    pub async fn delegation_events(&self) -> Result<Vec<crate::model::LoggedEvent>> {
        let sql = "select * from events where kind in ('delegation_recorded', 'delegation_ended') order by id desc";
        query(sql).fetch_all(self).await
    }

    /// Decides as suggested in the function's name, where a delegation in force covers it; or says why not, and changes
    /// nothing.
    pub async fn decide_by_function(
        &self,
        claim: &Claim,
        case: FunctionCase<'_>,
        seal: &Seal,
    ) -> Result<std::result::Result<Decision, Withheld>> {
        let mut tx = self.begin().await?;
        hold(&mut tx, claim).await?;
        let mut decision = match decide(&mut tx, claim, case, seal).await? {
            Ok(decision) => decision,
            Err(withheld) => {
                tx.roll_back().await?;
                return Ok(Err(withheld));
            }
        };
        decision.seal = seal.seal(&decision);
        insert(&mut tx, &decision).await?;
        let event = Event::new(EventKind::Decided, format!("function:{}", claim.item.bot)).item(&claim.item);
        let event = event.stage(case.stage).detail(serde_json::json!({
            "decision": decision.id, "role": decision.role, "changed": false, "suggestion_id": decision.suggestion_id,
            "delegation": decision.delegation, "delegation_reference": decision.delegation_reference,
        }));
        append(&mut tx, &[event]).await?;
        tx.commit().await?;
        Ok(Ok(decision))
    }
}

/// The decision as it would be, or why the function may not make it.
async fn decide(
    tx: &mut Tx,
    claim: &Claim,
    case: FunctionCase<'_>,
    seal: &Seal,
) -> Result<std::result::Result<Decision, Withheld>> {
    let item = &claim.item;
    let sql = "select * from suggestions where item = $1 and superseded_at is null order by id desc limit 1";
    let current: Option<StoredSuggestion> = query(sql).bind(&item.id).fetch_optional(&mut *tx).await?;
    let Some(current) = current.filter(|known| known.id == case.suggestion) else {
        return Err(Error::Missing("förslaget".into()));
    };
    let by_people: i64 = query("select count(*) from decisions where item = $1 and delegation is null")
        .bind(&item.id)
        .fetch_value(&mut *tx)
        .await?;
    if by_people > 0 {
        return Ok(Err(Withheld::PersonDecided));
    }
    let answer = &current.answer.0;
    let outcome = answer["outcome"].as_str().unwrap_or("refer");
    let amount = answer["amount"].as_str().filter(|_| outcome == "approve");
    let kronor: Option<Decimal> = amount.and_then(|text| text.parse().ok());
    let sql = format!("select * from delegations where bot = $1 and case_kind = $2 order by id desc{}", tx.for_share());
    let known: Vec<Delegation> = made(sql).bind(&item.bot).bind(case.case_kind).fetch_all(&mut *tx).await?;
    let now = now(tx).await?;
    let at = time_text(now);
    let (sealed, forged): (Vec<_>, Vec<_>) =
        known.into_iter().filter(|one| one.is_in_force(&at)).partition(|one| seal.is_valid_delegation(one));
    let none = if forged.is_empty() { Withheld::NoDelegation } else { Withheld::DelegationForged };
    let mut why = none;
    for delegation in sealed {
        match delegation.covers(outcome, kronor) {
            Ok(()) => {
                return Ok(Ok(Decision {
                    id: new_id_at(now),
                    item: item.id.clone(),
                    suggestion: current.id.clone(),
                    suggestion_id: current.suggestion_id.clone(),
                    outcome: outcome.to_owned(),
                    amount: amount.map(str::to_owned),
                    reason: None,
                    changed: false,
                    person: format!("automatiserad beslutsfunktion {}", item.bot),
                    person_name: None,
                    role: FUNCTION.to_owned(),
                    at,
                    seal: String::new(),
                    delegation: Some(delegation.id),
                    delegation_reference: Some(delegation.reference),
                    motivation: case.motivation.map(str::to_owned),
                }));
            }
            // The nearest miss says most: the amount before the outcome.
            Err(Withheld::AmountNotDelegated) => why = Withheld::AmountNotDelegated,
            Err(other) if why == none => why = other,
            Err(_) => {}
        }
    }
    Ok(Err(why))
}

/// Refuses a commit that rests on a delegation that is not in force any more.
pub(super) async fn still_delegated(tx: &mut Tx, claim: &Claim, seal: Option<&Seal>) -> Result<()> {
    let Some(id) = &claim.delegation else { return Ok(()) };
    let sql = format!("select * from delegations where id = $1{}", tx.for_share());
    let delegation: Option<Delegation> = made(sql).bind(id).fetch_optional(&mut *tx).await?;
    let at = time_text(now(tx).await?);
    let holds = |one: Delegation| one.is_in_force(&at) && seal.is_some_and(|seal| seal.is_valid_delegation(&one));
    if delegation.is_some_and(holds) { Ok(()) } else { Err(Error::DelegationEnded) }
}

fn event(kind: EventKind, delegation: &Delegation, person: &str) -> Event {
    let mut event = Event::new(kind, format!("person:{person}"));
    event.bot = Some(delegation.bot.clone());
    event.detail(serde_json::json!({
        "delegation": delegation.id, "reference": delegation.reference, "decided_by": delegation.decided_by,
        "decided_on": delegation.decided_on, "case_kind": delegation.case_kind, "outcomes": delegation.outcomes,
        "max_amount": delegation.max_amount, "valid_from": delegation.valid_from, "valid_until": delegation.valid_until,
    }))
}
