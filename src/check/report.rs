//! What a check found, as people and programs read it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::problem::Problem;

/// How many files of each kind were checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub bots: usize,
    pub systems: usize,
    pub schedules: usize,
    pub rulebooks: usize,
}

/// Everything found in the files that were checked.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, by file and line.
    pub problems: Vec<Problem>,
    /// What is allowed but hardly meant, by file and line.
    pub warnings: Vec<Problem>,
    pub checked: Counts,
    sources: BTreeMap<PathBuf, String>,
}

impl Report {
    /// Keeps a file's text, to show lines of it.
    pub(super) fn keep(&mut self, file: &Path, source: String) {
        self.sources.insert(file.to_owned(), source);
    }

    /// Sorts by file and line, and reads the files that problems stand in but that were not checked themselves.
    pub(super) fn finish(mut self) -> Self {
        for problems in [&mut self.problems, &mut self.warnings] {
            problems.sort();
            problems.dedup();
        }
        for problem in self.problems.iter().chain(&self.warnings) {
            if let (false, Ok(source)) =
                (self.sources.contains_key(&problem.file), std::fs::read_to_string(&problem.file))
            {
                self.sources.insert(problem.file.clone(), source);
            }
        }
        self
    }

    /// Whether nothing is wrong; warnings do not count.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Every problem with its line, and a closing line.
    pub fn render(&self) -> String {
        let shown = |problem: &Problem| problem.render(self.sources.get(&problem.file).map_or("", String::as_str));
        let errors = self.problems.iter().map(|problem| shown(problem) + "\n");
        let warnings = self.warnings.iter().map(|problem| shown(problem).replacen("fel:", "varning:", 1) + "\n");
        errors.chain(warnings).chain([self.summary() + "\n"]).collect()
    }

    /// The closing line: how many faults in how many files, or what was found to be right.
    pub fn summary(&self) -> String {
        let warnings = match self.warnings.len() {
            0 => String::new(),
            1 => ", 1 varning".to_owned(),
            number => format!(", {number} varningar"),
        };
        if self.is_clean() {
            return format!("Inga fel: {}{warnings}", self.checked.in_words());
        }
        let files: BTreeSet<&PathBuf> = self.problems.iter().map(|problem| &problem.file).collect();
        let files = if files.len() == 1 { "1 fil".to_owned() } else { format!("{} filer", files.len()) };
        format!("{} fel i {files}{warnings}", self.problems.len())
    }

    /// The same for programs.
    pub fn json(&self) -> Json {
        let list = |problems: &[Problem]| problems.iter().map(problem_json).collect::<Vec<_>>();
        let Counts { bots, systems, schedules, rulebooks } = self.checked;
        json!({
            "problems": list(&self.problems),
            "warnings": list(&self.warnings),
            "checked": {"bots": bots, "systems": systems, "schedules": schedules, "rulebooks": rulebooks},
        })
    }
}

impl Counts {
    /// "2 robotar, 3 system": what there is any of.
    fn in_words(self) -> String {
        let word = |number: usize, one: &str, many: &str| match number {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{number} {many}")),
        };
        let words = [
            word(self.bots, "robot", "robotar"),
            word(self.systems, "system", "system"),
            word(self.schedules, "schema", "scheman"),
            word(self.rulebooks, "regelbok", "regelböcker"),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { "men det fanns inget att kontrollera".to_owned() } else { words.join(", ") }
    }
}

fn problem_json(problem: &Problem) -> Json {
    let Problem { file, line, column, length, message, hint } = problem;
    json!({"file": file, "line": line, "column": column, "length": length, "message": message, "hint": hint})
}
