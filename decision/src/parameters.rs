//! Named parameters: what law leaves to the municipality. A rule reads them as `parameters.NAME`; the municipality sets
//! them in its guidelines. Nothing is chosen that is not among the choices.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::{Map, Value};
use rust_decimal::Decimal;
use serde_saphyr::Spanned;

use crate::Problem;
use crate::book_file::{ParameterFile, ParameterKind, SettingFile};
use crate::yaml::File;

/// Parameters that the library itself reads, and what it knows to do with them.
const READ_BY_THE_LIBRARY: [(&str, &[&str]); 5] = [
    ("payout_rounding", &["none", "nearest_krona", "up_krona", "down_krona"]),
    ("counted_month", MONTHS),
    ("compared_month", MONTHS),
    ("family_ceiling", &["two_persons", "children"]),
    ("income_attribution", &["period_then_paid", "period_only", "paid"]),
];

const MONTHS: &[&str] = &["application", "control", "comparison"];

/// Settings by the names of their parameters, each with its place.
pub(crate) type Settings = BTreeMap<String, Spanned<SettingFile>>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    all: BTreeMap<String, Arc<Parameter>>,
    value: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub title: String,
    pub explanation: String,
    pub kind: Kind,
    pub setting: Setting,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// The choices, each with what it means.
    Choice(BTreeMap<String, String>),
    /// A number that is not below zero.
    Number,
    /// Some of the book's income kinds.
    IncomeKinds(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    Word(String),
    Number(Decimal),
    Kinds(Vec<String>),
}

