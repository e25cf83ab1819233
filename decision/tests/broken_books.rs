//! A rule book that is wrong says where, and what to do. Each change is made to a copy of the shipped book.

use std::fs;
use std::path::{Path, PathBuf};

use decision::{Problem, RuleBook};
use tempfile::TempDir;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rulebooks/ekonomiskt-bistand")
}

/// A copy of the shipped book in which `from` stands as `to` in one file.
fn copy_with(file: &str, from: &str, to: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for folder in ["amounts", "cases"] {
        fs::create_dir(dir.path().join(folder)).expect("a folder");
        for entry in fs::read_dir(shipped().join(folder)).expect("the folder") {
            let path = entry.expect("an entry").path();
            fs::copy(&path, dir.path().join(folder).join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    for name in ["rulebook.yaml", "guidelines.yaml"] {
        fs::copy(shipped().join(name), dir.path().join(name)).expect("a copy");
    }
    let text = fs::read_to_string(dir.path().join(file)).expect("the file");
    assert!(text.contains(from), "{from} does not stand in {file}");
    fs::write(dir.path().join(file), text.replacen(from, to, 1)).expect("the change");
    dir
}

/// The problems of a changed book, each with its line and a caret.
fn problems(file: &str, from: &str, to: &str) -> String {
    let dir = copy_with(file, from, to);
    let Err(problems) = RuleBook::load(dir.path()) else { return "inga fel".to_owned() };
    problems.iter().take(4).map(|problem| shown(problem, dir.path())).collect::<Vec<_>>().join("\n")
}

fn shown(problem: &Problem, dir: &Path) -> String {
    let file = problem.file.strip_prefix(dir).expect("a file of the book").display();
    let text = fs::read_to_string(&problem.file).unwrap_or_default();
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or_default();
    let indent = " ".repeat(problem.column.saturating_sub(1));
    let hint = problem
        .hint
        .as_ref()
        .map(|hint| format!("\n  = {}", hint.chars().take(160).collect::<String>()))
        .unwrap_or_default();
    format!("{file}: {}\n  | {line}\n  | {indent}{}{hint}", problem.message, "^".repeat(problem.length))
}

#[test]
fn a_wrong_rule_is_shown_where_it_stands() {
    let book = "rulebook.yaml";
    let changes = [
        ("when: '${flags.first_application}'", "when: '${flags.forsta_ansokan}'"),
        ("when: '${flags.first_application}'", "when: '${flagor.first_application}'"),
        ("when: '${flags.first_application}'", "when: '${flags.first_application &&}'"),
        ("when: '${flags.first_application}'", "when: ja"),
        ("law: confidentiality", "law: sekretess"),
        ("    law: confidentiality\n", ""),
        ("    explanation: En första ansökan utreds alltid av en handläggare.\n", ""),
        (
            "    refer: {code: first_application, reason: Det är en första ansökan}",
            "    refer: {code: first_application}",
        ),
        ("version: \"2025.1\"\n", ""),
        ("cost_kinds: [hyra", "cost_kinds: hyra\nkinds: [hyra"),
        (
            "valid: {from: 2022-01}\n    when: '${flags.first_application}'",
            "valid: 2022-01\n    when: '${flags.first_application}'",
        ),
        ("    title: Första ansökan\n", "    title:\n"),
        ("    title: Första ansökan\n", "    title: Första: ansökan\n"),
        ("    title: Första ansökan\n", "    title: \"Första ansökan\n"),
        ("    explanation: En första ansökan", "    förklaring: En första ansökan"),
        ("id: refer.first_application", "id: refer.needs_person"),
        (
            "{text: \"Förvaltningslagen (2017:900) 23 §\", verified: true}",
            "{from: 2023-01, text: \"Förvaltningslagen (2017:900) 23 §\", verified: true}",
        ),
        ("{from: 2025-07, to: 2025-12, text: \"SFS", "{from: 2025-06, to: 2025-12, text: \"SFS"),
        ("text: \"Förvaltningslagen (2017:900) 23 §\"", "text: \"\""),
        ("amount: '${cells.shared}'", "amount: '${cells.common}'"),
        (
            "vuxens lön, ännu inte minskad\", for_each: income, value: '${",
            "en vuxens lön\", for_each: income, value: '${wage && ",
        ),
        ("ett barns lön\", for_each: income, value: '${", "ett barns lön\", for_each: income, value: '${wage && "),
        ("- {name: wage,", "- {name: income,"),
        ("for_each: authority", "for_each: myndighet"),
        ("    value: none\n", "    value: hela kronor\n"),
        ("    value: \"12\"", "    value: tolv"),
        ("      none: ingen", "      exact: ingen"),
        ("parameters.change_warning_percent", "12"),
        ("parameters.change_warning_percent", "parameters.change_percent"),
        ("{kind: aktivitetsstöd, reported_by: [fk]", "{kind: aktivitetsstöd, reported_by: [försäkringskassan]"),
        ("    refer: {code: first_application, reason: Det är en första ansökan}\n", ""),
        (
            "valid: {from: 2022-01}\n    when: '${flags.first_application}'",
            "valid: {from: 2022-13}\n    when: '${flags.first_application}'",
        ),
        (
            "valid: {from: 2022-01}\n    when: '${flags.first_application}'",
            "valid: {from: 2022-01, to: 2021-12}\n    when: '${flags.first_application}'",
        ),
        ("amount: '${cells.shared}'", "amount: '${mony(cells.shared)}'"),
        ("when: '${flags.first_application}'", "when: '${utred(flags.first_application)}'"),
        ("version: \"2025.1\"", "version: \"2025.1\"\n\tx: 1"),
    ];
    let text: Vec<String> =
        changes.iter().map(|(from, to)| format!("— {}\n{}\n", to.trim(), problems(book, from, to))).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_wrong_table_guideline_or_case_is_shown_where_it_stands() {
    let changes = [
        (
            "amounts/2025.yaml",
            "amount: \"3910\", source: riksnorm, verified: true",
            "amount: \"3910\", source: riksnorm, verified: false",
        ),
        ("amounts/2025.yaml", "amount: \"3910\", source: riksnorm", "amount: \"3910\", source: sfs"),
        ("amounts/2025.yaml", "amount: \"3910\", source: riksnorm, verified", "amount: \"3910\", verified"),
        ("amounts/2025.yaml", "amount: \"3910\"", "amount: null"),
        ("amounts/2025.yaml", "amount: \"3910\"", "amount: \"3 910\""),
        ("amounts/2025.yaml", "year: 2025", "year: 2024"),
        ("guidelines.yaml", "cost: el,", "cost: elström,"),
        ("guidelines.yaml", "cost: el,", "cost: hyra,"),
        ("guidelines.yaml", "single: \"900\"", "single: niohundra"),
        ("cases/2-inkomster.yaml", "like: C2", "like: C3"),
        (
            "cases/2-inkomster.yaml",
            "/household/adults/0/jobbstimulans_since",
            "/household/adults/9/jobbstimulans_since",
        ),
        ("cases/2-inkomster.yaml", "income: \"3750\"", "inkomst: \"3750\""),
    ];
    let text: Vec<String> =
        changes.iter().map(|(file, from, to)| format!("— {to}\n{}\n", problems(file, from, to))).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_is_never_used_or_can_never_happen_is_refused() {
    let book = "rulebook.yaml";
    let changes = [
        ("values:\n", "values:\n  - {name: rest, value: '${1}'}\n  - {name: whole, value: '${rest + 1}'}\n"),
        ("laws:\n", "laws:\n  sol:\n    - {text: \"Socialtjänstlagen\", verified: false}\n"),
        ("laws:\n", "laws:\n  sol: []\n"),
        ("when: '${flags.first_application}'", "when: '${1 < 2}'"),
        ("when: '${flags.first_application}'", "when: '${flags.first_application || true}'"),
        (
            "when: '${flags.first_application}'",
            "when: '${flags.first_application && household.members > 0 && !flags.first_application}'",
        ),
        (
            "when: '${income_group.authorities > 1}'",
            "when: '${income_group.authorities > 1 && income_group.authorities <= 1}'",
        ),
        ("when: '${income_group.authorities > 1}'", "when: '${income_group.authorities == income_group.authorities}'"),
        (
            "income.kind == \"lön\" && income.who.role == \"adult\"",
            "income.kind == \"lon\" && income.who.role == \"vuxen\"",
        ),
        ("when: '${authority.answer != \"ok\"}'", "when: '${authority.answer != \"okej\"}'"),
        ("{ \"adults.cohabiting_pair\" } else", "{ \"adults.couple\" } else"),
        ("cells: {six: shared.6, seven: shared.7}", "cells: {six: shared.6, seven: shared.9}"),
        ("cells: {six: shared.6, seven: shared.7}", "cells: {six: shared.6, seven: shared.7, eight: shared.1}"),
        ("when: '${income.source == \"applicant\" && income.reportable}'\n    exclude: true", "exclude: true"),
        ("cost_kinds: [hyra,", "cost_kinds: [hyra, hyra,"),
        ("authorities:\n", "authorities:\n  - {id: fk, title: Kassan}\n"),
        (
            "when: '${wage && is_null(stimulus_since) && !is_null(stimulus_start) && months_between(stimulus_start, period) < 24}'",
            "when: '${wage && !is_null(stimulus_months) && stimulus_months >= 0 && stimulus_months < 24}'",
        ),
    ];
    let text: Vec<String> =
        changes.iter().map(|(from, to)| format!("— {}\n{}\n", to.trim(), problems(book, from, to))).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_can_only_go_wrong_is_shown_at_the_rule_that_is_wrong() {
    let book = "rulebook.yaml";
    let changes = [
        ("asset_sum > 0 &&", "asset_sum > \"hej\" &&"),
        ("asset_sum > 0 &&", "asset_sum > \"0\" &&"),
        ("asset_sum > 0 &&", "asset_sum / 0 > 0 &&"),
        ("parameters.assets == \"refer\"", "parameters.assets == \"refere\""),
        ("{part: cost, amount: '${cost.applied}'", "{part: cost, amount: '${\"hej\"}'"),
        ("{part: cost, amount: '${cost.applied}'", "{part: cost, amount: '${cost.known}'"),
        ("{part: cost, amount: '${cost.applied}'", "{part: cost, amount: '${if cost.applied > 1 { () } else { 1 }}'"),
        ("when: '${flags.first_application}'", "when: '${household.members}'"),
        ("when: '${flags.first_application}'", "when: '${household.kind}'"),
        (
            "!is_null(surplus_previous) && surplus_previous > 0 && parameters.surplus_previous == \"refer\"",
            "surplus_previous > 0 && parameters.surplus_previous == \"refer\"",
        ),
        ("amount: '${-surplus_previous}'", "amount: '${-surplus_previous + household.kind}'"),
        (
            "'${!is_null(cost_group.guideline) && cost_group.applied > cost_group.guideline}'",
            "'${cost_group.applied > cost_group.guideline}'",
        ),
        ("when: '${income_group.authorities > 1}'", "when: '${income_group.reported > income_group.declared}'"),
        ("past.result == \"support\"", "past.result == \"avslag\""),
        ("map(|asset| asset.amount)", "map(|asset| asset.belopp)"),
        ("household.children.len > 0)}", "household.children > 0)}"),
        ("months_between(stimulus_since, period) }", "months_between(stimulus_since, date) }"),
        ("contains(parameters.whitelist, income.kind)", "contains(parameters.whitelist, income.net)"),
        ("    title: Första ansökan\n", "    title: \"\"\n"),
        ("    explanation: En första ansökan utreds alltid av en handläggare.\n", "    explanation: ' '\n"),
        ("  - {id: fk, title: Försäkringskassan}", "  - {id: fk, title: ''}"),
        ("    value: application\n", "    value: control\n"),
    ];
    let mut text: Vec<String> =
        changes.iter().map(|(from, to)| format!("— {}\n{}\n", to.trim(), problems(book, from, to))).collect();
    for (file, from, to) in [
        ("guidelines.yaml", "single: \"900\"", "single: 900"),
        ("guidelines.yaml", "single: \"900\"", "single: 900.10"),
        ("guidelines.yaml", "municipality:", "parameters: {counted_month: control}\nmunicipality:"),
        ("amounts/2025.yaml", "amount: \"3910\"", "amount: 3910"),
    ] {
        text.push(format!("— {to}\n{}\n", problems(file, from, to)));
    }
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_guideline_that_is_lower_for_a_family_is_a_warning() {
    let dir = copy_with("guidelines.yaml", "family: \"12500\"", "family: \"125\"");
    let warnings = decision::check(dir.path(), false).warnings;
    let shown = shown(warnings.first().expect("a warning"), dir.path());
    assert!(warnings.len() == 1 && shown.contains("lägre för en familj (125) än för en ensam (9500)"), "{shown}");
    assert!(shown.contains("single: \"9500\", family: \"125\"") && shown.contains("kontrollera beloppen"), "{shown}");
}

#[test]
fn a_cell_is_verified_by_two_people_who_agree() {
    let table = "amounts/2025.yaml";
    let changes = [
        ("adults.single: {amount: \"3910\"", "adults.single: {amount: \"3920\""),
        ("      adults.single: \"3910\"\n", ""),
        ("      adults.single: \"3910\"\n", "      adults.single: \"3901\"\n"),
        ("      adults.single: \"3910\"\n", "      adults.ensam: \"3910\"\n"),
        ("      adults.single: \"3910\"\n", "      adults.single: \"tretusen\"\n"),
        ("- by: \"projektet, första inskrivningen\"", "- by: \"Projektet,  andra inskrivningen\""),
        ("- by: \"projektet, första inskrivningen\"", "- by: \" \""),
        ("at: \"2026-11-23\"", "at: \"igår\""),
    ];
    let text: Vec<String> =
        changes.iter().map(|(from, to)| format!("— {}\n{}\n", to.trim(), problems(table, from, to))).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_case_that_comes_out_wrong_says_how() {
    for (case, from, to, says) in [
        ("C2", "amount: \"6020\"", "amount: \"6021\"", "amount: väntade \"6021\", fick \"6020\""),
        (
            "A17",
            "amount: null, norm: null",
            "amount: null, norm: \"1\"",
            "norm: väntade \"1\", fick null, skäl: unverified_amount, unverified_amount",
        ),
    ] {
        let dir = copy_with("cases/1-hushall.yaml", from, to);
        let results = RuleBook::load(dir.path()).expect("a book").run_cases();
        let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].case.as_str(), failed[0].differences.as_slice()), (case, &[says.to_owned()][..]));
    }
}

#[test]
fn a_rule_that_fails_refers_and_gives_no_amount() {
    let dir = copy_with(
        "rulebook.yaml",
        "{part: cost, amount: '${cost.applied}'",
        "{part: cost, amount: '${cost.applied / (household.members - 1)}'",
    );
    let book = RuleBook::load(dir.path()).expect("a book");
    let suggestion = book.suggest(&book.cases()[0].facts).expect("a suggestion");
    assert_eq!(suggestion.amount, None);
    assert!(suggestion.refer.iter().any(|reason| reason.code == "rule_failed" && reason.details["rule"] == "cost"));
}

#[test]
fn the_payout_is_rounded_only_when_the_book_says_so_and_by_a_line() {
    let dir = copy_with("rulebook.yaml", "    value: none\n", "    value: up_krona\n");
    let book = RuleBook::load(dir.path()).expect("a book");
    let mut facts = book.cases()[0].facts.clone();
    facts["incomes"][0]["net"] = "6200.40".into();
    let suggestion = book.suggest(&facts).expect("a suggestion");
    assert_eq!(suggestion.amount.expect("an amount").to_string(), "6020");
    let line = suggestion.lines.last().expect("a line");
    assert_eq!((line.rule.as_str(), line.amount.to_string().as_str()), ("payout.rounding", "0.4"));
}

#[test]
fn a_years_table_and_a_guideline_are_added_without_rust() {
    let guideline =
        "guidelines:\n  - {cost: medicin, valid: {from: 2022-01}, ceiling: {single: \"400\", family: \"400\"}}";
    let dir = copy_with("guidelines.yaml", "guidelines:", guideline);
    let table =
        fs::read_to_string(shipped().join("amounts/2025.yaml")).expect("a table").replace("year: 2025", "year: 2027");
    fs::write(dir.path().join("amounts/2027.yaml"), table).expect("a new table");
    let book = RuleBook::load(dir.path()).expect("a book");
    let mut facts = book.cases()[0].facts.clone();
    facts["period"] = "2027-01".into();
    facts["costs"] = serde_json::json!([{"kind": "medicin", "applied": "300"}]);
    facts["incomes"] = serde_json::json!([]);
    assert_eq!(book.suggest(&facts).expect("a suggestion").amount.expect("an amount").to_string(), "5480");
}

#[test]
fn the_fingerprint_follows_rules_and_amounts_but_not_cases() {
    let load = |dir: &TempDir| RuleBook::load(dir.path()).expect("a book").sha256().to_owned();
    let same = load(&copy_with("cases/1-hushall.yaml", "Ensamstående 2026", "Ensam 2026"));
    assert_eq!(same, RuleBook::load(&shipped()).expect("a book").sha256());
    assert_ne!(same, load(&copy_with("guidelines.yaml", "\"9500\"", "\"9600\"")));
}

#[test]
fn an_identity_number_anywhere_in_a_book_is_refused_and_not_repeated() {
    let (from, number) = ("title: Ekonomiskt bistånd", "18900112-9817");
    let shown = problems("rulebook.yaml", from, &format!("title: Ekonomiskt bistånd {number}"));
    assert!(shown.starts_with("rulebook.yaml: här står ett personnummer"), "{shown}");
    let dir = copy_with("rulebook.yaml", from, from);
    fs::write(dir.path().join("cases/ett.yaml.bak"), format!("# {number}\n")).expect("a file");
    let problems = RuleBook::load(dir.path()).expect_err("a number in a file beside");
    assert_eq!((problems.len(), problems[0].line), (1, 1));
    assert!(!problems[0].to_string().contains("9817"), "{}", problems[0]);
}

#[test]
fn a_mail_address_or_a_telephone_number_in_a_case_is_refused() {
    for contact in ["anna.alm@exempel.se", "070-123 45 67"] {
        let title = "title: Ensamstående utan inkomster och kostnader";
        let shown = problems("cases/1-hushall.yaml", title, &format!("{title} {contact}"));
        assert!(shown.starts_with("cases/1-hushall.yaml: här står en e-postadress eller ett telefonnummer"), "{shown}");
        assert_eq!(shown.matches(contact).count(), 1, "only in the line that is shown: {shown}");
    }
}

/// What a changed book says of an adult who lives alone, with a wage and a rent.
fn answer(from: &str, to: &str, period: &str) -> (decision::Suggestion, Vec<String>) {
    let dir = copy_with("rulebook.yaml", from, to);
    let path = dir.path().join("rulebook.yaml");
    let text = fs::read_to_string(&path).expect("the book").replacen("coverage: required", "coverage: advised", 1);
    fs::write(&path, text).expect("the change");
    let warnings = decision::check(dir.path(), false).warnings;
    let book = RuleBook::load(dir.path()).expect("a book");
    let suggestion = book.suggest(&facts(period)).expect("a suggestion");
    (suggestion, warnings.into_iter().map(|problem| problem.message).collect())
}

fn facts(period: &str) -> serde_json::Value {
    serde_json::json!({
        "period": period, "date": format!("{period}-15"),
        "household": {"kind": "single", "community_size": 1, "adults": [{"id": "a1", "born": "1985-02-01", "assistance_months_in_row": 2, "jobbstimulans_since": null}], "children": []},
        "incomes": [{"person": "a1", "kind": "sjukpenning", "net": "5000", "period": period, "paid": format!("{period}-10"), "source": "fk"}],
        "costs": [{"kind": "hyra", "applied": "5000"}],
        "sources": {"fk": "ok", "csn": "ok", "so": "ok", "af": "ok", "skv": "ok"},
        "flags": {"protected_identity": false, "first_application": false, "interim_number": false}, "assets": []
    })
}

#[test]
fn what_no_rule_is_for_in_a_month_is_never_left_out_of_the_sum() {
    for (id, unknown) in [("income", "income"), ("cost", "cost"), ("norm.personal", "person")] {
        let rule = fs::read_to_string(shipped().join("rulebook.yaml")).expect("the book");
        let start = rule.find(&format!("  - id: {id}\n")).unwrap_or_else(|| panic!("{id}"));
        let end =
            start + rule[start..].find("valid: {from: 2022-01}").expect("a validity") + "valid: {from: 2022-01}".len();
        let (from, to) = (&rule[start..end], rule[start..end].replace("2022-01", "2025-07"));
        let (suggestion, warnings) = answer(from, &to, "2025-06");
        let found = suggestion
            .refer
            .iter()
            .find(|referral| referral.code == "no_rule")
            .unwrap_or_else(|| panic!("{id}: {suggestion:?}"));
        assert_eq!(found.details["what"], unknown);
        assert_eq!((suggestion.outcome, suggestion.amount), (decision::Outcome::Refer, None), "{id}");
        let gap = format!("regeln ”{id}” börjar gälla 2025-07, och ingen regel med samma namn slutar månaden före");
        assert!(warnings.contains(&gap), "{warnings:?}");
        let (suggestion, _) = answer(from, &to, "2025-07");
        assert!(suggestion.refer.is_empty(), "{suggestion:?}");
    }
}

/// A rule of the shipped book with another validity.
fn with_validity(id: &str, valid: &str) -> TempDir {
    let text = fs::read_to_string(shipped().join("rulebook.yaml")).expect("the book");
    let start = text.find(&format!("  - id: {id}\n")).expect("the rule");
    let known = "valid: {from: 2022-01}";
    let end = start + text[start..].find(known).expect("a validity") + known.len();
    copy_with("rulebook.yaml", &text[start..end], &text[start..end].replace(known, valid))
}

#[test]
fn a_month_without_the_households_rule_is_an_error_unless_it_is_meant() {
    for id in ["norm.shared", "refer.source_silent", "refer.community", "deny.income_over_need"] {
        let told = |valid: &str| match RuleBook::load(with_validity(id, valid).path()) {
            Ok(_) => "inga fel".to_owned(),
            Err(problems) => problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "),
        };
        let begins = told("valid: {from: 2025-01}");
        assert!(begins.contains(&format!("regeln ”{id}” börjar gälla 2025-01, och ingen")), "{begins}");
        let ends = told("valid: {from: 2022-01, to: 2025-12}");
        assert!(ends.contains(&format!("regeln ”{id}” slutar gälla efter 2025-12, och ingen")), "{ends}");
        assert_eq!(told("valid: {from: 2025-01, new: true}"), "inga fel");
        assert_eq!(told("valid: {from: 2022-01, to: 2025-12, ends: true}"), "inga fel");
        // After the last table and before the first there is nothing to miss.
        assert_eq!(told("valid: {from: 2022-01, to: 2026-12}"), "inga fel");
        assert_eq!(told("valid: {from: 2021-06}"), "inga fel");
    }
}

#[test]
fn a_month_without_amounts_gives_nothing_away() {
    let book = RuleBook::load(&shipped()).expect("the shipped book");
    for period in ["2021-12", "2027-01"] {
        let mut facts = facts(period);
        let suggestion = book.suggest(&facts).expect("a suggestion");
        assert!(suggestion.refer.iter().any(|referral| referral.code == "table_missing"), "{suggestion:?}");
        assert_eq!((suggestion.outcome, suggestion.amount), (decision::Outcome::Refer, None));
        facts["sources"]["so"] = "timeout".into();
        let suggestion = book.suggest(&facts).expect("a suggestion");
        assert!(suggestion.refer.iter().any(|referral| referral.code == "source_silent"), "{suggestion:?}");
        facts["flags"]["protected_identity"] = true.into();
        let suggestion = book.suggest(&facts).expect("a suggestion");
        let codes: Vec<&str> = suggestion.refer.iter().map(|referral| referral.code.as_str()).collect();
        assert_eq!((codes, suggestion.lines.len()), (vec!["needs_person"], 0), "{period}");
    }
}
