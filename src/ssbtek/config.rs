//! Who asks, where, with which certificate and on what legal basis: the section `[ssbtek]` of `kollega.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::transport::SetupError;
use super::{Agency, kind};

/// How SSBTEK is reached and in whose name it is asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub url: String,
    /// The organisation's client certificate and its key, PEM.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Trust only the certificates of this PEM file, instead of the machine's.
    pub ca: Option<PathBuf>,
    /// In seconds.
    #[serde(default = "five_seconds", deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// In seconds, for the whole answer.
    #[serde(default = "thirty_seconds", deserialize_with = "seconds")]
    pub read_timeout: Duration,
    pub organisation: Organisation,
    /// Försäkringskassan's id of the asking board (`aktorsid`), given by the service's supplier.
    pub actor_id: String,
    /// Why the information is asked for (`syfte`), as the agencies log it.
    pub purpose: String,
    /// The rule that allows the agencies to answer (`lagtext`), as the municipality's lawyers state it.
    pub legal_basis: String,
    /// The benefit groups Försäkringskassan and Pensionsmyndigheten are asked about. A group that the organisation
    /// may not see makes every answer partial, so it is taken out here.
    #[serde(default = "all_benefits")]
    pub benefits: Vec<String>,
    /// The municipality's own reading of an agency's benefit code, before the shipped one: `"fk:TFP" = "föräldrapenning"`.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
    /// Status codes by which an agency says that it has answered. The contract leaves them open, so a code that is
    /// not here makes the answer partial.
    #[serde(default)]
    pub answered: BTreeMap<Agency, Vec<String>>,
}

/// The asking organisation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Twelve digits: `16` and the organisation number.
    pub number: String,
    pub name: String,
    /// The name or account of the one on whose behalf is asked.
    pub handler: String,
}

impl Config {
    /// What can be seen to be wrong before anything is asked.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        let wrong = |field: &'static str, hint: &'static str| Err(SetupError::Field { field, hint });
        if !is_organisation_number(&self.organisation.number) {
            return wrong("organisation.number", "ange tolv siffror: 16 och organisationsnumret");
        }
        for (field, value) in [
            ("organisation.name", &self.organisation.name),
            ("organisation.handler", &self.organisation.handler),
            ("actor_id", &self.actor_id),
            ("purpose", &self.purpose),
            ("legal_basis", &self.legal_basis),
        ] {
            if value.trim().is_empty() {
                return wrong(field, "fyll i fältet; SSBTEK kräver det");
            }
        }
        if self.certificate.is_some() != self.key.is_some() {
            return wrong("certificate", "ange både certificate och key");
        }
        if self.benefits.is_empty() || !self.benefits.iter().all(|group| ALL_BENEFITS.contains(&group.as_str())) {
            return wrong("benefits", "ange förmånsgrupper som FK:SJP eller PM:AP; minst en");
        }
        if !self.kinds.values().all(|kind| kind::ALL.contains(&kind.as_str())) {
            return wrong("kinds", "ange ett av regelbokens inkomstslag");
        }
        Ok(())
    }

    /// Whether `code` is one by which `agency` says that it has answered.
    pub(super) fn means_answered(&self, agency: Agency, code: &str) -> bool {
        match self.answered.get(&agency) {
            Some(codes) => codes.iter().any(|known| known == code),
            None => ["0", "OK"].contains(&code),
        }
    }
}

/// The third digit of an organisation number is 2 or more, or it would be a person's.
fn is_organisation_number(number: &str) -> bool {
    number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit()) && number.as_bytes()[4] >= b'2'
}

/// Every group of the contract: what is not asked about is an income that no rule sees.
const ALL_BENEFITS: [&str; 30] = [
    "FK:ABB", "FK:AP", "FK:AS", "FK:BOB", "FK:BST", "FK:BTI", "FK:DPE", "FK:EJO", "FK:ET", "FK:FP", "FK:FSJP", "FK:GP",
    "FK:HE", "FK:MABB", "FK:MEK", "FK:NP", "FK:OMV", "FK:PJOB", "FK:PROG", "FK:RBE", "FK:SA", "FK:SBP", "FK:SJP",
    "FK:TFP", "FK:US", "FK:VB", "FK:YL", "PM:AP", "PM:BTI", "PM:EF",
];

fn all_benefits() -> Vec<String> {
    ALL_BENEFITS.map(str::to_owned).to_vec()
}

fn five_seconds() -> Duration {
    Duration::from_secs(5)
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn seconds<'de, D: Deserializer<'de>>(value: D) -> Result<Duration, D::Error> {
    u64::deserialize(value).map(Duration::from_secs)
}
