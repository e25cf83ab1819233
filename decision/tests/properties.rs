//! What must hold for any household: no panic, more income never more assistance except by a rule that says so, order
//! never matters, the sum of the lines is the amount, a missing fact never becomes an amount.

use std::path::Path;
use std::sync::LazyLock;

use decision::{Outcome, RuleBook, Suggestion};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| {
    RuleBook::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand"))
        .expect("the shipped book")
});

fn money() -> impl Strategy<Value = String> {
    prop_oneof![0_u32..30_000, 0_u32..2_000_000].prop_map(|ore| Decimal::new(ore.into(), 2).to_string())
}

fn day() -> impl Strategy<Value = String> {
    (1960_i32..2026, 1_u32..13, 1_u32..29).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
}

fn child_day() -> impl Strategy<Value = String> {
    (2004_i32..2025, 1_u32..13, 1_u32..29).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
}

fn adult(id: &'static str) -> impl Strategy<Value = Json> {
    let since = prop_oneof![Just(Json::Null), Just(json!("2024-06")), Just(json!("2022-01")), Just(json!("2026-01"))];
    let months = prop_oneof![1 => Just(Json::Null), 9 => (0_u32..12).prop_map(|months| json!(months))];
    (day(), months, since).prop_map(move |(born, months, since)| {
        json!({"id": id, "born": born, "assistance_months_in_row": months, "jobbstimulans_since": since})
    })
}

fn children() -> impl Strategy<Value = Vec<Json>> {
    let child = (child_day(), any::<bool>(), prop::option::of(0_u32..32), prop::option::of(money()));
    prop::collection::vec(child, 0..9).prop_map(|children| {
        let one = |(index, (born, yes, days, earned)): (usize, (String, bool, Option<u32>, Option<String>))| {
            json!({"id": format!("b{index}"), "born": born, "lunch_out": yes, "in_school": yes, "days_at_home": days,
                "earned_this_year": earned})
        };
        children.into_iter().enumerate().map(one).collect()
    })
}

fn income() -> impl Strategy<Value = Json> {
    // Most come from where they should; some from the applicant, and some from an authority that has nothing to do with them.
    let kinds = prop::sample::select(vec![
        ("lön", "applicant"),
        ("lön", "applicant"),
        ("lön", "fk"),
        ("aktivitetsstöd", "fk"),
        ("aktivitetsstöd", "fk"),
        ("aktivitetsstöd", "applicant"),
        ("a-kassa", "so"),
        ("a-kassa", "so"),
        ("a-kassa", "csn"),
        ("barnbidrag", "fk"),
        ("barnbidrag", "fk"),
        ("barnbidrag", "applicant"),
        ("bostadsbidrag", "fk"),
        ("övrigt", "applicant"),
        ("swish", "applicant"),
    ]);
    let reduced = prop::bool::weighted(0.2);
    (kinds, money(), reduced, prop::sample::select(vec!["a1", "b0"])).prop_map(|((kind, source), net, reduced, who)| {
        json!({"person": who, "kind": kind, "net": net, "source": source, "already_reduced": reduced})
    })
}

fn cost() -> impl Strategy<Value = Json> {
    let kinds = prop::sample::select(vec![
        "hyra",
        "el",
        "hemförsäkring",
        "a-kassa",
        "fackavgift",
        "bredband",
        "hyra",
        "el",
        "medicin",
        "häst",
    ]);
    let applied =
        prop_oneof![9 => (0_u32..25_000).prop_map(|ore| Decimal::new(ore.into(), 2).to_string()), 1 => money()];
    (kinds, applied).prop_map(|(kind, applied)| json!({"kind": kind, "applied": applied}))
}

fn sources() -> impl Strategy<Value = Json> {
    let answer = prop_oneof![8 => Just("ok"), 1 => Just("timeout")];
    answer.prop_map(|so| json!({"fk": "ok", "af": "ok", "csn": "ok", "skv": "ok", "so": so}))
}

prop_compose! {
    fn facts()(
        kind in prop::sample::select(vec!["single", "couple", "shared"]),
        size in 2_u32..12,
        one in adult("a1"),
        other in adult("a2"),
        children in children(),
        incomes in prop::collection::vec(income(), 0..6),
        costs in prop::collection::vec(cost(), 0..6),
        sources in sources(),
        period in prop::sample::select(vec!["2022-03", "2024-12", "2025-06", "2025-12", "2026-02", "2027-01"]),
        simple in any::<bool>(),
    ) -> Json {
        let adults = if kind == "couple" { vec![one, other] } else { vec![one] };
        let children = if kind == "shared" || simple { Vec::new() } else { children };
        let incomes: Vec<Json> = if children.is_empty() {
            incomes.into_iter().filter(|income| income["person"] == "a1").collect()
        } else {
            incomes
        };
        json!({
            "date": "2025-12-10", "period": period, "incomes": incomes, "costs": costs, "sources": sources,
            "household": {"kind": kind, "community_size": if kind == "shared" { size } else { 1 }, "adults": adults, "children": children},
            "flags": {"protected_identity": false, "first_application": false}
        })
    }
}

