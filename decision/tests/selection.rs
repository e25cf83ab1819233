//! Which of three months' incomes count: choosing among them gives what giving only the chosen ones gives, whatever the
//! order, and a month that does not count never changes the amount.

use std::path::Path;
use std::sync::LazyLock;

use decision::{RuleBook, Suggestion};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| {
    RuleBook::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand"))
        .expect("the shipped book")
});

const PERIOD: &str = "2025-12";

fn income() -> impl Strategy<Value = Json> {
    let kind = prop::sample::select(vec![
        ("aktivitetsstöd", "fk"),
        ("a-kassa", "so"),
        ("barnbidrag", "fk"),
        ("lön", "applicant"),
    ]);
    let month = prop::sample::select(vec!["2025-09", "2025-10", "2025-11", PERIOD, PERIOD, "2026-01"]);
    (kind, month, 0_u32..9_000).prop_map(|((kind, source), month, net)| {
        json!({"person": "a1", "kind": kind, "net": net.to_string(), "period": month, "source": source})
    })
}

fn suggest(incomes: &[Json], candidates: &[Json]) -> Suggestion {
    let mut facts = BOOK.cases()[0].facts.clone();
    facts["incomes"] = json!(incomes);
    facts["candidate_incomes"] = json!(candidates);
    BOOK.suggest(&facts).expect("a suggestion")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn choosing_gives_what_giving_only_the_chosen_gives(candidates in prop::collection::vec(income(), 0..8)) {
        let chosen: Vec<Json> = candidates.iter().filter(|income| income["period"] == PERIOD).cloned().collect();
        let (given, among) = (suggest(&chosen, &[]), suggest(&[], &candidates));
        prop_assert_eq!(
            (given.outcome, given.amount, given.income, &given.refer),
            (among.outcome, among.amount, among.income, &among.refer)
        );
        // Every row is shown: counted, or with why it is not.
        let shown = among.lines.iter().filter(|line| line.rule.starts_with("income")).count();
        prop_assert_eq!(shown, candidates.len());
    }

    #[test]
    fn the_order_of_the_rows_never_matters(candidates in prop::collection::vec(income(), 0..8)) {
        let mut turned = candidates.clone();
        turned.reverse();
        let (one, other) = (suggest(&[], &candidates), suggest(&[], &turned));
        let sorted = |suggestion: &Suggestion| {
            let mut lines: Vec<String> = suggestion.lines.iter().map(|line| format!("{line:?}")).collect();
            lines.sort();
            (suggestion.amount, lines, suggestion.notes.clone())
        };
        prop_assert_eq!(sorted(&one), sorted(&other));
    }
}

/// Any history: the answer is one of the three, and what is not counted of a wage is a quarter of it or nothing.
fn history() -> impl Strategy<Value = Vec<Json>> {
    let past = (prop::sample::select(vec!["support", "support", "support", "denied", "none"]), any::<bool>());
    prop::collection::vec(past, 0..40).prop_map(|months| {
        let one = |(index, (result, stimulus)): (usize, (&str, bool))| {
            let month = 2025 * 12 + 10 - i32::try_from(index).unwrap_or_default();
            let month = format!("{}-{:02}", month / 12, month % 12 + 1);
            json!({"month": month, "result": result, "stimulus": stimulus && result == "support"})
        };
        months.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_wage_is_lowered_once_or_not_at_all(history in history(), months in prop::option::of(0_u32..12), turned in any::<bool>()) {
        let mut facts = BOOK.cases()[0].facts.clone();
        facts["incomes"] = json!([{"person": "a1", "kind": "lön", "net": "4000", "source": "applicant"}]);
        let adult = &mut facts["household"]["adults"][0];
        adult["assistance_months_in_row"] = json!(months);
        adult["history"] = json!(history);
        let suggestion = BOOK.suggest(&facts).expect("a suggestion");
        prop_assert!(!suggestion.refer.iter().any(|reason| reason.code == "rule_failed"), "{:?}", suggestion.refer);
        if let Some(income) = suggestion.income {
            prop_assert!(["3000", "4000"].contains(&income.to_string().as_str()), "{}", income);
        }
        let lowered = suggestion.lines.iter().filter(|line| line.rule.starts_with("jobbstimulans")).count();
        prop_assert!(lowered <= 1);
        if turned {
            let mut history = history;
            history.reverse();
            facts["household"]["adults"][0]["history"] = json!(history);
            let other = BOOK.suggest(&facts).expect("a suggestion");
            prop_assert_eq!((suggestion.amount, suggestion.lines, suggestion.refer), (other.amount, other.lines, other.refer));
        }
    }
}
