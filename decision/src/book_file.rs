//! The files of a rule book as they are written. Nothing is checked here but their shape.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

pub(crate) type Text = Spanned<String>;

/// `rulebook.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BookFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub rulebook: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Text,
    pub version: String,
    #[serde(default)]
    pub coverage: CoverageWanted,
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

/// What a rule or a condition that the cases do not reach is, and a month that falls between two rules.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum CoverageWanted {
    /// An error.
    Required,
    /// A warning.
    #[default]
    Advised,
}

/// A named parameter: either a choice between words, or of a kind.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub explanation: Text,
    /// Every choice with what it means.
    #[serde(default)]
    pub choices: BTreeMap<String, String>,
    pub kind: Option<ParameterKind>,
    #[cfg_attr(feature = "schema", schemars(with = "SettingFile"))]
    pub value: Spanned<SettingFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParameterKind {
    Number,
    IncomeKinds,
}

/// What a parameter is set to: a word or number, or a list of words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub id: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Text,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IncomeKindFile {
    pub kind: String,
    /// What it is, whose, and how it counts, for whoever reads the book.
    pub about: String,
    #[serde(default)]
    pub counted: Counted,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub reported_by: Vec<Text>,
}

/// Whether an income kind counts without a person looking at it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counted {
    #[default]
    Always,
    /// Only where the municipality's guidelines say so.
    ByGuideline,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LawFile {
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub from: Option<Text>,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub to: Option<Text>,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub text: Text,
    pub verified: bool,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub name: Text,
    /// What the name stands for, as it is read in the rules' place: `personen är ett barn`.
    pub title: Option<String>,
    #[serde(default)]
    pub for_each: ForEach,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub value: Text,
}

/// What a rule is tried for: once, or for each of something.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// All, in the order in which they are declared.
    pub const ALL: [Self; 9] = [
        Self::Household,
        Self::Person,
        Self::Income,
        Self::IncomeGroup,
        Self::IncomeChange,
        Self::Cost,
        Self::CostGroup,
        Self::Authority,
        Self::Result,
    ];

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from: Text,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub to: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleValidFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub from: Text,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub to: Option<Text>,
    /// No rule with the same id was in force before.
    #[serde(default)]
    pub new: bool,
    /// No rule with the same id follows.
    #[serde(default)]
    pub ends: bool,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub id: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub explanation: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub law: Text,
    pub valid: RuleValidFile,
    #[serde(default)]
    pub for_each: ForEach,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub when: Option<Text>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    pub cells: BTreeMap<String, Text>,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LineFile {
    pub part: Part,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub amount: Text,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub person: Option<Text>,
}

/// Which total a line belongs to. The norm and the costs are the need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Norm,
    Cost,
    Income,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReferFile {
    pub code: String,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub reason: Text,
    #[serde(default)]
    pub unknown: Vec<Total>,
    /// Nothing else of the suggestion may be shown.
    #[serde(default)]
    pub conceal: bool,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    pub details: BTreeMap<String, Text>,
}

/// A total that can't be known when a rule refers. `choice`: it depends on what the caseworker chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Total {
    Norm,
    Need,
    Income,
    Choice,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteFile {
    pub code: String,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub text: Text,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct InputFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub value: Text,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub from: Option<Text>,
}

/// `amounts/<year>.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AmountsFile {
    #[cfg_attr(feature = "schema", schemars(with = "i32"))]
    pub year: Spanned<i32>,
    pub title: String,
    #[serde(default)]
    pub note: Option<String>,
    /// What everybody who sees a suggestion of this year should know.
    #[serde(default)]
    pub caution: Option<String>,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub uplift_percent: Option<Text>,
    pub sources: BTreeMap<String, String>,
    pub cells: BTreeMap<String, CellFile>,
    /// Wrong figures that are printed in public: no cell is verified with one.
    #[serde(default)]
    pub known_wrong: Vec<KnownWrongFile>,
    /// What each person has typed in, without seeing what another has. A cell is verified when two say the same.
    #[serde(default)]
    pub entries: Vec<EntryFile>,
}

/// A figure that is printed in public and is not the law's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownWrongFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cell: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub amount: Text,
    /// Where it is printed.
    #[serde(rename = "where")]
    pub place: String,
}

/// What one person has typed in from one source.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryFile {
    /// Who typed it in.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub by: Text,
    /// The date.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub at: Text,
    /// Where the amounts were read.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub source: Text,
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, String>"))]
    pub cells: BTreeMap<String, Text>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CellFile {
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub amount: Spanned<Option<String>>,
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub source: Option<Text>,
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub verified: Spanned<bool>,
}

/// `guidelines.yaml`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidelinesFile {
    pub municipality: String,
    pub source: String,
    pub guidelines: Vec<GuidelineFile>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub counted_incomes: Vec<Text>,
    /// Parameters of the rule book that the municipality sets otherwise.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, SettingFile>"))]
    pub parameters: BTreeMap<String, Spanned<SettingFile>>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct GuidelineFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cost: Text,
    pub valid: ValidFile,
    #[serde(default)]
    pub per: Per,
    pub ceiling: CeilingFile,
}

/// Whether a guideline is for the household or for each person.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    #[default]
    Household,
    Person,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CeilingFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub single: Text,
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub family: Text,
}