fn lines(suggestion: &Suggestion) -> Decimal {
    suggestion.lines.iter().map(|line| line.amount.decimal()).sum()
}

/// What does not depend on the order of the rows.
fn unordered(suggestion: &Suggestion) -> (Outcome, Option<decision::Money>, Vec<String>, Vec<String>) {
    let mut lines: Vec<String> = suggestion.lines.iter().map(|line| format!("{line:?}")).collect();
    let mut reasons: Vec<String> = suggestion.refer.iter().map(|reason| format!("{reason:?}")).collect();
    lines.sort();
    reasons.sort();
    (suggestion.outcome, suggestion.amount, lines, reasons)
}

/// Rules that leave a part of an income out, or, having begun, a part of other incomes too.
const LEAVES_OUT: [&str; 5] = [
    "jobbstimulans",
    "jobbstimulans.starts",
    "jobbstimulans.again",
    "income.child_work_exempt",
    "income.child_work_part",
];

/// More income is not more assistance, unless the richer has a line of a rule that leaves income out.
fn check_not_more(facts: &Json, richer: &Json) -> Result<(), TestCaseError> {
    let (Ok(before), Ok(after)) = (BOOK.suggest(facts), BOOK.suggest(richer)) else { return Ok(()) };
    let Some((poor, rich)) = before.amount.zip(after.amount) else { return Ok(()) };
    let count = |suggestion: &Suggestion| {
        suggestion.lines.iter().filter(|line| LEAVES_OUT.contains(&line.rule.as_str())).count()
    };
    prop_assert!(rich <= poor || count(&after) > count(&before), "{} > {}", rich, poor);
    Ok(())
}

fn shuffle(list: &mut [Json], mut seed: u64) {
    for end in (1..list.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        list.swap(end, usize::try_from(seed >> 33).expect("an index") % (end + 1));
    }
}

