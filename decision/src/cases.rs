//! Worked cases: facts and what they must give, typed in by hand. `kollega rules test` runs them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_saphyr::Spanned;

use crate::content::Content;
use crate::yaml::File;
use crate::{FactsError, Problem, RuleBook, Suggestion};

/// One worked case.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    pub title: String,
    /// The facts as they are given to the rule book.
    pub facts: Json,
    expect: Map<String, Json>,
}

/// How a case came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    pub case: String,
    pub title: String,
    pub passed: bool,
    /// What differs from what was expected, in Swedish.
    pub differences: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CasesFile {
    cases: Vec<CaseFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Spanned<String>,
    title: String,
    /// Another case, above this one, whose facts are changed by `set` and `remove`.
    like: Option<Spanned<String>>,
    facts: Option<Json>,
    #[serde(default)]
    set: BTreeMap<String, Json>,
    #[serde(default)]
    remove: Vec<String>,
    expect: Map<String, Json>,
}

const EXPECTED: [&str; 9] = ["outcome", "amount", "need", "income", "norm", "surplus", "lines", "refer", "notes"];

/// Reads all cases of a book.
pub(crate) fn read(content: &Content) -> Result<Vec<Case>, Vec<Problem>> {
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
                    match made(&file, case, &cases) {
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

fn made(file: &File, written: CaseFile, above: &[Case]) -> Result<Case, Problem> {
    let name = &written.case;
    if above.iter().any(|case| case.name == name.value) {
        return Err(file.at(name, "två fall har samma namn"));
    }
    let mut facts = match (&written.like, written.facts) {
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
    Ok(Case { name: written.case.value, title: written.title, facts, expect: written.expect })
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
        let met: BTreeSet<&str> = self
            .cases()
            .iter()
            .filter_map(|case| self.suggest_by_rules(&case.facts).ok())
            .flat_map(|(_, met)| met)
            .collect();
        self.rules().iter().map(|rule| rule.id.as_str()).filter(|id| !met.contains(id)).collect()
    }

    fn run_case(&self, case: &Case) -> CaseResult {
        let differences = match (self.suggest(&case.facts), case.expect.get("error")) {
            (Err(error), Some(Json::String(field))) if error.field() == field => Vec::new(),
            (Err(error), Some(wanted)) => vec![format!("felet väntades gälla {wanted}, men: {error}")],
            (Err(error), None) => vec![format!("underlaget godtogs inte: {error}")],
            (Ok(_), Some(wanted)) => vec![format!("ett fel väntades i {wanted}, men underlaget godtogs")],
            (Ok(suggestion), None) => differences(&case.expect, &suggestion),
        };
        CaseResult { case: case.name.clone(), title: case.title.clone(), passed: differences.is_empty(), differences }
    }
}

fn differences(expect: &Map<String, Json>, suggestion: &Suggestion) -> Vec<String> {
    let Ok(got) = serde_json::to_value(suggestion) else { return vec!["förslaget kan inte skrivas".to_owned()] };
    let mut differences = Vec::new();
    for (key, wanted) in expect {
        let got = &got[key.as_str()];
        match key.as_str() {
            "refer" | "notes" => {
                let codes: Json = got.as_array().into_iter().flatten().map(|one| one["code"].clone()).collect();
                if codes != *wanted {
                    differences.push(format!("{key}: väntade {wanted}, fick {codes}"));
                }
            }
            "lines" => differences.extend(missing_lines(wanted, got)),
            _ if got != wanted => differences.push(format!("{key}: väntade {wanted}, fick {got}")),
            _ => {}
        }
    }
    differences
}

/// Expected lines that no line has: each names the fields it cares about.
fn missing_lines(wanted: &Json, got: &Json) -> Vec<String> {
    let lines: Vec<&Json> = got.as_array().into_iter().flatten().collect();
    let matches = |wanted: &Json, line: &Json| {
        wanted.as_object().is_some_and(|fields| fields.iter().all(|(name, value)| line[name.as_str()] == *value))
    };
    let missing = wanted.as_array().into_iter().flatten().filter(|one| !lines.iter().any(|line| matches(one, line)));
    missing.map(|one| format!("raden {one} saknas")).collect()
}

impl Case {
    /// What the case must give, as it is written.
    pub(crate) fn expected(&self) -> &Map<String, Json> {
        &self.expect
    }

    /// What the rule book says of the case's facts.
    pub fn suggestion(&self, book: &RuleBook) -> Result<Suggestion, FactsError> {
        book.suggest(&self.facts)
    }
}
