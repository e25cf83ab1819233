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
    /// What is added to each step's time limit for the lease of the item; otherwise `worker.lease`.
    #[serde(default)]
    pub lease: Option<Placed<String>>,
    /// How long the steps may take together; otherwise only each step has its limit.
    #[serde(default)]
    pub timeout: Option<Placed<String>>,
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

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Always a person.
    #[default]
    Suggest,
    /// The automated decision function, as far as a delegation goes; otherwise a person.
    Automatic,
}

/// Waits until a person with the role has decided; never approves by timing out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    pub role: Placed<String>,
    #[serde(default)]
    pub mode: Mode,
    /// In automatic mode: a case for which this holds is of principal importance, and waits for a person.
    #[serde(default)]
    pub principal: Option<Text>,
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
    /// What is looked for on the page.
    #[serde(default)]
    pub exists: Option<Placed<Exists>>,
    /// Instead of `exists`: what is looked for in what the steps have read.
    #[serde(default)]
    pub answer: Option<Placed<Answer>>,
}

/// What a system that is asked, and not looked at, has answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// True when the answer holds everything that it could; without it nothing counts as a no.
    #[serde(default)]
    pub complete: Option<Text>,
    /// The list of what matches.
    pub found: Text,
    /// What the one match must be.
    #[serde(default)]
    pub is: Option<Text>,
}

impl Stage {
    /// Whether anything in it is done on a page, so that its system is opened in a browser.
    pub fn needs_page(&self) -> bool {
        let verified = self.verify.as_ref().map(|verify| &verify.value);
        let looked_at = verified.is_some_and(|verify| verify.exists.is_some() || verify.when_shown.is_some());
        let steps = [Some(&self.steps), self.commit.as_ref().map(|it| &it.value), verified.map(|it| &it.steps)];
        looked_at || steps.into_iter().flatten().any(Steps::need_page)
    }
}
