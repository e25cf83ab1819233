//! Worked cases: facts and what they must give, typed in by hand. `kollega rules test` runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_saphyr::Spanned;

use crate::book_file::GuidelineFile;
use crate::content::Content;
use crate::guidelines::{Guideline, Guidelines};
use crate::parameters::{Parameters, Settings};
use crate::yaml::File;
use crate::{FactsError, Problem, RuleBook, Suggestion};

/// One worked case.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    pub title: String,
    /// The facts as they are given to the rule book.
    pub facts: Json,
    /// Where it stands; no message.
    place: Problem,
    expect: Map<String, Json>,
    variation: Option<Variation>,
}

/// Parameters and guidelines that hold in one case only, so that every choice can be shown.
#[derive(Debug, Clone)]
pub(crate) struct Variation {
    parameters: Parameters,
    limits: Vec<Guideline>,
    counted_incomes: Option<Vec<String>>,
}

impl Variation {
    pub fn apply(&self, parameters: &mut Parameters, guidelines: &mut Guidelines) {
        parameters.clone_from(&self.parameters);
        guidelines.limits.retain(|known| self.limits.iter().all(|limit| limit.cost != known.cost));
        guidelines.limits.extend(self.limits.iter().cloned());
        if let Some(counted) = &self.counted_incomes {
            guidelines.counted_incomes.clone_from(counted);
        }
    }
}

/// How a case came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    pub case: String,
    pub title: String,
    pub file: PathBuf,
    pub line: usize,
    pub passed: bool,
    /// What differs from what was expected, in Swedish.
    pub differences: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CasesFile {
    cases: Vec<CaseFile>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    case: Spanned<String>,
    title: String,
    /// Another case, above this one, whose facts are changed by `set` and `remove`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    like: Option<Spanned<String>>,
    facts: Option<Json>,
    #[serde(default)]
    set: BTreeMap<String, Json>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, crate::book_file::SettingFile>"))]
    parameters: Settings,
    #[serde(default)]
    guidelines: Vec<GuidelineFile>,
    /// Incomes that the municipality counts in this case.
    counted_incomes: Option<Vec<String>>,
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Json>"))]
    expect: Map<String, Json>,
}

const EXPECTED: [&str; 10] =
    ["outcome", "amount", "need", "income", "norm", "surplus", "lines", "rules", "refer", "notes"];

