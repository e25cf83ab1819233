//! A municipality puts in its own guidelines, choices and amounts, and the cases that came with the book still come out
//! as expected: they are worked out with guidelines of their own. Nothing else stands between it and an approved book.

use std::fs;
use std::path::{Path, PathBuf};

use decision::{Problem, RuleBook, Turn, Typed, check, type_in};
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

fn book() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for folder in ["", "amounts", "cases"] {
        fs::create_dir_all(dir.path().join(folder)).expect("a folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("the folder").flatten() {
            if entry.path().is_file() {
                fs::copy(entry.path(), dir.path().join(folder).join(entry.file_name())).expect("a copy");
            }
        }
    }
    dir
}

fn change(dir: &TempDir, file: &str, change: impl Fn(&str) -> String) {
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).expect("the file");
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(path, changed).expect("the change");
}

/// What is wrong with the book, and the cases that fail.
fn wrong(dir: &TempDir) -> (Vec<Problem>, Vec<String>) {
    (check(dir.path(), false).errors, failing(dir))
}

fn failing(dir: &TempDir) -> Vec<String> {
    let results = RuleBook::load(dir.path()).unwrap_or_else(|problems| panic!("{problems:?}")).run_cases();
    results.into_iter().filter(|result| !result.passed).map(|result| result.case).collect()
}

#[test]
fn every_other_choice_leaves_the_book_as_good_as_it_was() {
    let parameters = RuleBook::load(&shipped()).expect("the book").document().parameters;
    assert_eq!(parameters.len(), 18);
    assert_eq!(check(&shipped(), true).errors, []);
    std::thread::scope(|scope| {
        for parameter in &parameters {
            scope.spawn(move || {
                let others: Vec<String> = match parameter.choices.is_empty() {
                    true if parameter.name == "whitelist" => vec!["[barnbidrag]".to_owned()],
                    true => vec!["\"37\"".to_owned()],
                    false => {
                        let others = parameter.choices.iter().filter(|choice| !choice.chosen);
                        others.map(|choice| choice.word.clone()).collect()
                    }
                };
                for other in others {
                    let dir = book();
                    // The two months are one choice: they can't be the same.
                    let with = match (parameter.name.as_str(), other.as_str()) {
                        ("counted_month", "control") => ", compared_month: application",
                        ("compared_month", "application") => ", counted_month: comparison",
                        _ => "",
                    };
                    let setting = format!("parameters: {{{}: {other}{with}}}\n", parameter.name);
                    change(&dir, "guidelines.yaml", |text| format!("{text}{setting}"));
                    assert_eq!(wrong(&dir), (vec![], vec![]), "{setting}");
                }
            });
        }
    });
}

#[test]
fn a_guideline_that_is_changed_is_told_of_by_its_own_case_only() {
    for (cost, single, family) in [
        ("hyra", "9500", "12500"),
        ("el", "900", "900"),
        ("hemförsäkring", "300", "400"),
        ("bredband", "400", "400"),
        ("a-kassa", "250", "250"),
        ("fackavgift", "600", "600"),
        ("arbetsresor", "1500", "1500"),
        ("barnomsorg", "3500", "3500"),
    ] {
        let dir = book();
        change(&dir, "guidelines.yaml", |text| {
            let line = text.lines().find(|line| line.contains(&format!("cost: {cost},"))).expect("the guideline");
            let ceiling = format!("{{single: \"{single}\", family: \"{family}\"}}");
            text.replace(line, &line.replace(&ceiling, &format!("{{single: \"{single}.50\", family: \"{family}\"}}")))
        });
        assert_eq!(failing(&dir), [format!("{cost}-ensam")]);
        change(&dir, "cases/kommunen.yaml", |text| {
            let changed =
                text.replace(&format!("applied: \"{single}.01\"}}]"), &format!("applied: \"{single}.51\"}}]"));
            let case = changed.find(&format!("case: {cost}-ensam\n")).expect("the case");
            let end = case + changed[case..].find("}}]}\n").expect("its end");
            let facit = changed[case..end]
                .replace(&format!("uncapped: \"{single}.01\""), &format!("uncapped: \"{single}.51\""))
                .replace(&format!("capped: \"{single}\""), &format!("capped: \"{single}.5\""));
            format!("{}{facit}{}", &changed[..case], &changed[end..])
        });
        assert_eq!(failing(&dir), Vec::<String>::new(), "{cost}");
    }
}