/// Every place in a JSON value, as a pointer.
fn places(json: &Json, path: String) -> Vec<String> {
    let inner: Vec<String> = match json {
        Json::Object(fields) => {
            fields.iter().flat_map(|(name, value)| places(value, format!("{path}/{name}"))).collect()
        }
        Json::Array(list) => {
            list.iter().enumerate().flat_map(|(at, value)| places(value, format!("{path}/{at}"))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(path).chain(inner).collect()
}

fn any_json() -> impl Strategy<Value = Json> {
    let words =
        prop::sample::select(vec!["date", "period", "household", "incomes", "costs", "kind", "net", "born", "å", ""]);
    let texts = prop_oneof![
        prop::sample::select(vec![
            "2025-12",
            "2025-12-31",
            "0000-00",
            "lön",
            "hyra",
            "single",
            "-0",
            "1e9",
            "79228162514264337593543950335",
            "\u{0}"
        ])
        .prop_map(str::to_owned),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        texts.prop_map(Json::from)
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

/// The generator must make enough applications that rules can decide, or the properties below say nothing.
#[test]
fn the_generator_makes_every_outcome() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..400 {
        let facts = facts().new_tree(&mut runner).expect("facts").current();
        let outcome = BOOK.suggest(&facts).map_or("error".to_owned(), |suggestion| format!("{:?}", suggestion.outcome));
        *seen.entry(outcome).or_insert(0) += 1;
    }
    for (outcome, least) in [("Approve", 30), ("Deny", 5), ("Refer", 40)] {
        assert!(seen.get(outcome).is_some_and(|count| *count >= least), "{seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_sum_of_the_lines_is_the_amount(facts in facts()) {
        if let Ok(suggestion) = BOOK.suggest(&facts) {
            if let (Some(amount), Some(surplus)) = (suggestion.amount, suggestion.surplus) {
                prop_assert_eq!(lines(&suggestion), amount.decimal() - surplus.decimal());
                prop_assert_eq!(suggestion.need.zip(suggestion.income).map(|(need, income)| need.decimal() - income.decimal()), Some(lines(&suggestion)));
            }
            let failed = suggestion.refer.iter().any(|reason| reason.code == "rule_failed");
            prop_assert!(!failed, "{:?}", suggestion.refer);
            prop_assert!(suggestion.outcome == Outcome::Refer || suggestion.amount.is_some());
            prop_assert_eq!(suggestion.outcome == Outcome::Refer, !suggestion.refer.is_empty());
            prop_assert!(!suggestion.explain().is_empty());
        }
    }

    #[test]
    fn more_income_is_never_more_assistance_unless_a_rule_leaves_it_out(facts in facts(), index in 0_usize..6, more in 1_u32..500_000) {
        let mut richer = facts.clone();
        let Some(income) = richer["incomes"].get_mut(index) else { return Ok(()) };
        let net: Decimal = income["net"].as_str().expect("a net").parse().expect("an amount");
        income["net"] = json!((net + Decimal::new(more.into(), 2)).to_string());
        check_not_more(&facts, &richer)?;
    }

    #[test]
    fn one_more_income_is_never_more_assistance_unless_a_rule_leaves_it_out(facts in facts(), new in income()) {
        let mut richer = facts.clone();
        richer["incomes"].as_array_mut().expect("a list").push(new);
        check_not_more(&facts, &richer)?;
    }

    #[test]
    fn every_answer_is_one_of_three_and_says_why(facts in facts()) {
        let Ok(suggestion) = BOOK.suggest(&facts) else { return Ok(()) };
        let amount = suggestion.amount.map(decision::Money::decimal);
        match suggestion.outcome {
            Outcome::Approve => prop_assert!(amount.is_some_and(|amount| amount > Decimal::ZERO) && suggestion.refer.is_empty()),
            Outcome::Deny => prop_assert!(amount == Some(Decimal::ZERO) && suggestion.refer.is_empty() && !suggestion.notes.is_empty()),
            Outcome::Refer => prop_assert!(!suggestion.refer.is_empty()),
        }
        prop_assert!(amount.is_none_or(|amount| amount >= Decimal::ZERO && amount.scale() <= 2));
        let word = serde_json::to_value(suggestion.outcome).expect("JSON");
        prop_assert!(["approve", "deny", "refer"].iter().any(|known| word == *known));
    }

    #[test]
    fn a_missing_fact_is_an_error_or_a_referral(
        facts in facts(),
        gone in prop::sample::select(vec![
            "/date", "/period", "/household", "/incomes", "/costs", "/sources", "/flags", "/sources/fk", "/sources/so",
            "/household/kind", "/household/community_size", "/household/adults", "/household/children",
            "/household/adults/0/id", "/household/adults/0/born", "/household/children/0/born", "/incomes/0/person",
            "/incomes/0/kind", "/incomes/0/net", "/incomes/0/source", "/costs/0/kind", "/costs/0/applied",
            "/flags/protected_identity", "/flags/first_application",
        ]),
    ) {
        let (place, field) = gone.rsplit_once('/').expect("a place");
        let mut less = facts;
        let Some(fields) = less.pointer_mut(place).and_then(Json::as_object_mut) else { return Ok(()) };
        fields.remove(field);
        let answer = BOOK.suggest(&less);
        prop_assert!(answer.is_err() || answer.is_ok_and(|suggestion| suggestion.outcome == Outcome::Refer), "{}", gone);
    }

    #[test]
    fn any_order_of_the_rows_gives_the_same(facts in facts(), seed in any::<u64>()) {
        let mut turned = facts.clone();
        for (list, salt) in [("/incomes", 1), ("/costs", 2), ("/household/adults", 3), ("/household/children", 4)] {
            shuffle(turned.pointer_mut(list).and_then(Json::as_array_mut).expect("a list"), seed ^ salt);
        }
        match (BOOK.suggest(&facts), BOOK.suggest(&turned)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(unordered(&one), unordered(&other)),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }

    #[test]
    fn no_json_at_all_makes_the_library_panic(json in any_json()) {
        let _ = BOOK.suggest(&json);
    }

    #[test]
    fn no_json_in_place_of_a_part_makes_the_library_panic(facts in facts(), place in any::<prop::sample::Index>(), json in any_json()) {
        let mut broken = facts;
        let places = places(&broken, String::new());
        *broken.pointer_mut(&places[place.index(places.len())]).expect("a place") = json;
        let _ = BOOK.suggest(&broken).map(|suggestion| suggestion.explain());
    }

    #[test]
    fn the_order_of_the_rows_never_matters(facts in facts()) {
        let mut turned = facts.clone();
        for list in ["incomes", "costs"] {
            turned[list].as_array_mut().expect("a list").reverse();
        }
        for list in ["adults", "children"] {
            turned["household"][list].as_array_mut().expect("a list").reverse();
        }
        match (BOOK.suggest(&facts), BOOK.suggest(&turned)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(unordered(&one), unordered(&other)),
            (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
        }
    }

    #[test]
    fn no_facts_make_the_library_panic(
        facts in facts(),
        place in prop::sample::select(vec!["/date", "/period", "/household", "/household/kind", "/household/adults/0/born", "/incomes", "/costs", "/sources", "/flags"]),
        value in prop::sample::select(vec![
            Json::Null, json!(0), json!(-1), json!(1e300), json!(""), json!("2025-12"), json!("0001-01-01"), json!("9999-12-31"), json!([]), json!({}),
            json!([[]]), json!("\u{0}å"), json!(true),
        ]),
    ) {
        let mut broken = facts;
        *broken.pointer_mut(place).expect("a place") = value;
        let _ = BOOK.suggest(&broken);
    }
}
