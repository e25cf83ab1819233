//! Delegations: what the automated decision function may decide, by whose decision, and until when.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

/// A recorded delegation to the automated decision function of one bot, sealed like a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Delegation {
    pub id: String,
    pub bot: String,
    /// The kind of cases, as the bot named it when this was recorded.
    pub case_kind: String,
    /// `approve`, `deny`.
    #[sqlx(try_from = "String")]
    pub outcomes: Outcomes,
    /// The most that may be approved, kronor as text.
    pub max_amount: Option<String>,
    /// The board or other decision-maker.
    pub decided_by: String,
    /// A date.
    pub decided_on: String,
    /// The reference of that decision.
    pub reference: String,
    pub valid_from: String,
    /// Exclusive.
    pub valid_until: Option<String>,
    pub recorded_at: String,
    pub recorded_by: String,
    pub ended_at: Option<String>,
    pub ended_by: Option<String>,
    pub end_reason: Option<String>,
    #[serde(skip)]
    pub seal: String,
}

/// The outcomes of a delegation, kept as a JSON list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes(pub Vec<String>);

impl TryFrom<String> for Outcomes {
    type Error = serde_json::Error;
    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

impl Serialize for Outcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Outcomes {
    /// As kept.
    pub fn text(&self) -> String {
        serde_json::json!(self.0).to_string()
    }
}

states! {
    /// Why the automated decision function left a decision to a person.
    Withheld {
        /// The suggestion is that a person assesses it.
        Referred = "referred",
        /// The law excludes the kind of cases, or the bot does not say which kind it is.
        ExcludedKind = "excluded_kind",
        /// The case is of principal importance.
        Principal = "principal",
        /// A person has decided on it before.
        PersonDecided = "person_decided",
        /// Nobody has approved this version of the rule book.
        RulebookNotApproved = "rulebook_not_approved",
        /// No delegation is in force.
        NoDelegation = "no_delegation",
        /// The delegation in force does not cover the outcome.
        OutcomeNotDelegated = "outcome_not_delegated",
        /// It does not cover the amount.
        AmountNotDelegated = "amount_not_delegated",
        /// It was in force when the function decided, and is not any more.
        DelegationEnded = "delegation_ended",
        /// It was not recorded by Kollega, or has been changed since.
        DelegationForged = "delegation_forged",
    }
}

impl Delegation {
    /// What the seal covers: everything.
    pub fn sealed_text(&self) -> String {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let parts = [
            "delegation".to_owned(),
            self.id.clone(),
            self.bot.clone(),
            self.case_kind.clone(),
            self.outcomes.text(),
            or_dash(&self.max_amount),
            self.decided_by.clone(),
            self.decided_on.clone(),
            self.reference.clone(),
            self.valid_from.clone(),
            or_dash(&self.valid_until),
            self.recorded_at.clone(),
            self.recorded_by.clone(),
            or_dash(&self.ended_at),
            or_dash(&self.ended_by),
            or_dash(&self.end_reason),
        ];
        parts.map(|part| format!("{}:{part}", part.len())).join("|")
    }

    /// Whether it is, or was, in force at this time, as the store keeps times.
    pub fn is_in_force(&self, at: &str) -> bool {
        let ends = [&self.valid_until, &self.ended_at];
        self.valid_from.as_str() <= at && ends.into_iter().flatten().all(|end| at < end.as_str())
    }

    /// Whether it covers the outcome, with the amount where one is approved; or why not.
    pub fn covers(&self, outcome: &str, amount: Option<Decimal>) -> Result<(), Withheld> {
        if !self.outcomes.0.iter().any(|known| known == outcome) {
            return Err(Withheld::OutcomeNotDelegated);
        }
        if outcome != "approve" {
            return Ok(());
        }
        let most: Option<Decimal> = self.max_amount.as_deref().and_then(|text| text.parse().ok());
        match (amount, most) {
            (Some(amount), Some(most)) if amount <= most => Ok(()),
            _ => Err(Withheld::AmountNotDelegated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delegation() -> Delegation {
        Delegation {
            id: "D".into(),
            bot: "robot".into(),
            case_kind: "prov".into(),
            outcomes: Outcomes(vec!["approve".into()]),
            max_amount: Some("15000".into()),
            decided_by: "Socialnämnden".into(),
            decided_on: "2026-01-10".into(),
            reference: "SN 2026/7".into(),
            valid_from: "2026-01-31T23:00:00.000Z".into(),
            valid_until: Some("2026-12-31T23:00:00.000Z".into()),
            recorded_at: "2026-01-12T08:00:00.000Z".into(),
            recorded_by: "eva".into(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
            seal: String::new(),
        }
    }

    #[test]
    fn it_is_in_force_from_its_first_moment_to_the_one_before_its_end() {
        let mut delegation = delegation();
        for (at, is) in [
            ("2026-01-31T22:59:59.999Z", false),
            ("2026-01-31T23:00:00.000Z", true),
            ("2026-12-31T22:59:59.999Z", true),
            ("2026-12-31T23:00:00.000Z", false),
        ] {
            assert_eq!(delegation.is_in_force(at), is, "{at}");
        }
        delegation.ended_at = Some("2026-03-01T10:00:00.000Z".into());
        assert!(delegation.is_in_force("2026-03-01T09:59:59.999Z"));
        assert!(!delegation.is_in_force("2026-03-01T10:00:00.000Z"));
    }

    #[test]
    fn it_covers_its_outcomes_up_to_its_amount_and_no_unknown_amount() {
        let mut delegation = delegation();
        let kronor = |amount: &str| Some(amount.parse().expect("an amount"));
        assert_eq!(delegation.covers("approve", kronor("15000")), Ok(()));
        assert_eq!(delegation.covers("approve", kronor("15000.01")), Err(Withheld::AmountNotDelegated));
        assert_eq!(delegation.covers("approve", None), Err(Withheld::AmountNotDelegated));
        assert_eq!(delegation.covers("deny", None), Err(Withheld::OutcomeNotDelegated));
        assert_eq!(delegation.covers("refer", None), Err(Withheld::OutcomeNotDelegated));
        delegation.max_amount = None;
        assert_eq!(delegation.covers("approve", kronor("1")), Err(Withheld::AmountNotDelegated));
        delegation.outcomes = Outcomes(vec!["deny".into()]);
        assert_eq!(delegation.covers("deny", None), Ok(()));
    }
}
