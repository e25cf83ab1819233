//! The shipped rule book answers its worked cases, and the contract's example exactly.

use std::path::Path;

use decision::RuleBook;

fn book() -> RuleBook {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand");
    RuleBook::load(&dir).unwrap_or_else(|problems| {
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", text.join("\n"))
    })
}

#[test]
fn every_case_comes_out_as_expected() {
    let results = book().run_cases();
    assert!(results.len() > 60);
    let wrong: Vec<String> = results
        .iter()
        .filter(|result| !result.passed)
        .map(|result| format!("{} ({}):\n  {}", result.case, result.title, result.differences.join("\n  ")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_shipped_amount_is_unexpected() {
    assert_eq!(book().warnings(), []);
}

#[test]
fn the_document_names_every_rule_source_and_missing_cell() {
    let (book, document) = (book(), book().document());
    for id in ["norm.personal", "refer.source_silent", "jobbstimulans.starts", "deny.income_over_need"] {
        assert!(document.contains(&format!("### {id}\n")), "{id}");
    }
    assert!(document.contains("- SFS 2025:468 12 kap. 2 § (2025-07 till 2025-12)"));
    assert!(document.contains("– ej verifierad"));
    assert!(document.contains("| children.0 | ej verifierat, används inte | |"));
    assert!(document.contains("| hyra | 9 500 | 12 500 | från 2022-01 |"));
    assert!(document.contains(book.sha256()));
}

#[test]
fn every_rule_has_a_case() {
    assert_eq!(book().rules_without_case(), Vec::<&str>::new());
}
