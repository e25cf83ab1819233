//! What the cases of a rule book reach, and what they would not notice.

use std::path::{Path, PathBuf};

use decision::{Sample, coverage, mutate};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

#[test]
fn every_condition_of_the_shipped_book_is_watched_where_it_stands() {
    let coverage = coverage(&shipped()).expect("a book");
    let text = std::fs::read_to_string(shipped().join("rulebook.yaml")).expect("the book");
    let lines: Vec<&str> = text.lines().collect();
    let branches: Vec<_> = coverage.parts.iter().flat_map(|part| &part.branches).collect();
    assert!(branches.len() > 100, "{}", branches.len());
    for branch in branches {
        let line = lines[branch.line - 1];
        let rest: String = line.chars().skip(branch.column - 1).collect();
        let words = branch.text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        // `x in y` is written as `contains(y, x)` in a report.
        let known = words.filter(|word| *word != "contains").all(|word| text.contains(word));
        assert!(known && !rest.trim().is_empty(), "{}:{} {} in {line}", branch.line, branch.column, branch.text);
    }
    assert_eq!(coverage.rules_without_case().collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_sample_of_mistakes_is_noticed() {
    let sample = Sample { seed: 1, count: 40 };
    let report = mutate(&shipped(), Some(sample)).expect("a report");
    assert_eq!(report.tried, 40);
    let again = mutate(&shipped(), Some(sample)).expect("a report");
    assert_eq!(report.survivors, again.survivors);
}
