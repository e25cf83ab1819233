//! An item's suggestion explained, for those who may see it: as text, as a page and as JSON.

use serde_json::{Value, json};

use super::{Bots, Desk, Sight};
use crate::document::{self, About, Decided};
use crate::explanation::{Explanation, people};
use crate::model::{Decision, Item, StoredSuggestion, User};
use crate::store;
use crate::wording;

/// Everything that an explanation shows of one item.
#[derive(Debug, Clone)]
pub struct Explained {
    stored: StoredSuggestion,
    answer: Explanation,
    about: About,
    decision: Option<Decision>,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum Unexplained {
    #[error("ärendet får inte visas för dig: det kräver rollen handläggare, granskare eller revisor")]
    NotAllowed,
    #[error("ärendet är draget i ett stickprov: förslaget visas när du har gjort din egen bedömning")]
    Blind,
    #[error("ärendet har inget förslag")]
    NoSuggestion,
    #[error(
        "det finns inget brev att skriva: det kräver ett beslut, eller ett förslag som inte lämnas till handläggare, och rollen handläggare"
    )]
    NoLetter,
    #[error(
        "det finns inget brev att skriva: beslutets försegling stämmer inte, så det är ändrat eller inte fattat i Kollega"
    )]
    Forged,
    #[error(
        "brevet kan inte skrivas: det ska säga hur beslutet överklagas (förvaltningslagen 33 §). Skriv kommunens text i en fil och peka ut den med notice.appeal i kollega.toml"
    )]
    NoAppeal,
    #[error(
        "förslaget är ändrat i databasen, eller inte gjort av Kollega, och visas inte: säg till den som ansvarar för driften"
    )]
    Changed,
    #[error("förslaget kan inte läsas: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Appeal(#[from] document::AppealError),
    #[error("sidan kunde inte skrivas: {0}")]
    Page(#[from] document::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Desk {
    /// The item's suggestion in force, as much of it as the person may see. Reasons for a decision are personal.
    pub async fn explained(&self, item: &Item, user: &User) -> Result<Explained, Unexplained> {
        let sight = self.sight(item, user);
        if sight == Sight::Outside {
            return Err(Unexplained::NotAllowed);
        }
        // Who has the item to assess blind sees the suggestion nowhere before that.
        let reviews = super::may_review(user) && self.may_decide(item, user).is_err();
        if reviews && self.store.awaits_blind_assessment(&item.id).await? {
            return Err(Unexplained::Blind);
        }
        let stored = self.store.suggestion(&item.id).await?.ok_or(Unexplained::NoSuggestion)?;
        if !self.seal.is_valid_suggestion(&stored) {
            return Err(Unexplained::Changed);
        }
        let answer = Explanation::of(&stored)?;
        let decision = self.store.decision(&item.id, &stored.id).await?;
        let forged = decision.as_ref().is_some_and(|decision| !self.seal.is_valid(decision));
        let decision = decision.filter(|_| !forged);
        let timezone = wording::timezone(&self.config);
        let mut about = About {
            reference: Some(item.reference.clone()),
            made: Some(wording::local_time(&stored.at, timezone)),
            decision: decision.as_ref().map(|made| Decided {
                outcome: made.outcome.clone(),
                amount: made.amount.clone(),
                by: match made.delegation_reference {
                    Some(_) => made.by(),
                    None => format!("{} ({})", made.by(), wording::role(&made.role)),
                },
                at: wording::local_time(&made.at, timezone),
                changed: made.changed,
                reason: made.reason.clone().filter(|_| sight == Sight::Personal),
            }),
            forged,
            ..About::of(&self.config)?
        };
        if sight == Sight::Personal && !forged {
            about.addressee = self.addressee(item);
            about.motivation = match &decision {
                Some(made) => made.motivation.clone(),
                None => self.suggested_motivation(item, &stored, &answer).await?,
            };
        }
        let decision = decision.map(|made| if sight == Sight::Personal { made } else { without_reasons(made) });
        Ok(Explained { stored, answer, about, decision })
    }

    /// To whom a letter about the item goes, a line each, as its bot says: what is not known of it is left out.
    fn addressee(&self, item: &Item) -> Vec<String> {
        let mut bots = Bots::new(&self.config);
        let named = bots.get(&item.bot).map(|bot| bot.item.addressee.as_slice()).unwrap_or_default();
        let lines = named.iter().filter_map(|field| item.fields.0[&field.value].as_str()).flat_map(str::lines);
        lines.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    async fn suggested_motivation(
        &self,
        item: &Item,
        stored: &StoredSuggestion,
        answer: &Explanation,
    ) -> store::Result<Option<String>> {
        let Some(kind) = document::suggested_kind(answer) else { return Ok(None) };
        let prepared = self.motivations(item, stored).await?.into_iter().find(|prepared| prepared.kind == kind);
        Ok(prepared.map(|prepared| prepared.text))
    }

    /// As a page that stands alone.
    pub async fn page(&self, explained: &Explained) -> Result<String, Unexplained> {
        let Explained { stored, answer, about, .. } = explained;
        let book = self.book(answer).await?;
        Ok(document::explanation(answer, &people(&stored.facts.0), book.as_ref(), about)?)
    }
}

impl Explained {
    /// The letter to the applicant as a page that stands alone. A decision is never told without how to appeal it.
    pub fn letter(&self) -> Result<String, Unexplained> {
        if self.about.forged {
            return Err(Unexplained::Forged);
        }
        if self.about.decision.is_some() && self.about.appeal.trim().is_empty() {
            return Err(Unexplained::NoAppeal);
        }
        document::letter(&self.answer, &self.about)?.ok_or(Unexplained::NoLetter)
    }

    /// As text; the motivation and how to appeal last.
    pub fn text(&self) -> Result<String, Unexplained> {
        let suggestion: decision::Suggestion = serde_json::from_value(self.stored.answer.0.clone())?;
        let mut text = vec![suggestion.explain()];
        if let Some(made) = &self.about.decision {
            let amount = made.amount.as_deref().map(|amount| format!(" med {} kr", wording::kronor(amount)));
            let outcome = wording::outcome(&made.outcome);
            text.push(format!("\nBeslut: {outcome}{}, av {}, {}\n", amount.unwrap_or_default(), made.by, made.at));
        }
        text.push(self.about.reasons());
        Ok(text.concat())
    }

    /// As JSON: the answer as the decision library gave it, and what was decided.
    pub fn json(&self) -> Value {
        let decision = self.decision.as_ref().map(|made| {
            json!({
                "id": made.id, "outcome": made.outcome, "amount": made.amount, "changed": made.changed,
                "person": made.person, "name": made.person_name, "role": made.role, "at": made.at, "reason": made.reason,
            })
        });
        json!({
            "reference": self.about.reference,
            "suggestion": self.stored.id,
            "at": self.stored.at,
            "answer": self.stored.answer.0,
            "people": people(&self.stored.facts.0),
            "decision": decision,
            "decision_forged": self.about.forged,
            "motivation": self.about.motivation,
            "appeal": self.about.appeal.trim(),
        })
    }
}

fn without_reasons(mut decision: Decision) -> Decision {
    decision.reason = None;
    decision.motivation = None;
    decision
}
