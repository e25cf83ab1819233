//! Each unsafe default of Rhai that is closed, and each message a person can meet, as a golden answer.

use expression::{Expression, Scope, Template, Value, from_json, to_json};
use serde_json::json;

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set("item", from_json(&json!({
        "hyra": {"$money": "6300"}, "antal": 3, "namn": "Åsa", "tomt": null, "period": {"$month": "2025-12"},
        "person": {"$personnummer": "196408233234"}, "interim": {"$personnummer": "19880209T050"},
        "född": {"$date": "1964-08-23"}, "godkänd": true,
        "inkomster": [{"kind": "lön", "net": {"$money": "5000"}}, {"kind": "barnbidrag", "net": {"$money": "1250.50"}}],
        "vuxna": {"sökande": {"namn": "Åsa"}}
    })));
    scope.set("row", from_json(&json!({"Ärendenr": "A-1"})));
    scope.set("today", expression::date("2025-12-10".parse().expect("a date")));
    scope
}

/// The answer of each expression, a line each: its value as tagged JSON, or the error with a caret.
fn answers(expressions: &str) -> String {
    each_line(expressions, answer)
}

fn each_line(sources: &str, answer: fn(&str) -> String) -> String {
    let lines: Vec<String> = sources.trim().lines().map(|source| format!("{source}\n    {}", answer(source))).collect();
    lines.join("\n")
}

fn answer(source: &str) -> String {
    let caret = |offset: usize, length: usize| {
        let before = source[..offset.min(source.len())].chars().count();
        let under = source.get(offset..offset + length).map_or(1, |part| part.chars().count());
        format!("{}-{}", before + 1, before + under.max(1))
    };
    match Expression::parse(source) {
        Err(error) => {
            let hint = error.hint.map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("skrivfel {}: {}{hint}", caret(error.offset, error.length), error.message)
        }
        Ok(expression) => match expression.eval(&scope()) {
            Ok(value) => to_json(&value).to_string(),
            Err(error) => format!("räknefel {}: {}", caret(error.offset, error.length), error.message),
        },
    }
}

#[test]
fn arithmetic_never_loses_money() {
    insta::assert_snapshot!(answers(include_str!("golden/arithmetic_never_loses_money.txt")));
}

#[test]
fn different_kinds_never_meet_by_accident() {
    insta::assert_snapshot!(answers(include_str!("golden/different_kinds_never_meet_by_accident.txt")));
}

#[test]
fn a_missing_property_is_an_error() {
    insta::assert_snapshot!(answers(include_str!("golden/a_missing_property_is_an_error.txt")));
}

#[test]
fn only_expressions_are_allowed() {
    insta::assert_snapshot!(answers(include_str!("golden/only_expressions_are_allowed.txt")));
}

#[test]
fn functions_answer_as_documented() {
    insta::assert_snapshot!(answers(include_str!("golden/functions_answer_as_documented.txt")));
}

#[test]
fn work_is_bounded() {
    let wide = format!("[{}]", vec!["1"; 300].join(","));
    let nested =
        format!("{wide}.map(|a| {wide}.map(|b| {wide}.map(|c| {wide}.map(|d| a + b + c + d).sum()).sum()).sum())");
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    let long = format!("\"{}\"", "x".repeat(30_000));
    let grown = format!(
        "[{}].map(|x| replace(replace(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", \"a\", \"{b}\"), \"b\", \"{b}\"))",
        "1",
        b = "b".repeat(200)
    );
    let chain = vec!["1"; 5_000].join("+");
    let negations = format!("{}true", "!".repeat(5_000));
    let dots = format!("item{}", ".a".repeat(5_000));
    let conditions = vec!["true"; 3_000].join("&&");
    let indexes = format!("item{}", "[0]".repeat(5_000));
    for source in [nested, deep, long, grown, chain, negations, dots, conditions, indexes] {
        eprintln!("{}…", source.chars().take(20).collect::<String>());

        let outcome = Expression::parse(&source).map(|expression| expression.eval(&scope()));
        let stopped = match outcome {
            Err(error) => error.message,
            Ok(Err(error)) => error.message,
            Ok(Ok(value)) => panic!("not stopped: {value:?}"),
        };
        assert!(
            ["för djupt", "för lång", "för mycket", "för stor"].iter().any(|why| stopped.contains(why)),
            "{stopped}"
        );
    }
}

