//! Spot checks of handled items: plans, drawings, the rows drawn from, and what reviewers found.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{ItemId, Json};

states! {
    /// What a plan is for.
    Purpose {
        /// Whether what applicants have stated is right.
        Control = "control",
        /// Whether what was suggested and decided is right: assessed blind.
        Quality = "quality",
    }
}

states! {
    /// What a reviewer found.
    Verdict {
        Agrees = "agrees",
        Error = "error",
    }
}

states! {
    /// What kind of error it is.
    ErrorKind {
        /// The amount.
        Amount = "amount",
        /// Approved or denied wrongly.
        Outcome = "outcome",
        /// A fact was wrong or missing.
        Fact = "fact",
        /// A rule was wrong, or wrongly used.
        Rule = "rule",
        /// A person should have assessed it, or should not have had to.
        Referral = "referral",
        /// The handling: hearing, reasons, documentation, letter.
        Procedure = "procedure",
    }
}

states! {
    /// Whom an error harms.
    Harm {
        Applicant = "applicant",
        Municipality = "municipality",
        Nobody = "nobody",
    }
}

states! {
    /// Who decided.
    DecidedBy {
        /// The automated decision function.
        Automatic = "automatic",
        Person = "person",
        /// Nobody in Kollega: it was handed over.
        Nobody = "nobody",
    }
}

/// A plan as it was recorded.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct SpotPlan {
    pub name: String,
    pub year: i64,
    #[sqlx(try_from = "String")]
    pub purpose: Purpose,
    /// The file as it stood.
    #[serde(skip)]
    pub body: String,
    pub sha256: String,
    pub seed: String,
    pub recorded_at: String,
    pub recorded_by: String,
}

/// One month's drawing.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct SpotDraw {
    pub plan: String,
    pub month: String,
    pub drawn_at: String,
    pub drawn_by: String,
    /// How many handled items there were to draw from.
    pub handled: i64,
    /// How many more were handled but removed before the drawing.
    pub removed: i64,
    pub drawn: i64,
    /// A list of `Rate`.
    #[sqlx(try_from = "String")]
    pub rates: Json,
    /// The SHA-256 of the list with what was drawn.
    pub digest: String,
}

/// The rate of a stratum in a month, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub stratum: String,
    /// As the plan has it.
    pub planned: u32,
    /// What was drawn by.
    pub percent: u32,
    /// In Swedish.
    pub why: String,
}

/// A handled item of a month, drawn or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct SpotRow {
    pub id: String,
    pub plan: String,
    pub month: String,
    pub case_key: String,
    pub item: ItemId,
    pub attempt: i64,
    pub bot: String,
    pub handled_at: String,
    pub stratum: String,
    pub rank: String,
    pub drawn: bool,
}

/// What a reviewer has come to so far; never personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Assessment {
    /// The row that was drawn.
    pub sample: String,
    pub reviewer: String,
    pub blind_at: Option<String>,
    pub own_outcome: Option<String>,
    /// A `Verdict`.
    pub verdict: Option<String>,
    /// An `ErrorKind`.
    pub error_kind: Option<String>,
    /// A `Harm`.
    pub harm: Option<String>,
    pub classified_at: Option<String>,
}

/// What the reviewer wrote, personal: it goes with the item.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct SpotText {
    pub own_amount: Option<String>,
    pub own_reason: Option<String>,
    pub note: Option<String>,
}

/// What a reviewer finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// Of an error, and of nothing else.
    pub error: Option<(ErrorKind, Harm)>,
    pub note: Option<String>,
}

/// A case that was handled in a month: an attempt that ended, with what was suggested and decided in it.
#[derive(Debug, Clone)]
pub struct HandledCase {
    pub item: ItemId,
    pub attempt: i64,
    pub bot: String,
    pub reference: String,
    pub handled_at: String,
    /// Whether the suggestion was that a person assesses it.
    pub referred: bool,
    /// Of the decision, or of the suggestion where nobody decided in Kollega.
    pub outcome: String,
    pub amount: Option<Decimal>,
    pub decided: DecidedBy,
}
