//! Everything that is wrong with a rule book, and what looks wrong: for the person who writes it.

use std::path::Path;

use crate::own_cases::untried;
use crate::{Coverage, Problem, RuleBook, coverage};

/// What a check has found. With errors the book gives no suggestions.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub errors: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

/// Checks the rule book in a folder: shape, then meaning, then whether its cases reach every rule. That is an error for
/// a book that says `coverage: required`, and for any book when it is checked strictly.
pub fn check(dir: &Path, is_strict: bool) -> Checked {
    let book = match RuleBook::load(dir) {
        Ok(book) => book,
        Err(errors) => return Checked { errors, warnings: Vec::new() },
    };
    let mut checked = Checked { errors: Vec::new(), warnings: book.warnings() };
    checked.warnings.extend(untried(&book));
    let gaps = coverage(dir).map(|coverage| gaps(&coverage)).unwrap_or_default();
    let as_errors = is_strict || book.requires_coverage();
    let found = if as_errors { &mut checked.errors } else { &mut checked.warnings };
    found.extend(gaps);
    if is_strict {
        checked.errors.append(&mut checked.warnings);
    }
    checked.errors.sort();
    checked
}

/// Rules without a case, and conditions that have not gone both ways in any.
pub fn gaps(coverage: &Coverage) -> Vec<Problem> {
    let mut gaps = Vec::new();
    for part in &coverage.parts {
        if part.cases == Some(0) {
            let message = format!("regeln ”{}” nås inte av något fall", part.name);
            gaps.push(Problem {
                hint: Some("skriv ett fall i cases/ där den träffar".to_owned()), ..part.at(message)
            });
            continue;
        }
        for branch in part.branches.iter().filter(|branch| !branch.is_complete()) {
            let message = format!("{}: ”{}” {} i något fall", part.name, branch.text, branch.missing());
            let hint = "skriv ett fall i cases/ där det blir tvärtom, eller förenkla villkoret".to_owned();
            gaps.push(Problem {
                file: branch.file.clone(),
                line: branch.line,
                column: branch.column,
                length: branch.length,
                message,
                hint: Some(hint),
            });
        }
    }
    gaps
}
