//! The reasons for a decision: the robot's draft, what people kept of their editing, and the text it is made with.

use decision::RuleBook;

use super::{Desk, Error, Reply};
use crate::document;
use crate::explanation::{Explanation, people};
use crate::model::{AnswerKind, Item, Motivation, StoredSuggestion, User};
use crate::rulebook;
use crate::store::{self, NewMotivation};

/// The reasons for one answer as a person finds them.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub kind: AnswerKind,
    /// What was made from the suggestion.
    pub draft: String,
    /// What is shown and edited: the version kept last, or the draft.
    pub text: String,
}

impl Desk {
    /// The reasons for each answer to the suggestion.
    pub async fn motivations(&self, item: &Item, suggestion: &StoredSuggestion) -> store::Result<Vec<Prepared>> {
        let kept = self.store.motivations(&item.id).await?;
        let Ok(answer) = Explanation::of(suggestion) else { return Ok(Vec::new()) };
        let people = people(&suggestion.facts.0);
        let book = self.book(&answer).await?;
        let prepared = |kind: &AnswerKind| {
            let draft = document::draft(&answer, &people, book.as_ref(), *kind);
            let is_of_this = |version: &&Motivation| version.suggestion == suggestion.id && version.answer == *kind;
            let last = kept.iter().filter(|version| version.person.is_some()).rfind(is_of_this);
            Prepared { kind: *kind, text: last.map_or_else(|| draft.clone(), |last| last.text.clone()), draft }
        };
        Ok(AnswerKind::ALL.iter().map(prepared).collect())
    }

    /// Keeps a person's edit of the reasons for one answer to the suggestion that the person saw.
    pub async fn keep_motivation(
        &self,
        item: &Item,
        user: &User,
        suggestion: &str,
        kind: AnswerKind,
        text: &str,
    ) -> Result<(), Error> {
        self.admit(item, user).await?;
        let current = self.whole_suggestion(item).await?.filter(|current| current.id == suggestion);
        let current = current.ok_or(store::Refusal::Superseded)?;
        let prepared = self.motivations(item, &current).await?.into_iter().find(|prepared| prepared.kind == kind);
        let draft = prepared.map(|prepared| prepared.draft).unwrap_or_default();
        let new = NewMotivation { draft, text: document::with_reason(text, None) };
        self.store.keep_motivation(item, suggestion, kind, &new, &user.name).await?;
        Ok(())
    }

    /// The reasons that a decision is made with: what the person wrote, or what stood there.
    pub(super) async fn settled(
        &self,
        item: &Item,
        current: Option<StoredSuggestion>,
        reply: &Reply,
    ) -> Result<Option<NewMotivation>, Error> {
        if reply.motivation.as_deref().is_some_and(|text| text.trim().is_empty()) {
            return Err(Error::NoMotivation);
        }
        let kind = reply.answer.kind();
        let prepared = match &current.filter(|current| current.id == reply.suggestion) {
            Some(current) => self.motivations(item, current).await?.into_iter().find(|one| one.kind == kind),
            None => None,
        };
        let draft = prepared.as_ref().map(|prepared| prepared.draft.clone()).unwrap_or_default();
        let text = reply.motivation.clone().or(prepared.map(|prepared| prepared.text));
        let text = text.map(|text| document::with_reason(&text, reply.reason.as_deref()));
        Ok(text.filter(|text| !text.trim().is_empty()).map(|text| NewMotivation { draft, text }))
    }

    /// The version of the rule book that answered; or, where that was not kept, the one by its name, if it can be read.
    pub(super) async fn book(&self, answer: &Explanation) -> store::Result<Option<RuleBook>> {
        let Some(answered) = &answer.rulebook else { return Ok(None) };
        if let Ok(book) = rulebook::kept(&self.store, &answered.name, &answered.sha256).await? {
            return Ok(Some(book));
        }
        Ok(rulebook::current(&self.config, &answered.name).ok())
    }
}
