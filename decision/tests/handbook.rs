//! The handbook's examples, taken from its text and put into a copy of the shipped book, do what the handbook says.

use std::fs;
use std::path::{Path, PathBuf};

use decision::RuleBook;
use serde_json::json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The first YAML block of the handbook that contains a text.
fn example(with: &str) -> String {
    let text = fs::read_to_string(root().join("docs/regler.md")).expect("the handbook");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(with)).expect("the example").to_owned()
}

fn copy(change: impl Fn(&str, String) -> String) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let shipped = root().join("rulebooks/ekonomiskt-bistand");
    for folder in ["", "amounts", "cases"] {
        fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in
            fs::read_dir(shipped.join(folder)).expect("the folder").flatten().filter(|entry| entry.path().is_file())
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = change(&name, fs::read_to_string(entry.path()).expect("a file"));
            fs::write(dir.path().join(folder).join(name), text).expect("a copy");
        }
    }
    dir
}

#[test]
fn the_examples_rule_refers() {
    let rule = example("refer.many_incomes");
    let dir = copy(|name, text| if name == "rulebook.yaml" { format!("{text}\n{rule}") } else { text });
    let book = RuleBook::load(dir.path()).expect("a book");
    let mut facts = book.cases()[0].facts.clone();
    facts["period"] = json!("2026-01");
    let income = |kind: &str| json!({"person": "a1", "kind": kind, "net": "10", "source": "fk"});
    facts["incomes"] =
        json!([income("barnbidrag"), income("bostadsbidrag"), income("sjukpenning"), income("dagersättning")]);
    let suggestion = book.suggest(&facts).expect("a suggestion");
    assert_eq!(suggestion.refer.len(), 1);
    assert_eq!(suggestion.refer[0].code, "many_incomes");
    assert_eq!(suggestion.refer[0].details["person"], "a1");
}

#[test]
fn the_examples_guidelines_replace_the_shipped_ones() {
    let guidelines = format!("municipality: Prov\nsource: Prov\n{}", example("9700"));
    let dir = copy(|name, text| if name == "guidelines.yaml" { guidelines.clone() } else { text });
    let book = RuleBook::load(dir.path()).expect("a book");
    let mut facts = book.cases()[0].facts.clone();
    facts["costs"] = json!([{"kind": "hyra", "applied": "9600"}]);
    let codes = |facts: &serde_json::Value| -> Vec<String> {
        book.suggest(facts).expect("a suggestion").refer.into_iter().map(|reason| reason.code).collect()
    };
    assert_eq!(codes(&facts), ["over_guideline"]);
    facts["period"] = json!("2026-01");
    assert!(codes(&facts).is_empty());
}

#[test]
fn the_examples_case_passes() {
    let case = example("case: B1").replace("case: B1", "case: B1-ur-handboken");
    let dir = copy(|_, text| text);
    fs::write(dir.path().join("cases/9-prov.yaml"), case).expect("a case");
    let results = RuleBook::load(dir.path()).expect("a book").run_cases();
    let result = results.iter().find(|result| result.case == "B1-ur-handboken").expect("the case");
    assert!(result.passed, "{result:?}");
}

#[test]
fn the_examples_parameters_are_set_by_the_municipality() {
    let parameters = example("whitelist: [lön, barnbidrag");
    let dir = copy(|name, text| if name == "guidelines.yaml" { format!("{text}{parameters}") } else { text });
    let book = RuleBook::load(dir.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut facts = book.cases()[0].facts.clone();
    facts["incomes"][0]["net"] = json!("6200.40");
    assert_eq!(book.suggest(&facts).expect("a suggestion").amount.expect("an amount").to_string(), "6020");
}

#[test]
fn the_examples_new_parameters_are_read_by_a_rule() {
    let parameters = example("longest_stay").replacen("parameters:\n", "", 1);
    let rule = "  - id: note.stay\n    title: Resa\n    explanation: Prov.\n    law: investigation\n    valid: {from: 2022-01}\n    \
                when: '${parameters.longest_stay > 0 && parameters.stay_counts == \"all_days\"}'\n    \
                note: {code: stay, text: Resa}\n";
    let dir = copy(|name, text| match name {
        "rulebook.yaml" => {
            format!("{}\n{rule}", text.replacen("parameters:\n", &format!("parameters:\n{parameters}"), 1))
        }
        _ => text,
    });
    let book = RuleBook::load(dir.path()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let suggestion = book.suggest(&book.cases()[0].facts).expect("a suggestion");
    assert_eq!(suggestion.notes[0].code, "stay");
}

#[test]
fn the_examples_case_with_a_parameter_passes() {
    let case = example("andel-krona-ur-handboken");
    let dir = copy(|_, text| text);
    fs::write(dir.path().join("cases/9-prov.yaml"), case).expect("a case");
    let results = RuleBook::load(dir.path()).expect("a book").run_cases();
    let result = results.iter().find(|result| result.case == "andel-krona-ur-handboken").expect("the case");
    assert!(result.passed, "{result:?}");
}

/// The handbook's table names every parameter and every choice, the shipped value first.
#[test]
fn every_parameter_is_in_the_handbook() {
    let text = fs::read_to_string(root().join("docs/regler.md")).expect("the handbook");
    let book = RuleBook::load(&root().join("rulebooks/ekonomiskt-bistand")).expect("a book");
    let document = book.document();
    let table = document.split("## Parametrar").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| parameter"))
        .map(|line| line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect())
        .collect();
    assert!(rows.len() > 10);
    for row in rows {
        let (name, value) = (row[0], row.last().expect("a value"));
        let line =
            text.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_else(|| panic!("{name}"));
        let choices = line.rsplit('|').nth(1).expect("the choices");
        if name != "whitelist" {
            let first = choices.split('`').nth(1).expect("a choice");
            assert_eq!(first, *value, "{name}");
        }
    }
}

#[test]
fn every_reason_to_refer_is_in_the_handbook() {
    let text = fs::read_to_string(root().join("docs/regler.md")).expect("the handbook");
    let table =
        text.split("### Varför ett ärende").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the table");
    let book = RuleBook::load(&root().join("rulebooks/ekonomiskt-bistand")).expect("a book");
    let document = book.document();
    let codes: Vec<&str> =
        document.split("Lämnas till handläggare, kod `").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    assert!(codes.len() > 20);
    for code in codes {
        assert!(table.contains(&format!("`{code}`")), "{code}");
    }
}
