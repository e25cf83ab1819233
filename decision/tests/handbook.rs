//! The handbook's examples, taken from its text and put into a copy of the shipped book, do what the handbook says.

use std::fs;
use std::path::{Path, PathBuf};

use decision::RuleBook;
use serde_json::json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The first YAML block of the handbook that contains a text, without the indent of the list it may stand in.
fn example(with: &str) -> String {
    let text = fs::read_to_string(root().join("docs/regler.md")).expect("the handbook");
    let mut parts = text.split("```");
    while let Some(before) = parts.next() {
        let block = parts.next().and_then(|block| block.strip_prefix("yaml\n"));
        if let Some(block) = block.filter(|block| block.contains(with)) {
            let indent = before.rsplit('\n').next().unwrap_or_default();
            let lines: Vec<&str> = block.lines().map(|line| line.strip_prefix(indent).unwrap_or(line)).collect();
            return lines.join("\n").trim_end().to_owned() + "\n";
        }
    }
    panic!("the example with {with}")
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

/// That the check and every case of a book are clean.
fn assert_clean(dir: &Path) {
    let errors = decision::check(dir, true).errors;
    assert!(errors.is_empty(), "{errors:?}");
    let failed = RuleBook::load(dir).expect("a book").run_cases().into_iter().filter(|result| !result.passed);
    assert_eq!(failed.map(|result| (result.case, result.differences)).collect::<Vec<_>>(), []);
}

/// The case of an example in place of the one with the same name in a file, or at its end.
fn with_case(text: &str, case: &str) -> String {
    let name = case.lines().next().expect("a case");
    let rest = text.split_once(&format!("{name}\n"));
    let Some((before, rest)) = rest else { return format!("{text}{case}") };
    let after = rest.find("\n  - ").map_or("", |end| &rest[end + 1..]);
    format!("{before}{case}{after}")
}

#[test]
fn the_examples_rule_and_its_case_are_all_that_a_new_reason_needs() {
    let (rule, case) = (example("id: refer.large_income"), example("case: hög-inkomst"));
    let with_rule = |name: &str, text: String| if name == "rulebook.yaml" { format!("{text}\n{rule}") } else { text };
    let errors = decision::check(copy(with_rule).path(), false).errors;
    assert_eq!(errors[0].message, "regeln ”refer.large_income” nås inte av något fall");
    let dir = copy(|name, text| if name == "kommunen.yaml" { with_case(&text, &case) } else { with_rule(name, text) });
    assert_clean(dir.path());
}

#[test]
fn the_examples_rent_is_changed_with_its_case_and_nothing_else() {
    let case = example("case: hyra-ensam");
    let lower = |name: &str, text: String| {
        if name == "guidelines.yaml" && text.contains("# Kommunens riktlinjer") {
            text.replacen("single: \"9500\"", "single: \"8000\"", 1)
        } else {
            text
        }
    };
    let book = RuleBook::load(copy(lower).path()).expect("a book");
    let failed: Vec<_> = book.run_cases().into_iter().filter(|result| !result.passed).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].is_own && failed[0].file.ends_with("cases/kommunen.yaml"), "{failed:?}");
    let dir = copy(|name, text| if name == "kommunen.yaml" { with_case(&text, &case) } else { lower(name, text) });
    assert_clean(dir.path());
}

#[test]
fn the_examples_case_shows_the_municipalitys_choice() {
    let case = example("case: kommunen-avrundning");
    let with_case = |name: &str, text: String| if name == "kommunen.yaml" { with_case(&text, &case) } else { text };
    let of_case = |dir: &Path| {
        let results = RuleBook::load(dir).expect("a book").run_cases();
        results.into_iter().find(|result| result.case == "kommunen-avrundning").expect("the case")
    };
    assert!(!of_case(copy(with_case).path()).passed);
    let choose = |name: &str, text: String| {
        let is_own = name == "guidelines.yaml" && text.contains("# Kommunens riktlinjer");
        if is_own { format!("{text}parameters: {{payout_rounding: nearest_krona}}\n") } else { text }
    };
    let warned = decision::check(copy(choose).path(), false).warnings;
    assert_eq!(warned[0].message, "kommunens val payout_rounding prövas inte av något av kommunens egna fall");
    assert_clean(copy(|name, text| choose(name, with_case(name, text))).path());
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
    assert!(document.parameters.len() > 10);
    for parameter in &document.parameters {
        let (name, value) = (&parameter.name, &parameter.value);
        let line =
            text.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_else(|| panic!("{name}"));
        let choices = line.rsplit('|').nth(1).expect("the choices");
        if name != "whitelist" {
            let first = choices.split('`').nth(1).expect("a choice");
            assert_eq!(first, value, "{name}");
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
    let effects = document.sections.iter().flat_map(|section| &section.rules).flat_map(|rule| &rule.effects);
    let codes: Vec<&str> = effects
        .filter_map(|effect| effect.strip_prefix("Lämnas till handläggare (kod "))
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(codes.len() > 20);
    for code in codes {
        assert!(table.contains(&format!("`{code}`")), "{code}");
    }
}
