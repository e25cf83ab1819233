//! What differs between two versions of a rule book is told whole, and a version that was kept answers as it did.

use std::path::Path;

use decision::{ChangeKind, ChangedPart, Content, RuleBook, describe, diff};

fn shipped() -> RuleBook {
    RuleBook::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")).expect("the book")
}

/// The shipped book with texts replaced: file, from, to.
fn changed(changes: &[(&str, &str, &str)]) -> RuleBook {
    let mut files: Vec<(String, String)> = pairs(&shipped());
    for (file, from, to) in changes {
        let (_, text) = files.iter_mut().find(|(path, _)| path == file).expect("the file");
        assert!(text.contains(from), "{from} does not stand in {file}");
        *text = text.replacen(from, to, 1);
    }
    RuleBook::read(Content::kept("prov", files).without_cases()).expect("a book")
}

fn pairs(book: &RuleBook) -> Vec<(String, String)> {
    book.content().files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn told(changes: &[(&str, &str, &str)]) -> String {
    describe(&diff(&shipped(), &changed(changes)))
}

#[test]
fn a_kept_version_is_the_same_book() {
    let (book, kept) = (shipped(), RuleBook::read(Content::kept("sparad", pairs(&shipped()))).expect("a book"));
    assert_eq!(kept.sha256(), book.sha256());
    assert!(book.cases().len() > 60);
    for case in book.cases() {
        assert_eq!(case.suggestion(&kept), case.suggestion(&book), "{}", case.name);
    }
    let bare = RuleBook::read(Content::kept("sparad", pairs(&book)).without_cases()).expect("a book");
    assert_eq!((bare.sha256(), bare.cases().len()), (book.sha256(), 0));
}

#[test]
fn what_is_wrong_in_a_kept_version_is_told_with_its_place() {
    let mut files = pairs(&shipped());
    files.retain(|(path, _)| path != "guidelines.yaml");
    let problems = RuleBook::read(Content::kept("sparad", files)).expect_err("no guidelines");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), "sparad/guidelines.yaml:0:0: filen finns inte");
}

#[test]
fn equal_books_do_not_differ_and_neither_does_a_comment() {
    assert_eq!(diff(&shipped(), &shipped()), []);
    let commented = changed(&[("guidelines.yaml", "municipality:", "# ny kommentar\nmunicipality:")]);
    assert_ne!(commented.sha256(), shipped().sha256());
    assert_eq!(diff(&shipped(), &commented), []);
}

#[test]
fn every_kind_of_change_is_told_in_swedish() {
    let changes = [
        ("rulebook.yaml", "version: \"2025.1\"", "version: \"2026.1\""),
        ("rulebook.yaml", "    value: \"12\"", "    value: \"15\""),
        ("rulebook.yaml", "{kind: lön, about", "{kind: lön, reported_by: [skv], about"),
        ("rulebook.yaml", "bredband, ", ""),
        ("rulebook.yaml", "text: \"Förvaltningslagen (2017:900) 23 §\"", "text: \"Förvaltningslagen (2017:900) 32 §\""),
        (
            "rulebook.yaml",
            "when: '${flags.first_application}'",
            "when: '${flags.first_application && household.members > 1}'",
        ),
        ("rulebook.yaml", "amount: '${cells.shared}'", "amount: '${cells.shared * 2}'"),
        ("rulebook.yaml", "when: '${!is_child && person.age < 18}'", "when: '${!is_child && person.age < 17}'"),
        ("rulebook.yaml", "cells: {six: shared.6, seven: shared.7}", "cells: {six: shared.5, seven: shared.7}"),
        (
            "rulebook.yaml",
            "when: '${cost.known && !special && is_null(cost.guideline)}'",
            "when: '${is_null(cost.guideline) && cost.known && !special}'",
        ),
        (
            "rulebook.yaml",
            "when: '${part_of_month && (parameters.child_part_of_month == \"refer\" || person.days_at_home == 0)}'",
            "when: '${part_of_month && (parameters.child_part_of_month != \"days_of_month\" || person.days_at_home == 0)}'",
        ),
        (
            "rulebook.yaml",
            "law: investigation\n    valid: {from: 2022-01}\n    for_each: authority",
            "law: confidentiality\n    valid: {from: 2022-01}\n    for_each: authority",
        ),
        ("rulebook.yaml", "value: none\n", "value: up_krona\n"),
        ("rulebook.yaml", "value: '${sum(assets.map", "value: '${0.5 * sum(assets.map"),
        (
            "rulebook.yaml",
            "special_needs:                # högre norm i särskilda fall\n    - {text: \"Socialstyrelsens allmänna råd SOSFS 2013:1",
            "special_needs:\n    - {text: \"Socialstyrelsens allmänna råd SOSFS 2013:2",
        ),
        ("rulebook.yaml", "days_at_home: '${person.days_at_home}'}", "days_at_home: '${person.days_at_home + 1}'}"),
        ("rulebook.yaml", "refer.assets\n    title: Tillgångar\n", "refer.assets\n    title: Hushållets tillgångar\n"),
        ("amounts/2025.yaml", "adults.single: {amount: \"3910\"", "adults.single: {amount: \"3990\""),
        (
            "amounts/2025.yaml",
            "shared.7: {amount: \"2810\", source: riksnorm, verified: true}",
            "shared.7: {amount: null, verified: false}",
        ),
        ("guidelines.yaml", "single: \"9500\"", "single: \"9800.50\""),
        (
            "guidelines.yaml",
            "  - {cost: bredband, valid: {from: 2022-01}, ceiling: {single: \"400\", family: \"400\"}}\n",
            "",
        ),
        (
            "guidelines.yaml",
            "{cost: el,",
            "{cost: medicin, valid: {from: 2026-01}, per: person, ceiling: {single: \"200\", family: \"300\"}}\n  - {cost: el,",
        ),
        (
            "guidelines.yaml",
            "counted_incomes: []",
            "counted_incomes: [övrigt]\nparameters: {assets: count, asset_limit: \"20000\"}",
        ),
        ("guidelines.yaml", "source: Exempelkommunens", "source: Nya Exempelkommunens"),
    ];
    insta::assert_snapshot!(told(&changes));
}