/// Reads all cases of a book.
pub(crate) fn read(
    content: &Content,
    parameters: &Parameters,
    cost_kinds: &[String],
) -> Result<Vec<Case>, Vec<Problem>> {
    let (mut cases, mut problems) = (Vec::<Case>::new(), Vec::new());
    // Cases that are wrong, and those like them: one problem is enough.
    let mut wrong: Vec<String> = Vec::new();
    for file in content.files_in("cases") {
        let read = file.and_then(|file| Ok((file.read::<CasesFile>()?, file)));
        match read {
            Err(problem) => problems.push(problem),
            Ok((written, file)) => {
                for case in written.cases {
                    let name = case.case.value.clone();
                    if case.like.as_ref().is_some_and(|like| wrong.contains(&like.value)) {
                        wrong.push(name);
                        continue;
                    }
                    match made(&file, case, &cases, parameters, cost_kinds) {
                        Ok(case) => cases.push(case),
                        Err(problem) => {
                            wrong.push(name);
                            problems.push(problem);
                        }
                    }
                }
            }
        }
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

fn made(
    file: &File,
    mut written: CaseFile,
    above: &[Case],
    parameters: &Parameters,
    cost_kinds: &[String],
) -> Result<Case, Problem> {
    let name = &written.case;
    if above.iter().any(|case| case.name == name.value) {
        return Err(file.at(name, "två fall har samma namn"));
    }
    let mut facts = match (&written.like, written.facts.take()) {
        (None, Some(facts)) => facts,
        (Some(like), None) => {
            let found = above.iter().find(|case| case.name == like.value);
            found.ok_or_else(|| file.at(like, format!("fallet ”{}” står inte ovanför", like.value)))?.facts.clone()
        }
        _ => return Err(file.at(name, "fallet ska ha antingen facts eller like")),
    };
    for (pointer, value) in &written.set {
        let done = put(&mut facts, pointer, value.clone());
        done.ok_or_else(|| file.at(name, format!("platsen {pointer} finns inte i underlaget")))?;
    }
    for pointer in &written.remove {
        let done = take(&mut facts, pointer);
        done.ok_or_else(|| file.at(name, format!("platsen {pointer} finns inte i underlaget")))?;
    }
    let unknown = written.expect.keys().find(|key| !EXPECTED.contains(&key.as_str()) && *key != "error");
    if let Some(key) = unknown {
        return Err(file.at(name, format!("under expect är ”{key}” okänt; här kan stå {}, error", EXPECTED.join(", "))));
    }
    if written.expect.is_empty() {
        return Err(file.at(name, "fallet väntar sig ingenting (expect är tomt)"));
    }
    let inherited = written.like.as_ref().and_then(|like| above.iter().find(|case| case.name == like.value));
    let inherited = inherited.and_then(|case| case.variation.clone());
    let variation =
        if written.parameters.is_empty() && written.guidelines.is_empty() && written.counted_incomes.is_none() {
            inherited
        } else {
            let inherited = inherited.unwrap_or_else(|| Variation {
                parameters: parameters.clone(),
                limits: Vec::new(),
                counted_incomes: None,
            });
            Some(varied(file, &written, inherited, cost_kinds)?)
        };
    let place = file.at(&written.case, "");
    Ok(Case { name: written.case.value, place, title: written.title, facts, expect: written.expect, variation })
}

fn varied(file: &File, written: &CaseFile, from: Variation, cost_kinds: &[String]) -> Result<Variation, Problem> {
    let first = |problems: Vec<Problem>| problems.into_iter().next();
    let parameters = from
        .parameters
        .set(file, &written.parameters)
        .map_err(|problems| first(problems).unwrap_or_else(|| file.at(&written.case, "fallets parametrar är fel")))?;
    let (mut limits, problems) = crate::guidelines::read_limits(file, &written.guidelines, cost_kinds);
    if let Some(problem) = first(problems) {
        return Err(problem);
    }
    let kept = from.limits.into_iter().filter(|known| limits.iter().all(|limit| limit.cost != known.cost));
    limits.extend(kept.collect::<Vec<_>>());
    let counted_incomes = written.counted_incomes.clone().or(from.counted_incomes);
    Ok(Variation { parameters, limits, counted_incomes })
}

/// Puts a value at a JSON pointer; `-` at the end of one adds to a list.
fn put(facts: &mut Json, pointer: &str, value: Json) -> Option<()> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match facts.pointer_mut(parent)? {
        Json::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        Json::Array(list) if key == "-" => list.push(value),
        Json::Array(list) => *list.get_mut(key.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

fn take(facts: &mut Json, pointer: &str) -> Option<()> {
    let (parent, key) = pointer.rsplit_once('/')?;
    match facts.pointer_mut(parent)? {
        Json::Object(fields) => fields.remove(key).map(|_| ()),
        Json::Array(list) => {
            let index = key.parse::<usize>().ok().filter(|index| *index < list.len())?;
            list.remove(index);
            Some(())
        }
        _ => None,
    }
}

impl RuleBook {
    /// Works out every case and compares.
    pub fn run_cases(&self) -> Vec<CaseResult> {
        self.cases().iter().map(|case| self.run_case(case)).collect()
    }

    /// Rules that no case reaches: a mistake in them would not be seen.
    pub fn rules_without_case(&self) -> Vec<&str> {
        let mut met: BTreeSet<String> = BTreeSet::new();
        for case in self.cases() {
            if let Ok((_, rules)) = self.of_case(case).suggest_by_rules(&case.facts) {
                met.extend(rules.into_iter().map(str::to_owned));
            }
        }
        self.rules().iter().map(|rule| rule.id.as_str()).filter(|id| !met.contains(*id)).collect()
    }

    pub(crate) fn run_case(&self, case: &Case) -> CaseResult {
        let differences = match (case.suggestion(self), case.expect.get("error")) {
            (Err(error), Some(Json::String(field))) if error.field() == field => Vec::new(),
            (Err(error), Some(wanted)) => vec![format!("felet väntades gälla {wanted}, men: {error}")],
            (Err(error), None) => vec![format!("underlaget godtogs inte: {error}")],
            (Ok(_), Some(wanted)) => vec![format!("ett fel väntades i {wanted}, men underlaget godtogs")],
            (Ok(suggestion), None) => differences(&case.expect, &suggestion),
        };
        CaseResult {
            case: case.name.clone(),
            title: case.title.clone(),
            file: case.place.file.clone(),
            line: case.place.line,
            passed: differences.is_empty(),
            differences,
        }
    }
}

fn differences(expect: &Map<String, Json>, suggestion: &Suggestion) -> Vec<String> {
    let Ok(got) = serde_json::to_value(suggestion) else { return vec!["förslaget kan inte skrivas".to_owned()] };
    let mut differences = Vec::new();
    for (key, wanted) in expect {
        let got = &got[key.as_str()];
        match key.as_str() {
            "refer" | "notes" if same_reasons(wanted, got) => {}
            "refer" | "notes" => {
                let codes: Json = got.as_array().into_iter().flatten().map(|one| one["code"].clone()).collect();
                let only_codes = wanted.as_array().is_some_and(|all| all.iter().all(Json::is_string));
                let got = if only_codes { &codes } else { got };
                differences.push(format!("{key}: väntade {wanted}, fick {got}"));
            }
            "rules" => {
                let lines = suggestion.lines.iter().map(|line| Json::String(line.rule.clone()));
                let rules: Json = lines.collect();
                if rules != *wanted {
                    differences.push(format!("raderna: väntade {wanted}, fick {rules}"));
                }
            }
            "lines" => differences.extend(missing_lines(wanted, got)),
            _ if got != wanted => differences.push(format!("{key}: väntade {wanted}, fick {got}")),
            _ => {}
        }
    }
    differences
}

/// Whether the reasons or notes are the expected, in order: each by its code, or by the fields that matter.
fn same_reasons(wanted: &Json, got: &Json) -> bool {
    let (Some(wanted), Some(got)) = (wanted.as_array(), got.as_array()) else { return false };
    let same = |wanted: &Json, got: &Json| match wanted {
        Json::Object(_) => has_fields(wanted, got),
        code => got["code"] == *code,
    };
    wanted.len() == got.len() && wanted.iter().zip(got).all(|(wanted, got)| same(wanted, got))
}

/// Whether every field that is named has the value, at any depth.
fn has_fields(wanted: &Json, got: &Json) -> bool {
    match wanted {
        Json::Object(fields) => fields.iter().all(|(name, value)| has_fields(value, &got[name.as_str()])),
        value => value == got,
    }
}

/// Expected lines that no line has: each names the fields it cares about.
fn missing_lines(wanted: &Json, got: &Json) -> Vec<String> {
    let lines: Vec<&Json> = got.as_array().into_iter().flatten().collect();
    let missing = wanted.as_array().into_iter().flatten().filter(|one| !lines.iter().any(|line| has_fields(one, line)));
    missing.map(|one| format!("raden {one} saknas")).collect()
}

impl Case {
    /// What the case must give, as it is written.
    pub(crate) fn expected(&self) -> &Map<String, Json> {
        &self.expect
    }

    pub(crate) fn variation(&self) -> Option<&Variation> {
        self.variation.as_ref()
    }

    /// What the rule book says of the case's facts.
    pub fn suggestion(&self, book: &RuleBook) -> Result<Suggestion, FactsError> {
        book.of_case(self).suggest(&self.facts)
    }
}