impl Parameters {
    pub fn read(
        file: &File,
        written: &BTreeMap<String, ParameterFile>,
        income_kinds: &[&str],
    ) -> Result<Self, Vec<Problem>> {
        let (mut all, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, parameter) in written {
            match read_parameter(file, name, parameter, income_kinds) {
                Ok(parameter) => {
                    all.insert(name.clone(), Arc::new(parameter));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self::of(all)) } else { Err(problems) }
    }

    fn of(all: BTreeMap<String, Arc<Parameter>>) -> Self {
        let value = all.iter().map(|(name, parameter)| (name.clone(), parameter.setting.value()));
        let value = Value::from(value.collect::<Map>());
        Self { all, value }
    }

    /// What is set of the parameters, each found to be one of its choices.
    pub fn read_settings(&self, file: &File, written: &Settings) -> Result<BTreeMap<String, Setting>, Vec<Problem>> {
        let (mut settings, mut problems) = (BTreeMap::new(), Vec::new());
        for (name, setting) in written {
            let Some(parameter) = self.all.get(name) else {
                let known = self.names().collect::<Vec<_>>().join(", ");
                let problem = file.at(setting, format!("parametern ”{name}” finns inte i regelboken"));
                problems.push(Problem { hint: Some(format!("här finns {known}")), ..problem });
                continue;
            };
            match parameter.kind.setting(file, name, setting) {
                Ok(setting) => drop(settings.insert(name.clone(), setting)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// The same parameters with some of them set otherwise.
    #[must_use]
    pub fn with(&self, settings: &BTreeMap<String, Setting>) -> Self {
        let mut all = self.all.clone();
        for (name, setting) in settings {
            if let Some(parameter) = all.get_mut(name) {
                Arc::make_mut(parameter).setting = setting.clone();
            }
        }
        Self::of(all)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// What a parameter is set to.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.all.get(name).map(|parameter| &parameter.setting)
    }

    /// Every parameter by its name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.all.iter().map(|(name, parameter)| (name.as_str(), parameter.as_ref()))
    }

    /// What rules read as `parameters`.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The chosen word of a parameter that the library reads; the first of its words where the book does not have it.
    pub fn word(&self, name: &str) -> &str {
        match self.setting(name) {
            Some(Setting::Word(word)) => word,
            _ => known_words(name).and_then(|words| words.first().copied()).unwrap_or_default(),
        }
    }

    /// That the month which is counted is the one it is compared with: no change could ever be seen. `chosen` is the file
    /// of the municipality's choices, and those; otherwise the book's own choice is shown.
    pub fn same_months(
        &self,
        file: &File,
        written: &BTreeMap<String, ParameterFile>,
        chosen: Option<(&File, &Settings)>,
    ) -> Option<Problem> {
        let (counted, compared) = ("counted_month", "compared_month");
        let (word, other) = (self.word(counted), self.word(compared));
        if word != other || !self.all.contains_key(counted) || !self.all.contains_key(compared) {
            return None;
        }
        let message = format!(
            "{counted} och {compared} är båda {word}: månaden jämförs med sig själv, så ingen ändring av en förmån kan anmärkas"
        );
        let by_municipality = [compared, counted]
            .into_iter()
            .find_map(|name| chosen.and_then(|(file, settings)| Some(file.at(settings.get(name)?, message.clone()))));
        let problem = by_municipality.or_else(|| Some(file.at(&written.get(compared)?.value, message)))?;
        let others: Vec<&str> = MONTHS.iter().copied().filter(|month| *month != word).collect();
        Some(Problem { hint: Some(format!("sätt {compared} till {}", others.join(" eller "))), ..problem })
    }

    /// Parameters that no rule and nothing in the library reads: a municipality would set them in vain.
    pub fn unread(file: &File, written: &BTreeMap<String, ParameterFile>, used: &[&str]) -> Vec<Problem> {
        let unread = written.iter().filter(|(name, _)| !used.contains(&name.as_str()) && known_words(name).is_none());
        let problem = |(name, parameter): (&String, &ParameterFile)| {
            let problem = file.at(&parameter.value, format!("parametern ”{name}” används inte av någon regel"));
            Problem { hint: Some(format!("ta bort den, eller skriv parameters.{name} i en regel")), ..problem }
        };
        unread.map(problem).collect()
    }
}

fn known_words(name: &str) -> Option<&'static [&'static str]> {
    READ_BY_THE_LIBRARY.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

fn read_parameter(
    file: &File,
    name: &str,
    written: &ParameterFile,
    income_kinds: &[&str],
) -> Result<Parameter, Problem> {
    let at = |message: String| file.at(&written.value, message);
    let kind = match (written.choices.is_empty(), written.kind) {
        (false, None) => Kind::Choice(written.choices.clone()),
        (true, Some(ParameterKind::Number)) => Kind::Number,
        (true, Some(ParameterKind::IncomeKinds)) => {
            Kind::IncomeKinds(income_kinds.iter().map(|kind| (*kind).to_owned()).collect())
        }
        _ => return Err(at(format!("parametern ”{name}” ska ha antingen choices eller kind"))),
    };
    if let Some(words) = known_words(name) {
        let Kind::Choice(choices) = &kind else { return Err(at(format!("parametern ”{name}” ska ha choices"))) };
        if let Some(choice) = choices.keys().find(|choice| !words.contains(&choice.as_str())) {
            let known = words.join(", ");
            return Err(at(format!("”{choice}” är inget val som programmet kan för ”{name}”; det kan {known}")));
        }
    }
    let setting = kind.setting(file, name, &written.value)?;
    let (title, explanation) = (written.title.value.clone(), written.explanation.value.trim().to_owned());
    Ok(Parameter { title, explanation, kind, setting })
}

impl Parameter {
    /// What one of its choices means.
    pub fn meaning(&self, word: &str) -> Option<&str> {
        if let Kind::Choice(choices) = &self.kind { choices.get(word).map(String::as_str) } else { None }
    }
}

impl Kind {
    fn setting(&self, file: &File, name: &str, written: &Spanned<SettingFile>) -> Result<Setting, Problem> {
        let wrong = |message: String, hint: String| Err(Problem { hint: Some(hint), ..file.at(written, message) });
        match (self, &written.value) {
            (Self::Choice(choices), SettingFile::Word(word)) if choices.contains_key(word) => {
                Ok(Setting::Word(word.clone()))
            }
            (Self::Choice(choices), _) => {
                let known = choices.keys().cloned().collect::<Vec<_>>().join(", ");
                wrong(format!("värdet är inget av valen för parametern ”{name}”"), format!("här kan stå {known}"))
            }
            (Self::Number, SettingFile::Word(word)) => {
                let number = word.parse::<Decimal>().ok().filter(|number| *number >= Decimal::ZERO);
                let hint = || "skriv till exempel \"12\" eller \"0.5\"".to_owned();
                number.map_or_else(
                    || wrong(format!("parametern ”{name}” ska vara ett tal"), hint()),
                    |number| Ok(Setting::Number(number)),
                )
            }
            (Self::IncomeKinds(known), SettingFile::List(words)) => {
                match words.iter().find(|word| !known.contains(word)) {
                    Some(word) => wrong(
                        format!("inkomsten ”{word}” står inte bland income_kinds"),
                        format!("här kan stå {}", known.join(", ")),
                    ),
                    None => Ok(Setting::Kinds(words.clone())),
                }
            }
            (Self::Number, SettingFile::List(_)) => {
                wrong(format!("parametern ”{name}” ska vara ett tal"), "skriv till exempel \"12\"".to_owned())
            }
            (Self::IncomeKinds(_), SettingFile::Word(_)) => wrong(
                format!("parametern ”{name}” ska vara en lista"),
                "skriv till exempel [lön, barnbidrag]".to_owned(),
            ),
        }
    }
}

impl Setting {
    fn value(&self) -> Value {
        match self {
            Self::Word(word) => Value::from(word.clone()),
            Self::Number(number) => Value::from(*number),
            Self::Kinds(kinds) => Value::from(kinds.iter().map(|kind| Value::from(kind.as_str())).collect::<Vec<_>>()),
        }
    }

    /// As the handbook and the public rule book show it.
    pub fn shown(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Number(number) => number.normalize().to_string(),
            Self::Kinds(kinds) => kinds.join(", "),
        }
    }
}