#[test]
fn rules_that_come_go_and_move_are_told() {
    let files = pairs(&shipped());
    let text = &files.iter().find(|(path, _)| path == "rulebook.yaml").expect("the rules").1;
    let rule = |id: &str| {
        let start = text.find(&format!("  - id: {id}\n")).expect("the rule");
        let length = text[start + 4..].find("\n\n").expect("its end") + 6;
        &text[start..start + length]
    };
    let (first, assets) = (rule("refer.first_application"), rule("refer.assets"));
    let new = "  - id: refer.new\n    title: Nytt skäl\n    explanation: Prov.\n    law: investigation\n    valid: {from: 2026-01}\n    \
               when: '${household.members > 9}'\n    refer: {code: new, reason: Prov}\n\n";
    let moved = told(&[("rulebook.yaml", first, ""), ("rulebook.yaml", assets, &format!("{assets}{first}"))]);
    insta::assert_snapshot!(moved, @"
    Regler
    - Regeln ”Första ansökan” (refer.first_application, från 2022-01) prövas nu efter ”Tillgångar” (refer.assets, från 2022-01).
    ");
    insta::assert_snapshot!(told(&[("rulebook.yaml", first, new)]));
    let ends = [
        ("rulebook.yaml", "id: refer.assets\n", "id: refer.assets\n"),
        ("rulebook.yaml", assets, &assets.replace("{from: 2022-01}", "{from: 2022-01, to: 2026-06}")),
    ];
    insta::assert_snapshot!(told(&ends), @"
    Regler
    - Regeln ”Tillgångar” (refer.assets, från 2022-01) gäller nu till och med 2026-06.
    ");
}

#[test]
fn a_table_that_is_new_is_told_cell_by_cell() {
    let mut files = pairs(&shipped());
    let table = "year: 2031\ntitle: Prov\nuplift_percent: \"2.8\"\nsources: {prov: Provets källa}\ncells:\n  adults.single: {amount: null, verified: false}\n  \
                 prisbasbelopp: {amount: \"1000\", source: prov, verified: true}\n";
    files.push(("amounts/2031.yaml".into(), table.into()));
    let changes = diff(&shipped(), &RuleBook::read(Content::kept("prov", files)).expect("a book"));
    let cell = changes.iter().find(|change| change.name == "2031 prisbasbelopp").expect("the cell");
    assert_eq!((cell.part, cell.change), (ChangedPart::Amount, ChangeKind::Added));
    assert_eq!(cell.text, "Nytt belopp: för ”Prisbasbelopp” 2031: 1 000 kr (prov).");
    insta::assert_snapshot!(describe(&changes));
}

/// Each first month of validity in the shipped book: changed, it is told, and nothing else is.
#[test]
fn no_change_of_a_value_goes_untold() {
    let book = shipped();
    let mut tried = 0;
    let is_told = |path: &str| !path.starts_with("cases/") && path != "mutants.yaml";
    for (file, text) in pairs(&book).into_iter().filter(|(path, _)| is_told(path)) {
        for (place, found) in text.match_indices("2022-01") {
            let mut changed_text = text.clone();
            changed_text.replace_range(place..place + found.len(), "2022-02");
            let files = pairs(&book)
                .into_iter()
                .map(|(path, text)| if path == file { (path, changed_text.clone()) } else { (path, text) });
            let Ok(changed) = RuleBook::read(Content::kept("prov", files).without_cases()) else { continue };
            tried += 1;
            assert_eq!(diff(&book, &changed).len(), 1, "{file}: {place}");
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn who_typed_the_amounts_is_no_difference_that_is_told() {
    assert_eq!(told(&[("amounts/2025.yaml", "by: \"projektet, första", "by: \"Anna Alm")]), "");
}
