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
fn the_document_has_every_rule_source_and_missing_cell_in_words() {
    let (book, document) = (book(), book().document());
    let rules: Vec<_> = document.sections.iter().flat_map(|section| &section.rules).collect();
    let rule = |id: &str| *rules.iter().find(|rule| rule.id == id).expect(id);
    assert_eq!(rules.len(), book.about_rules().len());
    assert!(rules.iter().all(|rule| !rule.laws.is_empty() && !rule.effects.is_empty()));
    assert_eq!(rule("refer.source_silent").conditions, ["myndighetens svar är inte fullständigt"]);
    assert_eq!(rule("refer.source_silent").for_each, Some("varje myndighet"));
    assert_eq!(rule("refer.first_application").conditions, ["det är en första ansökan"]);
    let law = &rule("norm.personal").laws[1];
    assert_eq!((law.text.as_str(), law.verified), ("SFS 2025:468 12 kap. 2 §", true));
    assert!(rules.iter().flat_map(|rule| &rule.laws).any(|law| !law.verified));
    let cells = document.tables.iter().flat_map(|table| &table.cells);
    assert!(
        cells.clone().any(|cell| cell.amount.is_none())
            && cells.clone().all(|cell| cell.source.is_some() == cell.amount.is_some())
    );
    let rent = document.guidelines.iter().find(|one| one.cost == "hyra").expect("hyra");
    assert_eq!((rent.single.to_string(), rent.family.to_string()), ("9500".to_owned(), "12500".to_owned()));
    assert_eq!((document.cases.len(), document.sha256.as_str()), (book.cases().len(), book.sha256()));
}

/// Underscores and dots inside words are names of our own.
fn has_a_name_of_ours(text: &str) -> bool {
    text.split([' ', '”', '(', ')']).any(|word| word.contains('_') || word.trim_end_matches('.').contains('.'))
}

#[test]
fn the_documents_names_and_cases_are_told_without_names_of_our_own() {
    let document = book().document();
    for value in &document.values {
        assert!(!has_a_name_of_ours(&value.meaning), "{}: {}", value.name, value.meaning);
        assert!(!value.meaning.contains("children"), "{}: {}", value.name, value.meaning);
    }
    let refused = document.cases.iter().filter(|case| case.refused);
    assert!(
        refused.clone().count() > 20 && refused.clone().all(|case| case.expects.is_empty() && !case.title.is_empty())
    );
    let told: Vec<&String> = document.cases.iter().flat_map(|case| &case.expects).collect();
    assert!(told.iter().any(|text| text.starts_with("lämnas över: ")), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with("anmärkning: ")), "{told:?}");
    assert!(told.iter().any(|text| *text == "lämnas över: Ett belopp är inte verifierat"), "once: {told:?}");
    assert!(!told.iter().any(|text| text.contains("verifierat; Ett belopp")), "once: {told:?}");
    let raw: Vec<_> = told.iter().filter(|text| has_a_name_of_ours(text)).collect();
    assert_eq!(raw, Vec::<&&String>::new());
}

#[test]
fn the_documents_amounts_for_children_stand_by_age() {
    for table in book().document().tables {
        let titles: Vec<&str> = table.cells.iter().map(|cell| cell.title.as_str()).collect();
        let children = |end: &str| {
            titles.iter().filter(|title| title.starts_with("Barn") && title.ends_with(end)).copied().collect::<Vec<_>>()
        };
        assert_eq!(
            children(" år"),
            ["under 1", "1–2", "3", "4–6", "7–10", "11–14", "15–18", "19–20"].map(|age| format!("Barn {age} år")),
            "{}",
            table.title
        );
        assert_eq!(children("utan lunch").len(), 4, "{}", table.title);
    }
}

#[test]
fn every_rule_has_a_case() {
    assert_eq!(book().rules_without_case(), Vec::<&str>::new());
}
