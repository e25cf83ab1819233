//! What each application should end as, typed in by hand in `seed/expected.yaml`. Must never be computed.

use serde::{Deserialize, Serialize};

use crate::{error::Result, seed};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub reference: String,
    pub status: Outcome,
    /// Kronor with a decimal point; none when it was handed over.
    #[serde(default)]
    pub amount: Option<String>,
    /// Why it was handed over.
    #[serde(default)]
    pub code: Option<String>,
    pub calculations: u32,
    pub decisions: u32,
    pub payments: u32,
    pub mails: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Registered,
    Denied,
    HandedOver,
}

/// In the order of the file, which is the order of the applications.
pub fn expected_outcomes() -> Result<Vec<Expected>> {
    seed::read("expected.yaml", include_str!("../seed/expected.yaml"))
}
