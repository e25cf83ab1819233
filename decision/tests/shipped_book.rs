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
