//! The automated decision function: decides as suggested where a delegation covers it, and otherwise leaves the decision
//! to a person and says why. It never decides on what is referred.

use super::error::Stop;
use super::work::Work;
use crate::bot::{CaseKind, Decide, Mode};
use crate::document;
use crate::explanation::{Explanation, people};
use crate::model::{Decision, FUNCTION, StoredSuggestion, Withheld};
use crate::rulebook;
use crate::store::FunctionCase;

impl Work<'_> {
    /// The function's decision on this suggestion; or why it is left to a person.
    pub(super) async fn decide_automatically(
        &mut self,
        decide: &Decide,
        suggestion: &StoredSuggestion,
    ) -> Result<Result<Decision, Withheld>, Stop> {
        let answer = &suggestion.answer.0;
        let refers = answer["refer"].as_array().is_none_or(|refer| !refer.is_empty());
        if refers || !matches!(answer["outcome"].as_str(), Some("approve" | "deny")) {
            return Ok(Err(Withheld::Referred));
        }
        let Some(kind) = self.case_kind().filter(|kind| kind.excluded().is_none()) else {
            return Ok(Err(Withheld::ExcludedKind));
        };
        if let Some(principal) = &decide.principal
            && self.holds(principal)?
        {
            return Ok(Err(Withheld::Principal));
        }
        if !self.is_approved(suggestion).await? {
            return Ok(Err(Withheld::RulebookNotApproved));
        }
        let motivation = self.motivation(suggestion).await?;
        let (case_kind, stage, motivation) = (&kind.name.value, &self.stage, motivation.as_deref());
        let case = FunctionCase { suggestion: &suggestion.id, case_kind, stage, motivation };
        Ok(self.app.store.decide_by_function(self.claim()?, case, &self.app.seal).await?)
    }

    /// Whether a decision in the function's name may be one: the delegation is ours, is for this bot and kind of cases,
    /// covered it, and was in force when it was made.
    pub(super) async fn is_delegated(&self, decide: &Decide, decision: &Decision) -> Result<bool, Stop> {
        let Some(id) = &decision.delegation else { return Ok(decision.role != FUNCTION) };
        let Some(delegation) = self.app.store.delegation(id).await? else { return Ok(false) };
        let kind = self.case_kind().filter(|kind| kind.excluded().is_none());
        Ok(decide.mode == Mode::Automatic
            && decision.role == FUNCTION
            && !decision.changed
            && decision.delegation_reference.as_ref() == Some(&delegation.reference)
            && self.app.seal.is_valid_delegation(&delegation)
            && delegation.bot == self.bot.bot.value
            && kind.is_some_and(|kind| kind.name.value == delegation.case_kind)
            && delegation.covers(&decision.outcome, decision.kronor()).is_ok()
            && delegation.is_in_force(&decision.at))
    }

    /// Whether the delegation that a decision rests on is in force now; nothing is asked of a person's.
    pub(super) async fn is_in_force(&self, decision: &Decision) -> Result<bool, Stop> {
        let Some(id) = &decision.delegation else { return Ok(true) };
        let at = crate::model::time_text(self.app.store.now().await?);
        Ok(self.app.store.delegation(id).await?.is_some_and(|delegation| delegation.is_in_force(&at)))
    }

    /// The reasons for deciding as suggested: nobody edits the draft.
    async fn motivation(&self, suggestion: &StoredSuggestion) -> Result<Option<String>, Stop> {
        let Ok(answer) = Explanation::of(suggestion) else { return Ok(None) };
        let Some(kind) = document::suggested_kind(&answer) else { return Ok(None) };
        let book = match &answer.rulebook {
            Some(answered) => rulebook::kept(&self.app.store, &answered.name, &answered.sha256).await?.ok(),
            None => None,
        };
        Ok(Some(document::draft(&answer, &people(&suggestion.facts.0), book.as_ref(), kind)))
    }

    fn case_kind(&self) -> Option<&'_ CaseKind> {
        self.bot.case_kind.as_ref().map(|kind| &kind.value)
    }

    /// Whether somebody has approved the version of the rule book that the suggestion was made by.
    async fn is_approved(&self, suggestion: &StoredSuggestion) -> Result<bool, Stop> {
        let book = &suggestion.answer.0["rulebook"];
        let (Some(name), Some(sha256)) = (book["name"].as_str(), book["sha256"].as_str()) else { return Ok(false) };
        let version = self.app.store.rulebook(name, sha256).await?;
        Ok(version.is_some_and(|version| version.approved_at.is_some()))
    }
}
