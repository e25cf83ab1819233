//! The answer as programs and as people read it: the contract's example, a referral, and what must never be shown.

use std::path::Path;

use decision::{Outcome, RuleBook, Suggestion};
use serde_json::{Value as Json, json};

fn book() -> RuleBook {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand");
    RuleBook::load(&dir).expect("the shipped book")
}

fn example() -> Json {
    json!({
        "date": "2025-12-10", "period": "2025-12",
        "household": {"kind": "single", "community_size": 1,
            "adults": [{"id": "a1", "born": "1985-02-03", "assistance_months_in_row": 2, "jobbstimulans_since": null}],
            "children": []},
        "incomes": [{"person": "a1", "kind": "aktivitetsstöd", "net": "6200", "period": "2025-12", "paid": "2025-12-05", "source": "fk"}],
        "costs": [{"kind": "hyra", "applied": "6300"}, {"kind": "el", "applied": "450"},
            {"kind": "hemförsäkring", "applied": "120"}, {"kind": "a-kassa", "applied": "170"}],
        "sources": {"fk": "ok", "af": "ok", "csn": "ok", "skv": "ok", "so": "ok"},
        "flags": {"protected_identity": false, "first_application": false}
    })
}

fn changed(pointer: &str, value: Json) -> Json {
    let mut facts = example();
    *facts.pointer_mut(pointer).expect("a place in the facts") = value;
    facts
}

fn suggest(facts: &Json) -> Suggestion {
    book().suggest(facts).expect("a suggestion")
}

/// The suggestion as JSON, with the book's own hash left out of the picture.
fn picture(suggestion: &Suggestion) -> String {
    let mut suggestion = suggestion.clone();
    assert_eq!(suggestion.suggestion_id.len(), 32);
    assert_eq!(suggestion.rulebook.sha256.len(), 64);
    "…".clone_into(&mut suggestion.suggestion_id);
    "…".clone_into(&mut suggestion.rulebook.sha256);
    serde_json::to_string_pretty(&suggestion).expect("JSON")
}

fn without_hashes(suggestion: &Suggestion) -> String {
    let text = suggestion.explain();
    text.replace(&suggestion.suggestion_id, "…").replace(&suggestion.rulebook.sha256[..12], "…")
}

#[test]
fn the_contracts_example_is_answered_exactly() {
    insta::assert_snapshot!(picture(&suggest(&example())));
}

#[test]
fn the_explanation_reads_well() {
    insta::assert_snapshot!(without_hashes(&suggest(&example())));
}

#[test]
fn a_referral_is_explained_with_every_reason() {
    let mut facts = changed("/costs/0/applied", json!("10300"));
    facts["sources"] = json!({"fk": "ok", "af": "ok", "csn": "ok", "skv": "ok", "so": "timeout"});
    facts["household"]["children"] = json!([{"id": "b1", "born": "2018-06-01"}]);
    facts["incomes"] = json!([{"person": "a1", "kind": "lön", "net": "4000", "source": "applicant"}]);
    facts["household"]["adults"][0]["assistance_months_in_row"] = json!(7);
    insta::assert_snapshot!(without_hashes(&suggest(&facts)));
}

#[test]
fn a_rent_over_the_guideline_shows_both_amounts() {
    let suggestion = suggest(&changed("/costs/0/applied", json!("10300")));
    assert_eq!(suggestion.outcome, Outcome::Refer);
    assert_eq!(
        serde_json::to_value(&suggestion.refer).expect("JSON"),
        json!([{
            "code": "over_guideline",
            "reason": "Kostnaden hyra är 10 300 kr, över riktlinjen 9 500 kr",
            "details": {"kind": "hyra", "capped": "9500", "uncapped": "10300", "amount_capped": "9220", "amount_uncapped": "10020"}
        }])
    );
}

#[test]
fn a_silent_source_is_answered_as_in_the_contract() {
    let suggestion = suggest(&changed("/sources/so", json!("timeout")));
    assert_eq!(
        serde_json::to_value(&suggestion.refer).expect("JSON"),
        json!([
            {"code": "source_silent", "reason": "A-kassan svarade inte", "details": {"source": "so", "answer": "timeout"}}
        ])
    );
    assert_eq!((suggestion.amount, suggestion.income, suggestion.surplus), (None, None, None));
}