fn filled(source: &str) -> String {
    match Template::parse(source) {
        Err(error) => {
            let hint = error.hint.map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("skrivfel vid byte {}: {}{hint}", error.offset, error.message)
        }
        Ok(template) => match template.eval(&scope()) {
            Ok(value) => to_json(&value).to_string(),
            Err(error) => format!("räknefel vid byte {}: {}", error.offset, error.message),
        },
    }
}

#[test]
fn a_template_keeps_kinds_and_finds_its_end() {
    insta::assert_snapshot!(each_line(include_str!("golden/a_template_keeps_kinds_and_finds_its_end.txt"), filled));
}

#[test]
fn used_names_are_listed_with_their_properties_and_places() {
    let uses = |source: &str| -> String {
        let template = Template::parse(source).expect("a template");
        let list: Vec<String> =
            template.uses().iter().map(|path| format!("{}@{}", path.segments.join("."), path.offset)).collect();
        list.join(" ")
    };
    assert_eq!(uses("${item.hyra}"), "item.hyra@2");
    assert_eq!(uses("å ${row.Ärendenr} ${item.person.born}"), "row.Ärendenr@5 item.person.born@22");
    assert_eq!(uses("${item.inkomster.map(|r| r.net + item.hyra + extra)}"), "item.inkomster@2 item.hyra@33 extra@45");
    assert_eq!(uses("${[1].map(|item| item.x) + item.y}"), "item.y@27");
    assert_eq!(uses("${item.a[item.b].c}"), "item.a@2 item.b@9");
    assert_eq!(uses("${or_else(item, \"x\", y)}"), "item@10 y@21");
    assert_eq!(uses("${a == b && !c || d ?? e}"), "a@2 b@7 c@13 d@18 e@23");
    assert_eq!(uses("text"), "");
    assert!(Template::parse("text").expect("text").is_constant());
}

#[test]
fn values_of_rust_integers_count_as_whole_numbers() {
    let mut scope = Scope::default();
    scope.set("n", Value::from(5_i32));
    let sum = Expression::parse("n + 1").expect("an expression").eval(&scope).expect("a sum");
    assert_eq!(to_json(&sum), json!(6));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(source in "[a-zåäö0-9 .,:;|&!=<>+*/%(){}\\[\\]\"'`$#?_-]{0,60}") {
        if let Ok(expression) = Expression::parse(&source) {
            let _ = expression.eval(&scope());
        }
        if let Ok(template) = Template::parse(&source) {
            let _ = template.eval(&scope());
        }
    }

    #[test]
    fn money_is_read_back_as_it_was_written(ore in -9_000_000_000_000_i64..9_000_000_000_000) {
        let amount = rust_decimal::Decimal::new(ore, 2);
        proptest::prop_assert_eq!(expression::money::parse(&expression::money::kr(amount)), Ok(amount.normalize()));
        proptest::prop_assert_eq!(expression::money::parse(&expression::money::plain(amount)), Ok(amount.normalize()));
    }
}

#[test]
fn no_error_repeats_a_value_of_the_case() {
    let mut scope = Scope::default();
    scope.set("secret", Value::from("19640823-3234 Åsa".to_owned()));
    for source in [
        "money(secret)",
        "date(secret)",
        "month(secret)",
        "personnummer(secret)",
        "integer(secret)",
        "secret + 1",
        "secret > 1",
        "kr(secret)",
        "secret.x",
        "secret[0]",
        "!secret",
        "[1].map(|x| secret.y)",
        "[secret].filter(|x| x)",
        "sum([secret])",
        "max([secret, 1])",
        "or_else(secret, \"a\", 1)",
        "secret in [1]",
        "text([secret])",
        "round(secret)",
        "#{a: 1}[secret]",
        "age(secret, secret)",
    ] {
        let error = Expression::parse(source).expect(source).eval(&scope).expect_err(source);
        assert!(!error.message.contains("1964") && !error.message.contains("Åsa"), "{source}: {}", error.message);
    }
    assert_eq!(format!("{scope:?}"), "{\"secret\"}");
}
