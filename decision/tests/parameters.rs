//! What the municipality chooses is chosen in its guidelines, is one of the choices, and changes the answer.

use std::fs;
use std::path::{Path, PathBuf};

use decision::RuleBook;
use serde_json::json;
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

/// A copy of the shipped book whose files are changed.
fn copy(change: impl Fn(&str, String) -> String) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for folder in ["", "amounts", "cases"] {
        fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("the folder").flatten() {
            if entry.path().is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let text = change(&name, fs::read_to_string(entry.path()).expect("a file"));
                fs::write(dir.path().join(folder).join(name), text).expect("a copy");
            }
        }
    }
    dir
}

fn with_guidelines(more: &str) -> TempDir {
    copy(|name, text| if name == "guidelines.yaml" { format!("{text}{more}") } else { text })
}

fn problem(dir: &TempDir) -> String {
    let problems = RuleBook::load(dir.path()).expect_err("a problem");
    let file = problems[0].file.file_name().expect("a file").to_string_lossy().into_owned();
    let text = fs::read_to_string(&problems[0].file).expect("the file");
    let line = text.lines().nth(problems[0].line - 1).expect("the line").trim().to_owned();
    format!("{file}: {line}: {} ({})", problems[0].message, problems[0].hint.as_deref().unwrap_or_default())
}

#[test]
fn the_municipality_sets_a_parameter_in_its_guidelines() {
    let dir = with_guidelines(
        "parameters: {surplus_previous: count, change_warning_percent: 20, whitelist: [aktivitetsstöd]}\n",
    );
    let book = RuleBook::load(dir.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let shipped = RuleBook::load(&shipped()).expect("a book");
    let mut facts = shipped.cases()[0].facts.clone();
    facts["surplus_previous"] = json!("300");
    assert_eq!(book.suggest(&facts).expect("a suggestion").amount.expect("an amount").to_string(), "5720");
    assert!(shipped.suggest(&facts).expect("a suggestion").amount.is_none());
    assert_ne!(book.sha256(), shipped.sha256());
    let document = book.document();
    let shown = document.parameters.iter().find(|parameter| parameter.name == "surplus_previous").expect("it");
    assert!(shown.title.starts_with("Överskott från månaden före") && shown.value == "count");
    assert!(shown.choices.iter().any(|choice| choice.chosen && choice.word == "count"), "{shown:?}");
}

#[test]
fn an_unknown_parameter_or_value_is_an_error_with_its_line() {
    let of = |line: &str| problem(&with_guidelines(&format!("parameters:\n  {line}\n")));
    let unknown = of("avrundning: none");
    assert!(unknown.contains("guidelines.yaml: avrundning: none: parametern ”avrundning” finns inte"), "{unknown}");
    let value = of("payout_rounding: hundratal");
    assert!(
        value.contains("inget av valen") && value.contains("(här kan stå down_krona, nearest_krona, none"),
        "{value}"
    );
    let number = of("asset_limit: mycket");
    assert!(
        number.contains("guidelines.yaml: asset_limit: mycket: parametern ”asset_limit” ska vara ett tal"),
        "{number}"
    );
    let below = of("asset_limit: -1");
    assert!(below.contains("ska vara ett tal"), "{below}");
    let kind = of("whitelist: [lön, jobbpremie]");
    assert!(kind.contains("”jobbpremie” står inte bland income_kinds"), "{kind}");
    let list = of("whitelist: lön");
    assert!(list.contains("ska vara en lista"), "{list}");
}

#[test]
fn a_parameter_is_written_whole_and_read_by_a_rule() {
    let changed = |from: &'static str, to: &'static str| {
        problem(&copy(move |name, text| {
            if name == "rulebook.yaml" {
                assert!(text.contains(from), "{from}");
                text.replacen(from, to, 1)
            } else {
                text
            }
        }))
    };
    let unread = changed("parameters.declared_tolerance", "0");
    assert!(unread.contains("”declared_tolerance” används inte av någon regel"), "{unread}");
    let neither = changed("    kind: number\n", "");
    assert!(neither.contains("ska ha antingen choices eller kind"), "{neither}");
    let new = changed("      up_krona:", "      up_tiotal:");
    assert!(new.contains("”up_tiotal” är inget val som programmet kan för ”payout_rounding”"), "{new}");
    let misspelt = changed("parameters.declared_tolerance", "parameters.tolerance");
    assert!(misspelt.contains("ingen sådan parameter"), "{misspelt}");
}

#[test]
fn a_case_with_a_value_that_is_no_choice_is_an_error() {
    let dir = copy(|name, text| {
        if name == "6-parametrar.yaml" {
            text.replacen("share_rounding: krona", "share_rounding: tia", 1)
        } else {
            text
        }
    });
    let problem = problem(&dir);
    assert!(problem.starts_with("6-parametrar.yaml: parameters: {share_rounding: tia}"), "{problem}");
}
