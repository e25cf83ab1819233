//! Stages: the parts of a bot done for each item; the unit of retry and resumption.

use serde::Deserialize;

use super::{Exists, Steps, Targets, Text, Tree};
use crate::yaml::Placed;

/// Finds the work, once a run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The system it works in.
    #[serde(default)]
    pub on: Option<Placed<String>>,
    pub steps: Steps,
}

/// One part of the work on an item.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The name, unique in the bot.
    pub stage: Placed<String>,
    /// The stage is passed over where this does not hold.
    #[serde(default)]
    pub when: Option<Text>,
    /// The system it works in.
    #[serde(default)]
    pub on: Option<Placed<String>>,
    #[serde(default)]
    pub steps: Steps,
    /// Asks the decision library.
    #[serde(default)]
    pub suggest: Option<Placed<Suggest>>,
    /// Waits for a person.
    #[serde(default)]
    pub decide: Option<Placed<Decide>>,
    /// The one act that can't be taken back; the whole list is one act.
    #[serde(default)]
    pub commit: Option<Placed<Steps>>,
    /// How to see whether the commit took effect.
    #[serde(default)]
    pub verify: Option<Placed<Verify>>,
}

/// Asks the decision library for a suggestion.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggest {
    pub rulebook: Placed<String>,
    /// The facts, a tree with `${…}` leaves.
    pub facts: Placed<Tree>,
}

/// What becomes of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefer {
    /// The item is handed over to a person, outside Kollega.
    #[default]
    HandOver,
    /// A person decides here; plain approval is refused.
    Decide,
}

/// Waits until a person with the role has decided; never approves by timing out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    pub role: Placed<String>,
    /// As `2 working days`, `4h`.
    #[serde(default)]
    pub due: Option<Placed<String>>,
    #[serde(default)]
    pub on_refer: OnRefer,
}

/// How to see whether a commit took effect, after the act and after a crash.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    #[serde(default)]
    pub steps: Steps,
    /// Shown when the page that can answer is whole; without it nothing counts as a no.
    #[serde(default)]
    pub when_shown: Option<Targets>,
    pub exists: Placed<Exists>,
}
