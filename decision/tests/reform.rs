//! A reform is a new rule beside the old: an application is judged by the rules in force for its period. The rule here
//! is made up for the test; the reforms that are only announced are not in the shipped book.

use std::fs;
use std::path::{Path, PathBuf};

use decision::{Line, RuleBook, Suggestion};
use serde_json::json;
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

/// The shipped book where wages count in another way from July 2025: the same rule id, twice, one after the other.
fn reformed(old_ends: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("amounts")).expect("a folder");
    for entry in fs::read_dir(shipped().join("amounts")).expect("the folder").flatten() {
        fs::copy(entry.path(), dir.path().join("amounts").join(entry.file_name())).expect("a copy");
    }
    fs::copy(shipped().join("guidelines.yaml"), dir.path().join("guidelines.yaml")).expect("a copy");
    let text = fs::read_to_string(shipped().join("rulebook.yaml")).expect("the book");
    let start = text.find("  - id: income.surplus_previous\n").expect("the rule");
    let end = start + text[start + 1..].find("\n  - id:").expect("the next rule") + 2;
    let old = &text[start..end];
    let new = old.replace("from: 2022-01", "from: 2025-07").replace("{-surplus_previous}", "{-surplus_previous / 2}");
    let old_then = old.replace("{from: 2022-01}", &format!("{{from: 2022-01, to: {old_ends}}}"));
    assert!(new != old && old_then != old);
    let text = format!("{}{old_then}{new}{}", &text[..start], &text[end..]);
    fs::write(dir.path().join("rulebook.yaml"), text).expect("the book");
    let guidelines = fs::read_to_string(dir.path().join("guidelines.yaml")).expect("the guidelines");
    fs::write(dir.path().join("guidelines.yaml"), guidelines + "parameters: {surplus_previous: count}\n")
        .expect("the guidelines");
    dir
}

fn suggestion(book: &RuleBook, period: &str) -> Suggestion {
    let mut facts = RuleBook::load(&shipped()).expect("the book").cases()[0].facts.clone();
    facts["period"] = json!(period);
    facts["surplus_previous"] = json!("300");
    book.suggest(&facts).expect("a suggestion")
}

fn surplus(suggestion: &Suggestion) -> &Line {
    suggestion.lines.iter().find(|line| line.rule == "income.surplus_previous").expect("the line")
}

#[test]
fn each_period_is_judged_by_the_rule_in_force_for_it() {
    let dir = reformed("2025-06");
    let book = RuleBook::load(dir.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (before, after) = (suggestion(&book, "2025-06"), suggestion(&book, "2025-07"));
    assert_eq!(surplus(&before).amount.to_string(), "-300");
    assert_eq!(surplus(&after).amount.to_string(), "-150");
    assert_eq!(surplus(&before).source.text, "Socialtjänstlagen (2001:453) 4 kap. 1 §");
    assert!(surplus(&after).source.text.starts_with("Socialtjänstlagen (2025:400)"));
}

#[test]
fn the_old_rule_and_the_new_may_not_be_in_force_at_once() {
    let dir = reformed("2025-07");
    let problems = RuleBook::load(dir.path()).expect_err("a problem");
    assert!(problems.iter().any(|problem| problem.message.contains("gäller samtidigt")), "{problems:?}");
}
