//! Worked cases: facts and what they must give, typed in by hand. `kollega rules test` runs them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use expression::Month;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_saphyr::Spanned;

use crate::amounts::Table;
use crate::book_file::GuidelineFile;
use crate::content::Content;
use crate::guidelines::{Guideline, Guidelines};
use crate::parameters::{Parameters, Setting, Settings};
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
    /// Where it stands; no message.
    place: Problem,
    /// What its file was worked out with instead of the municipality's guidelines and parameters.
    basis: Option<Arc<Basis>>,
    /// What it sets itself, over the basis or the municipality's.
    pins: Pins,
}

/// Guidelines and parameters that cases were worked out with, whatever a municipality has chosen since.
#[derive(Debug)]
struct Basis {
    guidelines: Guidelines,
    settings: BTreeMap<String, Setting>,
}

/// Parameters, guidelines and amounts that hold in one case, and in those like it, so that every choice can be shown.
#[derive(Debug, Clone, Default)]
struct Pins {
    settings: BTreeMap<String, Setting>,
    limits: Vec<Guideline>,
    counted_incomes: Option<Vec<String>>,
    cells: BTreeMap<String, Option<Decimal>>,
}

impl Pins {
    fn is_empty(&self) -> bool {
        let Self { settings, limits, counted_incomes, cells } = self;
        settings.is_empty() && limits.is_empty() && counted_incomes.is_none() && cells.is_empty()
    }
}

/// How a case came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    pub case: String,
    pub title: String,
    /// Where the case stands.
    pub file: PathBuf,
    pub line: usize,
    /// Whether it was worked out with the municipality's own guidelines and parameters, and follows them.
    pub is_own: bool,
    pub passed: bool,
    /// What differs from what was expected, in Swedish.
    pub differences: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CasesFile {
    #[cfg_attr(feature = "schema", schemars(with = "Option<Whose>"))]
    guidelines: Option<Spanned<Whose>>,
    cases: Vec<CaseFile>,
}

/// Whose guidelines and parameters the cases of a file were worked out with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    /// Those in `guidelines.yaml`, as if nothing was said: the municipality's.
    Own,
    /// Those in `cases/guidelines.yaml`, which came with the cases, and the rule book's own parameters.
    Shipped,
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
    /// Amounts of the year's table that hold in this case; null is one that is not verified.
    #[serde(default)]
    cells: BTreeMap<String, Option<String>>,
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Json>"))]
    expect: Map<String, Json>,
}

const EXPECTED: [&str; 10] =
    ["outcome", "amount", "need", "income", "norm", "surplus", "lines", "rules", "refer", "notes"];

/// The guidelines that the shipped cases were worked out with.
const BASIS: &str = "cases/guidelines.yaml";

/// What of a rule book its cases are read with.
pub(crate) struct CaseReader<'a> {
    pub content: &'a Content,
    /// As the rule book has them, before the municipality has chosen.
    pub parameters: &'a Parameters,
    pub cost_kinds: &'a [String],
    pub income_kinds: &'a [&'a str],
    pub tables: &'a [Table],
    pub is_judged: bool,
}

