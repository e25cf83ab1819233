//! What the worked cases of a rule book try: which rules they reach, and which way each condition has gone in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::rule::Watched;
use crate::rulebook::Reading;
use crate::{Content, Problem, RuleBook};

/// How far the cases of a rule book reach.
#[derive(Debug, Clone)]
pub struct Coverage {
    pub cases: usize,
    /// The named values and then the rules, in the order of the book.
    pub parts: Vec<PartCoverage>,
}

/// A rule or a named value.
#[derive(Debug, Clone)]
pub struct PartCoverage {
    pub name: String,
    /// The rule book's file, and where in it the part stands.
    pub file: PathBuf,
    pub line: usize,
    pub column: usize,
    /// How many cases the rule had something to say in; nothing for a named value, which always has.
    pub cases: Option<usize>,
    pub branches: Vec<BranchCoverage>,
}

/// One condition, and which ways it has gone.
#[derive(Debug, Clone)]
pub struct BranchCoverage {
    pub file: PathBuf,
    pub line: usize,
    pub column: usize,
    /// How many characters a caret underlines.
    pub length: usize,
    /// The condition.
    pub text: String,
    pub was_true: bool,
    pub was_false: bool,
}

impl Coverage {
    /// The rules that no case reaches.
    pub fn rules_without_case(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(|part| part.cases == Some(0)).map(|part| part.name.as_str())
    }

    /// The conditions that have not gone both ways, each with the rule or value it belongs to.
    pub fn missed(&self) -> impl Iterator<Item = (&str, &BranchCoverage)> {
        self.parts
            .iter()
            .flat_map(|part| part.branches.iter().map(|branch| (part.name.as_str(), branch)))
            .filter(|(_, branch)| !branch.is_complete())
    }

    /// Whether every rule is reached and every condition has gone both ways.
    pub fn is_complete(&self) -> bool {
        self.rules_without_case().next().is_none() && self.missed().next().is_none()
    }
}

impl PartCoverage {
    /// A problem at the part's name.
    pub fn at(&self, message: String) -> Problem {
        let length = self.name.chars().count();
        Problem { file: self.file.clone(), line: self.line, column: self.column, length, message, hint: None }
    }
}

impl BranchCoverage {
    /// Whether the condition has held in some case and not in another.
    pub fn is_complete(&self) -> bool {
        self.was_true && self.was_false
    }

    /// What is missing, in Swedish.
    pub fn missing(&self) -> &'static str {
        match (self.was_true, self.was_false) {
            (true, true) => "prövas åt båda hållen",
            (true, false) => "är aldrig falskt",
            (false, true) => "är aldrig sant",
            (false, false) => "nås aldrig",
        }
    }

    fn of(watched: &Watched) -> Self {
        Self {
            file: watched.place.file.clone(),
            line: watched.place.line,
            column: watched.place.column,
            length: watched.place.length,
            text: watched.branch.text.clone(),
            was_true: watched.branch.was_true(),
            was_false: watched.branch.was_false(),
        }
    }
}

/// Runs the cases of the rule book in a folder, and sees what they reach.
pub fn coverage(dir: &Path) -> Result<Coverage, Vec<Problem>> {
    let book = RuleBook::read_as(Content::of_folder(dir), &Reading { is_watched: true, ..Reading::default() })?;
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for case in book.cases() {
        if let Ok((_, rules)) = book.of_case(case).suggest_by_rules(&case.facts) {
            for rule in rules {
                *met.entry(rule.to_owned()).or_default() += 1;
            }
        }
    }
    let part = |name: &str, place: &Problem, cases: Option<usize>, watched: &[Watched]| PartCoverage {
        name: name.to_owned(),
        file: place.file.clone(),
        line: place.line,
        column: place.column,
        cases,
        branches: watched.iter().map(BranchCoverage::of).collect(),
    };
    let values = book.values().iter().map(|value| part(&value.name, &value.place, None, &value.watched));
    let rules = book.rules().iter().map(|rule| {
        let cases = met.get(&rule.id).copied().unwrap_or_default();
        part(&rule.id, &rule.place, Some(cases), &rule.watched)
    });
    Ok(Coverage { cases: book.cases().len(), parts: values.chain(rules).collect() })
}
