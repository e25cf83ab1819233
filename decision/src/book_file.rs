//! The files of a rule book as they are written. Nothing is checked here but their shape.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

pub(crate) type Text = Spanned<String>;

/// `rulebook.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookFile {
    pub rulebook: Text,
    pub title: String,
    pub version: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterFile>,
    pub authorities: Vec<AuthorityFile>,
    pub income_kinds: Vec<IncomeKindFile>,
    pub cost_kinds: Vec<String>,
    pub laws: BTreeMap<String, Vec<LawFile>>,
    #[serde(default)]
    pub values: Vec<ValueFile>,
    pub rules: Vec<RuleFile>,
}

/// A named parameter: either a choice between words, or of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterFile {
    pub title: String,
    pub explanation: String,
    /// Every choice with what it means.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
    pub kind: Option<ParameterKind>,
    pub value: Spanned<SettingFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParameterKind {
    Number,
    IncomeKinds,
}

/// What a parameter is set to: a word or number, or a list of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SettingFile {
    Word(String),
    List(Vec<String>),
}

impl<'de> Deserialize<'de> for SettingFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Setting;
        impl<'de> Visitor<'de> for Setting {
            type Value = SettingFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ett ord, ett tal inom citattecken eller en lista")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<SettingFile, E> {
                Ok(SettingFile::Word(word.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<SettingFile, E> {
                Ok(SettingFile::Word(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<SettingFile, E> {
                Ok(SettingFile::Word(number.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SettingFile, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(SettingFile::List(words))
            }
        }
        deserializer.deserialize_any(Setting)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityFile {
    pub id: Text,
    pub title: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncomeKindFile {
    pub kind: String,
    /// What it is, whose, and how it counts, for whoever reads the book.
    pub about: String,
    #[serde(default)]
    pub counted: Counted,
    #[serde(default)]
    pub reported_by: Vec<Text>,
}

/// Whether an income kind counts without a person looking at it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counted {
    #[default]
    Always,
    /// Only where the municipality's guidelines say so.
    ByGuideline,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LawFile {
    pub from: Option<Text>,
    pub to: Option<Text>,
    pub text: Text,
    pub verified: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueFile {
    pub name: Text,
    #[serde(default)]
    pub for_each: ForEach,
    pub value: Text,
}

/// What a rule is tried for: once, or for each of something.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForEach {
    #[default]
    Household,
    Person,
    Income,
    IncomeGroup,
    IncomeChange,
    Cost,
    CostGroup,
    Authority,
    /// After the totals are known.
    Result,
}

impl ForEach {
    /// The name that the one thing has in expressions.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Household | Self::Result => return None,
            Self::Person => "person",
            Self::Income => "income",
            Self::IncomeGroup => "income_group",
            Self::IncomeChange => "income_change",
            Self::Cost => "cost",
            Self::CostGroup => "cost_group",
            Self::Authority => "authority",
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidFile {
    pub from: Text,
    pub to: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub id: Text,
    pub title: Text,
    pub explanation: String,
    pub law: Text,
    pub valid: ValidFile,
    #[serde(default)]
    pub for_each: ForEach,
    pub when: Option<Text>,
    #[serde(default)]
    pub cells: BTreeMap<String, Text>,
    pub also: Option<Text>,
    pub line: Option<LineFile>,
    #[serde(default)]
    pub exclude: bool,
    pub refer: Option<ReferFile>,
    pub deny: Option<NoteFile>,
    pub note: Option<NoteFile>,
    #[serde(default)]
    pub inputs: BTreeMap<String, InputFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineFile {
    pub part: Part,
    pub amount: Text,
    pub person: Option<Text>,
}

/// Which total a line belongs to. The norm and the costs are the need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Norm,
    Cost,
    Income,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferFile {
    pub code: String,
    pub reason: Text,
    #[serde(default)]
    pub unknown: Vec<Total>,
    /// Nothing else of the suggestion may be shown.
    #[serde(default)]
    pub conceal: bool,
    #[serde(default)]
    pub details: BTreeMap<String, Text>,
}

/// A total that can't be known when a rule refers. `choice`: it depends on what the caseworker chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Total {
    Norm,
    Need,
    Income,
    Choice,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteFile {
    pub code: String,
    pub text: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputFile {
    pub value: Text,
    pub from: Option<Text>,
}

/// `amounts/<year>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmountsFile {
    pub year: Spanned<i32>,
    pub title: String,
    #[serde(default)]
    pub note: Option<String>,
    /// What everybody who sees a suggestion of this year should know.
    #[serde(default)]
    pub caution: Option<String>,
    pub uplift_percent: Option<Text>,
    pub sources: BTreeMap<String, String>,
    pub cells: BTreeMap<String, CellFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CellFile {
    pub amount: Spanned<Option<String>>,
    pub source: Option<Text>,
    pub verified: Spanned<bool>,
}

/// `guidelines.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidelinesFile {
    pub municipality: String,
    pub source: String,
    pub guidelines: Vec<GuidelineFile>,
    #[serde(default)]
    pub counted_incomes: Vec<Text>,
    /// Parameters of the rule book that the municipality sets otherwise.
    #[serde(default)]
    pub parameters: BTreeMap<String, Spanned<SettingFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidelineFile {
    pub cost: Text,
    pub valid: ValidFile,
    #[serde(default)]
    pub per: Per,
    pub ceiling: CeilingFile,
}

/// Whether a guideline is for the household or for each person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    #[default]
    Household,
    Person,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CeilingFile {
    pub single: Text,
    pub family: Text,
}
