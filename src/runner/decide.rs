//! The decide stage: waits for a person, or lets the automated decision function decide as far as a delegation goes. It
//! believes no decision that was not made and sealed by Kollega.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::error::Stop;
use super::work::{Held, Work};
use crate::bot::{Decide, Mode, OnRefer};
use crate::model::{Decision, EventKind, StoredSuggestion, Withheld};

/// What a decide stage comes to.
pub(super) enum Decided {
    /// It is decided: the work goes on.
    Made,
    /// Nobody has decided yet.
    Waits,
}

impl Work<'_> {
    /// Looks for the decision that answers the suggestion in force; where there is none, the function may make it.
    pub(super) async fn decide(&mut self, decide: &Decide) -> Result<Decided, Stop> {
        let suggestion = self.suggestion_to_decide().await?;
        let decided = self.believed(decide, &suggestion).await?;
        match decided {
            Some(decision) if self.is_in_force(&decision).await? => return Ok(self.go_by(&decision)),
            Some(_) => self.withhold(Withheld::DelegationEnded),
            None if decide.mode == Mode::Automatic => match self.decide_automatically(decide, &suggestion).await? {
                Ok(decision) => return Ok(self.go_by(&decision)),
                Err(why) => self.withhold(why),
            },
            None => {}
        }
        if decide.on_refer == OnRefer::HandOver && suggestion.answer.0["outcome"] == "refer" {
            return Err(handed_over(&suggestion.answer.0));
        }
        Ok(Decided::Waits)
    }

    /// What an earlier stage decided: nothing is decided here. Whether a delegation still holds is asked at each commit,
    /// so that what has been begun is looked at first.
    pub(super) async fn recall_decision(&mut self, decide: &Decide) -> Result<Decided, Stop> {
        let suggestion = self.suggestion_to_decide().await?;
        let decided = self.believed(decide, &suggestion).await?;
        Ok(decided.map_or(Decided::Waits, |decision| self.go_by(&decision)))
    }

    async fn suggestion_to_decide(&self) -> Result<StoredSuggestion, Stop> {
        let suggestion = self.whole_suggestion().await?;
        suggestion.ok_or_else(|| Stop::permanent("det finns inget förslag att besluta om"))
    }

    /// The suggestion in force, none where there is none. Nothing goes on by one that was changed in the database.
    pub(super) async fn whole_suggestion(&self) -> Result<Option<StoredSuggestion>, Stop> {
        let suggestion = self.app.store.suggestion(&self.claim()?.item.id).await?;
        if suggestion.as_ref().is_some_and(|found| !self.app.seal.is_valid_suggestion(found)) {
            return Err(Stop::permanent(
                "förslaget är ändrat i databasen, eller inte gjort av Kollega: kör om ärendet",
            ));
        }
        Ok(suggestion)
    }

    /// The decision that answers the suggestion, if it is one.
    async fn believed(&mut self, decide: &Decide, suggestion: &StoredSuggestion) -> Result<Option<Decision>, Stop> {
        let Some(decision) = self.app.store.decision(&suggestion.item, &suggestion.id).await? else { return Ok(None) };
        if self.is_believed(&decision, suggestion) && self.is_delegated(decide, &decision).await? {
            return Ok(Some(decision));
        }
        let event = self.event(EventKind::DecisionRefused);
        self.note(event.detail(json!({"why": "the decision was not made and sealed by Kollega"})));
        Ok(None)
    }

    /// The work goes on by this decision.
    fn go_by(&mut self, decision: &Decision) -> Decided {
        self.scope.set("decision", super::scope::decision(decision));
        if let Held::Item(claim) = &mut self.held {
            claim.delegation.clone_from(&decision.delegation);
        }
        Decided::Made
    }

    /// Notes why the function leaves the decision to a person.
    fn withhold(&mut self, why: Withheld) {
        let event = self.event(EventKind::NotDelegated).detail(json!({"why": why.as_str()}));
        self.note(event);
    }

    /// Whether a decision was sealed here, answers this suggestion, and may be made of it.
    fn is_believed(&self, decision: &Decision, suggestion: &StoredSuggestion) -> bool {
        let answer = &suggestion.answer.0;
        let as_suggested = match decision.outcome.as_str() {
            "approve" => answer["outcome"] == "approve" && answer["amount"].as_str() == decision.amount.as_deref(),
            _ => answer["outcome"] == "deny",
        };
        self.app.seal.is_valid(decision)
            && decision.item == suggestion.item
            && decision.suggestion_id == suggestion.suggestion_id
            && (as_suggested || decision.changed && decision.reason.is_some())
    }

    /// When a person should have decided, from now.
    pub(super) fn due(&self, decide: &Decide, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Stop> {
        let Some(due) = &decide.due else { return Ok(None) };
        crate::deadline::parse(&due.value, now, &self.app.config).map(Some).map_err(Stop::permanent)
    }
}

/// A referral as a business exception: the first code, and every reason in words.
fn handed_over(answer: &Json) -> Stop {
    let refer: Vec<&Json> = answer["refer"].as_array().into_iter().flatten().collect();
    let texts = |key: &str| refer.iter().filter_map(|one| one[key].as_str()).collect::<Vec<_>>();
    let code = texts("code").first().map_or("needs_person", |code| *code).to_owned();
    Stop::HandOver { code, reason: texts("reason").join("; ") }
}
