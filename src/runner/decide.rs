//! The decide stage: waits for a person, and believes no decision that was not made and sealed by Kollega.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::error::Stop;
use super::work::Work;
use crate::bot::{Decide, OnRefer};
use crate::model::{Decision, EventKind, StoredSuggestion};

/// What a decide stage comes to.
pub(super) enum Decided {
    /// A person has decided: the work goes on.
    ByPerson,
    /// Nobody has decided yet.
    Waits,
}

impl Work<'_> {
    /// Looks for the decision that answers the suggestion in force.
    pub(super) async fn decide(&mut self, decide: &Decide) -> Result<Decided, Stop> {
        let item = self.claim()?.item.id.clone();
        let suggestion = self.app.store.suggestion(&item).await?;
        let suggestion = suggestion.ok_or_else(|| Stop::permanent("det finns inget förslag att besluta om"))?;
        if let Some(decision) = self.app.store.decision(&item, &suggestion.id).await? {
            if self.is_believed(&decision, &suggestion) {
                self.scope.set("decision", super::scope::decision(&decision));
                return Ok(Decided::ByPerson);
            }
            let event = self.event(EventKind::DecisionRefused);
            self.note(event.detail(json!({"why": "the decision was not made and sealed by Kollega"})));
        }
        if decide.on_refer == OnRefer::HandOver && suggestion.answer.0["outcome"] == "refer" {
            return Err(handed_over(&suggestion.answer.0));
        }
        Ok(Decided::Waits)
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