impl CaseReader<'_> {
    /// Reads all cases of a book.
    pub fn read(&self) -> Result<Vec<Case>, Vec<Problem>> {
        let (mut cases, mut problems) = (Vec::<Case>::new(), Vec::new());
        let basis = self.basis()?;
        // Cases that are wrong, and those like them: one problem is enough.
        let mut wrong: Vec<String> = Vec::new();
        for file in self.content.files_in("cases").filter(|file| file.as_ref().map_or(true, |file| !is_basis(file))) {
            let read = file.and_then(|file| Ok((file.read::<CasesFile>()?, file)));
            match read {
                Err(problem) => problems.push(problem),
                Ok((written, file)) => {
                    let shipped = written.guidelines.as_ref().filter(|whose| whose.value == Whose::Shipped);
                    if let (Some(place), None) = (shipped, &basis) {
                        problems.push(file.at(place, format!("filen {BASIS}, som fallen är räknade med, finns inte")));
                        continue;
                    }
                    let basis = basis.as_ref().filter(|_| shipped.is_some());
                    for case in written.cases {
                        let name = case.case.value.clone();
                        if case.like.as_ref().is_some_and(|like| wrong.contains(&like.value)) {
                            wrong.push(name);
                            continue;
                        }
                        match self.made(&file, case, basis, &cases) {
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

    fn basis(&self) -> Result<Option<Arc<Basis>>, Vec<Problem>> {
        let Some(file) = self.content.files_in("cases").flatten().find(is_basis) else { return Ok(None) };
        let guidelines = Guidelines::read(&file, self.cost_kinds, self.income_kinds, self.is_judged)?;
        let settings = self.parameters.read_settings(&file, &guidelines.settings)?;
        Ok(Some(Arc::new(Basis { guidelines, settings })))
    }

    fn made(
        &self,
        file: &File,
        mut written: CaseFile,
        basis: Option<&Arc<Basis>>,
        above: &[Case],
    ) -> Result<Case, Problem> {
        let name = &written.case;
        if above.iter().any(|case| case.name == name.value) {
            return Err(file.at(name, "två fall har samma namn"));
        }
        let (mut facts, inherited) = match (&written.like, written.facts.take()) {
            (None, Some(facts)) => (facts, Pins::default()),
            (Some(like), None) => {
                let found = above.iter().find(|case| case.name == like.value);
                let found = found.ok_or_else(|| file.at(like, format!("fallet ”{}” står inte ovanför", like.value)))?;
                (found.facts.clone(), found.pins.clone())
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
            let known = EXPECTED.join(", ");
            return Err(file.at(name, format!("under expect är ”{key}” okänt; här kan stå {known}, error")));
        }
        if written.expect.is_empty() {
            return Err(file.at(name, "fallet väntar sig ingenting (expect är tomt)"));
        }
        let pins = self.pins(file, &written, inherited, &facts)?;
        let (place, basis) = (file.at(name, ""), basis.cloned());
        Ok(Case { name: written.case.value, title: written.title, facts, expect: written.expect, place, basis, pins })
    }

    /// What a case sets, over what it has from the one it is like.
    fn pins(&self, file: &File, written: &CaseFile, from: Pins, facts: &Json) -> Result<Pins, Problem> {
        let Pins { mut settings, limits: inherited, counted_incomes, mut cells } = from;
        settings.extend(self.parameters.read_settings(file, &written.parameters).map_err(first)?);
        let (mut limits, problems) = crate::guidelines::read_limits(file, &written.guidelines, self.cost_kinds);
        if !problems.is_empty() {
            return Err(first(problems));
        }
        let kept = inherited.into_iter().filter(|known| limits.iter().all(|limit| limit.cost != known.cost));
        limits.extend(kept.collect::<Vec<_>>());
        let counted_incomes = written.counted_incomes.clone().or(counted_incomes);
        for (cell, amount) in &written.cells {
            let table = self.tables.iter().find(|table| period(facts).is_some_and(|period| table.covers(period)));
            if !table.is_some_and(|table| table.cells().any(|(known, _)| known == cell)) {
                return Err(file.at(&written.case, format!("cellen {cell} finns inte i tabellen för fallets period")));
            }
            let amount = amount.as_ref().map(|amount| amount.parse::<Decimal>()).transpose();
            let amount = amount.map_err(|_| file.at(&written.case, format!("{cell} är inte ett belopp")))?;
            cells.insert(cell.clone(), amount);
        }
        Ok(Pins { settings, limits, counted_incomes, cells })
    }
}

fn is_basis(file: &File) -> bool {
    file.path.ends_with(BASIS)
}

fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| unreachable!("what is wrong has a problem"))
}

fn period(facts: &Json) -> Option<Month> {
    facts["period"].as_str()?.parse().ok()
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
            is_own: case.is_own(),
            passed: differences.is_empty(),
            differences,
        }
    }

    /// The book as a case wants it: with the guidelines, parameters and amounts that it was worked out with.
    pub(crate) fn of_case(&self, case: &Case) -> Cow<'_, Self> {
        if case.basis.is_none() && case.pins.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut book = self.clone();
        if let Some(basis) = &case.basis {
            book.choose_anew(basis.guidelines.clone(), &basis.settings);
        }
        let Pins { settings, limits, counted_incomes, cells } = &case.pins;
        book.choose(settings);
        let guidelines = book.guidelines_mut();
        guidelines.limits.retain(|known| limits.iter().all(|limit| limit.cost != known.cost));
        guidelines.limits.extend(limits.iter().cloned());
        if let Some(counted) = counted_incomes {
            guidelines.counted_incomes.clone_from(counted);
        }
        if !cells.is_empty()
            && let Some(period) = period(&case.facts)
            && let Some(table) = book.tables_mut().iter_mut().find(|table| table.covers(period))
        {
            for (cell, amount) in cells {
                table.set(cell, *amount);
            }
        }
        Cow::Owned(book)
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
            _ if got != wanted => {
                let codes: Vec<_> = suggestion.refer.iter().map(|reason| reason.code.as_str()).collect();
                let is_referred = got.is_null() && !codes.is_empty();
                let why = if is_referred { format!(", skäl: {}", codes.join(", ")) } else { String::new() };
                differences.push(format!("{key}: väntade {wanted}, fick {got}{why}"));
            }
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

    /// Whether it was worked out with the municipality's own guidelines and parameters.
    pub(crate) fn is_own(&self) -> bool {
        self.basis.is_none()
    }

    /// What the rule book says of the case's facts.
    pub fn suggestion(&self, book: &RuleBook) -> Result<Suggestion, FactsError> {
        book.of_case(self).suggest(&self.facts)
    }
}