#[test]
fn a_missing_cell_is_named() {
    let mut facts = example();
    facts["period"] = json!("2026-02");
    facts["household"]["children"] = json!([{"id": "b1", "born": "2025-06-01"}]);
    let suggestion = suggest(&facts);
    assert_eq!(
        serde_json::to_value(&suggestion.refer).expect("JSON"),
        json!([{
            "code": "unverified_amount",
            "reason": "Beloppet children.0 i Riksnorm och prisbasbelopp 2026 är inte verifierat",
            "details": {"table": "Riksnorm och prisbasbelopp 2026", "cell": "children.0"}
        }])
    );
    assert_eq!(suggestion.amount, None);
}

#[test]
fn a_protected_identity_leaves_no_trace_in_the_answer() {
    let mut facts = changed("/flags/protected_identity", json!(true));
    facts.as_object_mut().expect("facts").remove("sources");
    facts["flags"]["first_application"] = json!(true);
    let suggestion = suggest(&facts);
    let mut shown = serde_json::to_value(&suggestion).expect("JSON");
    shown["suggestion_id"] = json!("");
    shown["rulebook"] = json!("");
    assert_eq!(
        shown,
        json!({
            "suggestion_id": "", "outcome": "refer", "amount": null, "need": null, "income": null, "norm": null, "surplus": null,
            "lines": [], "refer": [{"code": "needs_person", "reason": "Ärendet ska handläggas av en person", "details": {}}],
            "notes": [], "rulebook": "", "date": "2025-12-10", "period": "2025-12"
        })
    );
    let text = suggestion.explain().to_lowercase();
    assert!(!text.contains("skydd") && !text.contains("sekretess"), "{text}");
}

#[test]
fn the_same_facts_have_the_same_id_and_others_another() {
    let (one, again) = (suggest(&example()), suggest(&example()));
    assert_eq!(one, again);
    let other = suggest(&changed("/incomes/0/net", json!("6201")));
    assert_ne!(one.suggestion_id, other.suggestion_id);
}

#[test]
fn an_answer_is_read_back_as_it_was_written() {
    let one = suggest(&changed("/costs/0/applied", json!("10300")));
    let text = serde_json::to_string(&one).expect("JSON");
    assert_eq!(serde_json::from_str::<Suggestion>(&text).expect("a suggestion"), one);
}

#[test]
fn facts_that_cannot_be_right_name_the_field_in_swedish() {
    let message = |facts: &Json| book().suggest(facts).expect_err("an error").to_string();
    let mut unknown = example();
    unknown["costs"][0]["belopp"] = json!("1");
    let mut missing = example();
    missing["incomes"][0].as_object_mut().expect("an income").remove("net");
    insta::assert_snapshot!(
        [
            message(&changed("/incomes/0/net", json!(6200))),
            message(&changed("/incomes/0/net", json!("-1"))),
            message(&changed("/incomes/0/net", json!("1 000"))),
            message(&changed("/incomes/0/net", json!("99999999999"))),
            message(&changed("/incomes/0/person", json!("a9"))),
            message(&changed("/period", json!("2025-13"))),
            message(&changed("/date", json!("igår"))),
            message(&changed("/household/kind", json!("familj"))),
            message(&changed("/household/kind", json!("couple"))),
            message(&changed("/flags/first_application", json!("nej"))),
            message(&unknown),
            message(&missing),
            message(&json!([])),
        ]
        .join("\n")
    );
}

#[test]
fn a_denial_says_why_and_by_which_law() {
    let suggestion = suggest(&changed("/incomes/0/net", json!("13000")));
    assert_eq!(suggestion.outcome, Outcome::Deny);
    assert_eq!(suggestion.notes.len(), 1);
    assert_eq!(suggestion.notes[0].text, "Inkomsterna 13 000 kr täcker behovet 12 220 kr; överskottet är 780 kr");
    assert!(suggestion.notes[0].source.as_ref().is_some_and(|source| !source.verified));
}

#[test]
fn an_amount_is_told_in_kronor_and_somebody_called_by_a_number_is_not() {
    assert_eq!(decision::input_text("net", &json!("6200")), "6 200 kr");
    assert_eq!(decision::input_text("person", &json!("1")), "1");
}