#[test]
fn a_cost_gets_a_guideline_and_another_income_is_counted() {
    let dir = book();
    change(&dir, "guidelines.yaml", |text| {
        let line = "guidelines:\n  - {cost: medicin, valid: {from: 2022-01}, ceiling: {single: \"400\", family: \"400\"}}\n  \
                    - {cost: specialkost, valid: {from: 2026-01}, ceiling: {single: \"600\", family: \"600\"}}\n";
        text.replacen("guidelines:\n", line, 1)
    });
    assert_eq!(wrong(&dir), (vec![], vec![]));
    let untried = |dir: &TempDir| -> Vec<String> {
        check(dir.path(), false).warnings.into_iter().map(|problem| problem.message).collect()
    };
    let of =
        |cost: &str, whom: &str| format!("riktlinjen {cost} för {whom} prövas inte av något av kommunens egna fall");
    let whole =
        [("medicin", "en ensam"), ("medicin", "en familj"), ("specialkost", "en ensam"), ("specialkost", "en familj")];
    assert_eq!(untried(&dir), whole.map(|(cost, whom)| of(cost, whom)));
    change(&dir, "cases/kommunen.yaml", |text| {
        format!(
            "{text}  - {{case: medicin-ensam, title: Över, like: kommunen-ensam, set: {{/costs: [{{kind: medicin, applied: \"400.01\"}}]}}, \
             expect: {{refer: [{{code: over_guideline, details: {{capped: \"400\"}}}}]}}}}\n"
        )
    });
    assert_eq!(
        untried(&dir),
        [of("medicin", "en familj"), of("specialkost", "en ensam"), of("specialkost", "en familj")]
    );
    change(&dir, "guidelines.yaml", |text| text.replacen("counted_incomes: []", "counted_incomes: [övrigt]", 1));
    assert_eq!(wrong(&dir), (vec![], vec!["kommunen-övrigt".to_owned()]));
}

fn typed_by_two(dir: &TempDir, year: i32, cells: &[(&str, u32)]) {
    for (turn, by) in [(Turn::First, "Anna Alm"), (Turn::Second, "Bo Berg")] {
        let typed = Typed {
            by: by.to_owned(),
            at: "2026-12-20".parse().expect("a date"),
            source: "SFS, påhittad".to_owned(),
            cells: cells.iter().map(|(cell, amount)| ((*cell).to_owned(), (*amount).into())).collect(),
            uplift_percent: None,
        };
        let agreement = type_in(dir.path(), year, turn, &typed).expect("an entry");
        fs::write(&agreement.path, &agreement.text).expect("the table");
    }
}

#[test]
fn unknown_cells_and_a_new_year_are_filled_in() {
    let unknown = [
        ("children.0", 2740),
        ("children.1-2", 3050),
        ("children.3", 2720),
        ("children.4-6", 3050),
        ("children.15-18", 4950),
        ("children.19-20", 4990),
        ("children_lunch_out.0", 2560),
        ("children_lunch_out.1-2", 2800),
        ("children_lunch_out.3", 2500),
        ("children_lunch_out.4-6", 2720),
        ("shared.3", 1780),
        ("shared.5", 2330),
        ("shared.6", 2640),
        ("shared.7", 2830),
    ];
    let dir = book();
    typed_by_two(&dir, 2026, &unknown);
    assert_eq!(wrong(&dir), (vec![], vec![]));
    let known = [
        ("adults.single", 4000),
        ("adults.cohabiting_pair", 7200),
        ("children.7-10", 3900),
        ("children.11-14", 4500),
        ("shared.1", 1300),
        ("shared.2", 1430),
        ("shared.4", 2060),
        ("prisbasbelopp", 60000),
    ];
    typed_by_two(&dir, 2027, &[&unknown[..], &known[..]].concat());
    assert_eq!(wrong(&dir), (vec![], vec![]));
}
