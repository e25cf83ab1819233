//! The seed as typed in by hand: applications, what agencies know, what stands in Akten from the start, and what is expected.
//! Must not calculate anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

pub struct Seed {
    pub applications: Vec<Application>,
    pub agencies: BTreeMap<String, Person>,
    pub dossiers: Vec<Dossier>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub reference: String,
    pub akt: String,
    pub received: String,
    pub period: String,
    #[serde(default)]
    pub status: Status,
    pub kind: Household,
    pub community_size: u32,
    pub email: String,
    pub address: String,
    #[serde(default, rename = "first_application")]
    pub is_first: bool,
    #[serde(default)]
    pub protected: bool,
    pub adults: Vec<Adult>,
    pub children: Vec<Child>,
    /// person, kind, net, period, paid
    pub incomes: Vec<(String, String, String, String, String)>,
    /// kind, applied
    pub costs: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Inkommen,
    Avslutad,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Household {
    Single,
    Couple,
    Shared,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adult {
    pub id: String,
    pub name: String,
    pub months: u32,
    #[serde(default)]
    pub jobbstimulans: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    pub id: String,
    pub name: String,
    pub lunch_out: bool,
    pub days: u32,
    pub in_school: bool,
}

/// What the agencies know about one person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    #[serde(default)]
    pub fk: Fk,
    #[serde(default)]
    pub so: So,
    #[serde(default)]
    pub csn: Csn,
    #[serde(default)]
    pub af: Af,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    #[default]
    Ok,
    Partial,
    Error,
    Timeout,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fk {
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub protected: bool,
    /// Groups that can't be delivered when the answer is partial.
    #[serde(default)]
    pub missing: Vec<String>,
    #[serde(default)]
    pub payments: Vec<FkPayment>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FkPayment {
    pub family: String,
    pub benefit: String,
    pub paid: String,
    pub from: String,
    pub to: String,
    pub gross: String,
    pub tax: String,
    #[serde(default)]
    pub deduction: Option<(String, String)>,
    pub net: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct So {
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub fund: Option<String>,
    #[serde(default)]
    pub payments: Vec<SoPayment>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoPayment {
    pub paid: String,
    pub from: String,
    pub to: String,
    pub days: String,
    pub net: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Csn {
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub payments: Vec<CsnPayment>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsnPayment {
    pub paid: String,
    #[serde(rename = "type")]
    pub amount_type: String,
    pub words: String,
    pub amount: String,
    pub status: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Af {
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub registered: Option<String>,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub scope: Option<u32>,
    #[serde(default)]
    pub fund: Option<String>,
}

/// Older months of a dossier: period, reference, amount.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    pub akt: String,
    pub months: Vec<(String, String, String)>,
}

impl Seed {
    pub fn load() -> Result<Self> {
        Ok(Self {
            applications: read("applications.yaml", include_str!("../seed/applications.yaml"))?,
            agencies: read("agencies.yaml", include_str!("../seed/agencies.yaml"))?,
            dossiers: read("records.yaml", include_str!("../seed/records.yaml"))?,
        })
    }

    pub fn application(&self, reference: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.reference == reference)
    }

    /// The newest application of a dossier: who lives there now.
    pub fn dossier(&self, akt: &str) -> Option<&Application> {
        self.applications.iter().filter(|one| one.akt == akt).max_by_key(|one| one.period.clone())
    }

    pub fn person(&self, id: &str) -> Person {
        self.agencies.get(id).cloned().unwrap_or_default()
    }
}

pub(crate) fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T> {
    serde_saphyr::from_str(text).map_err(|problem| Error::Seed { file, reason: problem.to_string() })
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::amount;

    fn seed() -> Seed {
        Seed::load().expect("the seed")
    }

    /// The last of ten digits makes the sum even tens.
    fn check_digit_fits(id: &str) -> bool {
        let digit = |(place, letter): (usize, char)| {
            let doubled = letter.to_digit(10).expect("a digit") * if place.is_multiple_of(2) { 2 } else { 1 };
            doubled / 10 + doubled % 10
        };
        id.chars().skip(2).enumerate().map(digit).sum::<u32>().is_multiple_of(10)
    }

    #[test]
    fn every_identity_is_whole_but_the_interim_one() {
        for one in seed().applications {
            let ids = one.adults.iter().map(|adult| &adult.id).chain(one.children.iter().map(|child| &child.id));
            for id in ids.filter(|id| *id != "19880209T050") {
                assert!(id.len() == 12 && check_digit_fits(id), "{id} in {}", one.reference);
            }
        }
    }

    #[test]
    fn what_an_agency_knows_is_about_somebody_who_applies() {
        let seed = seed();
        for id in seed.agencies.keys() {
            assert!(seed.applications.iter().any(|one| one.adults.iter().any(|adult| adult.id == *id)), "{id}");
        }
    }

    #[test]
    fn a_payment_of_fk_adds_up() {
        let kronor = |text: &str| amount::parse(text).expect("an amount");
        for (id, person) in seed().agencies {
            for one in person.fk.payments {
                let other = one.deduction.map_or(Decimal::ZERO, |(_, amount)| kronor(&amount));
                assert_eq!(kronor(&one.gross) - kronor(&one.tax) - other, kronor(&one.net), "{id} {}", one.paid);
            }
        }
    }
}
