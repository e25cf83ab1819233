//! A record in Akten: a calculation, a decision or a payment. Saving twice makes two: nothing here looks for an earlier one.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Calculation,
    Decision,
    Payment,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Calculation, Self::Decision, Self::Payment];

    pub fn id(self) -> &'static str {
        match self {
            Self::Calculation => "calculation",
            Self::Decision => "decision",
            Self::Payment => "payment",
        }
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// The caption of the list.
    pub fn list(self) -> &'static str {
        match self {
            Self::Calculation => "Beräkningar",
            Self::Decision => "Beslut",
            Self::Payment => "Utbetalningar",
        }
    }

    /// The last part of the list's address.
    pub fn list_path(self) -> &'static str {
        match self {
            Self::Calculation => "berakningar",
            Self::Decision => "beslut",
            Self::Payment => "utbetalningar",
        }
    }

    /// The last part of the popup's address.
    pub fn popup_path(self) -> &'static str {
        match self {
            Self::Calculation => "berakning",
            Self::Decision => "beslut",
            Self::Payment => "utbetalning",
        }
    }

    pub fn from_list_path(path: &str) -> Option<Self> {
        let plain = path.replace('ä', "a");
        Self::ALL.into_iter().find(|kind| kind.list_path() == plain)
    }

    pub fn from_popup_path(path: &str) -> Option<Self> {
        let plain = path.replace('ä', "a");
        Self::ALL.into_iter().find(|kind| kind.popup_path() == plain)
    }
}

/// A record as it is saved, before it has a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRecord {
    pub kind: Kind,
    pub akt: String,
    #[serde(default)]
    pub reference: String,
    pub period: String,
    pub amount: Decimal,
    #[serde(default)]
    pub detail: Detail,
}

/// What differs between the kinds, and what the person typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    pub norm: Option<Decimal>,
    pub income: Option<Decimal>,
    pub cost: Option<Decimal>,
    /// kind, applicant, co-applicant
    pub incomes: Vec<(String, String, String)>,
    /// kind, applied, approved
    pub costs: Vec<(String, String, String)>,
    pub decision_type: String,
    pub decided_by: String,
    pub reason: String,
    pub date: String,
    pub recipient: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub id: i64,
    pub kind: Kind,
    pub akt: String,
    pub reference: String,
    pub period: String,
    pub amount: Decimal,
    pub detail: Detail,
    pub saved_at: String,
    /// seed, form or control
    pub origin: String,
}

/// How many records and mails there are for one application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub calculations: u32,
    pub decisions: u32,
    pub payments: u32,
    pub mails: u32,
}
