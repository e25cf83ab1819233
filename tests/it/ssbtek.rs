//! Asking SSBTEK: what is asked, what is read, and that silence is never taken for zero.

mod contract;
mod practice;
mod refusals;
mod service;
mod tls;

use chrono::NaiveDate;
use kollega::ssbtek::{Agency, Answer, Client, IncomeRow, Status};
use serde_json::json;

use service::{
    ANNA, BO, Service, af, agency_error, answer, asked, csn, csn_answer, fk, fk_answer, fund, fund_payment, nothing,
    payment, service, skv, so, studiemedel, with, without,
};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

async fn ask(service: &Service, persons: &[&str]) -> Answer {
    ask_with(&service.client(), persons).await
}

async fn ask_with(client: &Client, persons: &[&str]) -> Answer {
    let persons: Vec<String> = persons.iter().map(|number| (*number).to_owned()).collect();
    client.ask(&persons, day("2025-12-01"), day("2025-12-31"), "EB-2025-0101").await
}

/// The answer about one person when one agency's part is this and the others have nothing.
async fn answer_of(name: &'static str, part: String) -> Answer {
    let service = service(move |question| answer(question, &with(nothing(ANNA), name, part.clone()))).await;
    ask(&service, &[ANNA]).await
}

fn assert_only(answer: &Answer, agency: Agency, status: Status) {
    for (known, found) in &answer.sources {
        let expected = if *known == agency { status } else { Status::Ok };
        assert_eq!(*found, expected, "{known:?} of {answer:?}");
    }
    assert_eq!(answer.problems.is_empty(), status == Status::Ok, "{answer:?}");
}

fn assert_all(answer: &Answer, status: Status, code: &str) {
    assert_eq!(answer.sources, Agency::ALL.map(|agency| (agency, status)).into());
    assert!(answer.rows.is_empty());
    assert_eq!(answer.problems[0].code, code, "{answer:?}");
    assert_eq!(answer.problems.len() % 5, 0);
}

fn amounts(answer: &Answer) -> Vec<(&str, &str, String)> {
    let amount = |row: &IncomeRow| row.net.to_string();
    answer.rows.iter().map(|row| (row.kind.as_str(), row.code.as_str(), amount(row))).collect()
}

#[tokio::test]
async fn nothing_found_anywhere_is_five_times_ok_and_no_rows() {
    let service = service(|question| answer(question, &nothing(ANNA))).await;

    let answer = ask(&service, &[ANNA]).await;

    let sources = Agency::ALL.map(|agency| (agency, Status::Ok)).into();
    assert_eq!(answer.ids.len(), 1, "the answer can be found again by its call");
    assert_eq!(answer, Answer { sources, ids: answer.ids.clone(), ..Answer::default() });
    assert!(answer.is_whole());
}

#[test]
fn an_answer_in_which_nobody_was_asked_is_not_whole() {
    assert!(!Answer::default().is_whole());
}

#[tokio::test]
async fn every_agencys_rows_are_read() {
    let service = service(|question| {
        let mut lefi = fk_answer(ANNA, &json!([payment("AS", "Aktivitetsstöd", 8857, 2657, 6200)]));
        lefi["preliminaraUtbetalningar"] = json!([{
            "utbetalningsdatum": "2025-12-19", "utbetalningsperiod": {"from": "2025-12-01", "tom": "2025-12-31"},
            "bruttobelopp": 1500, "nettobelopp": 1400,
            "avdrag": [{"belopp": -100, "avdragstyp": {"kod": "PM:PS", "beskrivning": "Skatt"}}],
            "utbetalningsrader": [{"belopp": 1500, "formansgrupp": {"kod": "PM:BTI", "beskrivning": "Bostadstillägg"}}]
        }]);
        let tax = "<Skattekontouppgift><Belopp>812.50</Belopp><Utbetalningsdatum>2025-12-09</Utbetalningsdatum></Skattekontouppgift>";
        let funds = fund("okänd", &fund_payment("9350.00", "8900.50"));
        let parts = with(nothing(ANNA), "FK", fk(&lefi));
        let parts = with(parts, "CSN", csn(ANNA, &studiemedel(3900, 9000, 12900, "Utbetald")));
        let parts = with(with(parts, "SKV", skv(ANNA, tax)), "SO", so(ANNA, &funds));
        answer(question, &parts)
    })
    .await;

    let answer = ask(&service, &[ANNA]).await;

    assert!(answer.is_whole(), "{:?}", answer.problems);
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).expect("the answer is data"));
}

#[tokio::test]
async fn one_call_is_made_for_each_adult_and_their_rows_are_kept_apart() {
    let service = service(|question| {
        let number = asked(question, "personidentitet").to_owned();
        let amount = if number == ANNA { 1250 } else { 2650 };
        let lefi = fk_answer(&number, &json!([payment("ABB", "Barnbidrag", amount, 0, amount)]));
        answer(question, &with(nothing(&number), "FK", fk(&lefi)))
    })
    .await;

    let answer = ask(&service, &[ANNA, BO]).await;

    let rows: Vec<_> = answer.rows.iter().map(|row| (row.person, row.net.to_string())).collect();
    assert_eq!(rows, [(0, "1250".to_owned()), (1, "2650".to_owned())]);
    assert_eq!(service.questions().len(), 2);
}

#[tokio::test]
async fn the_worst_answer_over_all_adults_counts() {
    let service = service(|question| {
        let number = asked(question, "personidentitet").to_owned();
        let silent = agency_error("SSBT", "SSBT0504", "Timeout mot bastjänst");
        let parts = nothing(&number);
        answer(question, &if number == BO { with(parts, "SO", silent) } else { parts })
    })
    .await;

    let answer = ask(&service, &[ANNA, BO]).await;

    assert_only(&answer, Agency::So, Status::Timeout);
    assert_eq!(answer.problems[0].person, 1);
}

#[tokio::test]
async fn an_agency_that_is_left_out_is_an_error_and_not_zero() {
    for agency in Agency::ALL {
        let service =
            service(move |question| answer(question, &without(nothing(ANNA), &agency.id().to_uppercase()))).await;

        assert_only(&ask(&service, &[ANNA]).await, agency, Status::Error);
    }
}

#[tokio::test]
async fn an_agency_that_says_error_is_an_error_and_one_that_was_not_heard_in_time_is_a_timeout() {
    let failed = answer_of("CSN", agency_error("BT", "BT0500", "Tekniskt fel")).await;
    assert_only(&failed, Agency::Csn, Status::Error);
    assert_eq!((failed.problems[0].code.as_str(), failed.problems[0].message.as_str()), ("BT0500", "Tekniskt fel"));

    let silent = answer_of("AF", agency_error("SSBT", "SSBT-17", "Bastjänsten svarade inte")).await;
    assert_only(&silent, Agency::Af, Status::Timeout);
}

#[tokio::test]
async fn deviations_make_forsakringskassan_partial_and_the_other_rows_stay() {
    let mut lefi = fk_answer(ANNA, &json!([payment("AS", "Aktivitetsstöd", 8857, 2657, 6200)]));
    lefi["avvikelser"] = json!({"utbetalningar": [{
        "avvikelse": {"kod": "INTERNT_FEL", "beskrivning": "Delsystemet svarar inte"},
        "formansgrupp": {"kod": "FK:BOB", "beskrivning": "Bostadsbidrag"}
    }]});

    let answer = answer_of("FK", fk(&lefi)).await;

    assert_only(&answer, Agency::Fk, Status::Partial);
    assert_eq!(amounts(&answer), [("aktivitetsstöd", "AS", "6200".to_owned())]);
    assert_eq!(answer.problems[0].code, "INTERNT_FEL");
    assert!(answer.problems[0].message.contains("FK:BOB"));
}

#[tokio::test]
async fn a_provider_that_is_down_or_not_named_makes_forsakringskassan_partial() {
    for state in ["FELANDE", "OTILLGANGLIG", "NÅGOT_NYTT"] {
        for provider in 0..2 {
            let mut lefi = fk_answer(ANNA, &json!([]));
            lefi["utlamnare"][provider]["tillstand"]["kod"] = json!(state);
            assert_only(&answer_of("FK", fk(&lefi)).await, Agency::Fk, Status::Partial);
        }
    }
    let whole = fk_answer(ANNA, &json!([]));
    for providers in [json!([]), json!([whole["utlamnare"][0]]), json!([whole["utlamnare"][1]])] {
        let mut lefi = whole.clone();
        lefi["utlamnare"] = providers;
        assert_only(&answer_of("FK", fk(&lefi)).await, Agency::Fk, Status::Partial);
    }
}

#[tokio::test]
async fn a_payment_that_cannot_be_read_makes_the_answer_partial_and_is_not_counted() {
    let good = || payment("BOB", "Bostadsbidrag", 1300, 0, 1300);
    for (field, value) in [
        ("nettobelopp", json!(null)),
        ("nettobelopp", json!({"summa": -500, "valuta": "SEK"})),
        ("nettobelopp", json!({"summa": 1300.123, "valuta": "SEK"})),
        ("nettobelopp", json!({"summa": 1300, "valuta": "EUR"})),
        ("nettobelopp", json!({"summa": 1200, "valuta": "SEK"})),
        ("datum", json!("17 december")),
        ("period", json!({"fran": "2025-13-01", "till": "2025-12-31"})),
        ("formansfamilj", json!(null)),
    ] {
        let mut bad = good();
        bad[field] = value.clone();
        let answer = answer_of("FK", fk(&fk_answer(ANNA, &json!([bad, good()])))).await;

        assert_only(&answer, Agency::Fk, Status::Partial);
        assert_eq!(answer.rows.len(), 1, "{field}: {value}");
    }
}

#[tokio::test]
async fn a_benefit_that_is_not_known_is_ovrigt_with_its_code_unless_the_municipality_has_read_it() {
    let payments = json!([
        payment("HE", "Handikappersättning", 1800, 0, 1800),
        payment("TFP", "Tillfällig föräldrapenning", 900, 100, 800),
        payment("AS", "Något annat än förut", 700, 0, 700),
    ]);

    let answer = answer_of("FK", fk(&fk_answer(ANNA, &payments))).await;

    let expected = [("övrigt", "HE", "1800"), ("föräldrapenning", "TFP", "800"), ("övrigt", "AS", "700")];
    assert_eq!(amounts(&answer), expected.map(|(kind, code, net)| (kind, code, net.to_owned())));
}

#[tokio::test]
async fn a_pension_that_both_agencies_tell_of_is_counted_once() {
    let mut lefi = fk_answer(ANNA, &json!([payment("BTI", "Bostadstillägg", 1500, 0, 1500)]));
    let pension = |net: u32| {
        json!([{
            "utbetalningsdatum": "2025-12-17", "bruttobelopp": net, "nettobelopp": net,
            "utbetalningsrader": [{"belopp": net, "formansgrupp": {"kod": "PM:BTI", "beskrivning": "Bostadstillägg"}}]
        }])
    };
    lefi["utbetalningar"] = pension(1500);
    let same = answer_of("FK", fk(&lefi)).await;
    lefi["utbetalningar"] = pension(1400);
    let different = answer_of("FK", fk(&lefi)).await;

    assert_only(&same, Agency::Fk, Status::Ok);
    assert_eq!(amounts(&same), [("bostadstillägg", "PM:BTI", "1500".to_owned())]);
    assert_only(&different, Agency::Fk, Status::Partial);
}

#[tokio::test]
async fn an_amount_with_ore_is_read_exactly() {
    let mut row = payment("BOB", "Bostadsbidrag", 1300, 0, 1300);
    row["nettobelopp"] = json!({"summa": 513.55, "valuta": "SEK"});
    row["bruttobelopp"] = json!(null);

    let answer = answer_of("FK", fk(&fk_answer(ANNA, &json!([row])))).await;

    assert_eq!(amounts(&answer)[0].2, "513.55");
}

#[tokio::test]
async fn a_payment_for_days_in_two_months_has_no_month() {
    let mut row = payment("BOB", "Bostadsbidrag", 1300, 0, 1300);
    row["period"] = json!({"fran": "2025-11-24", "till": "2025-12-07"});

    let answer = answer_of("FK", fk(&fk_answer(ANNA, &json!([row])))).await;

    assert_eq!((answer.rows[0].period, answer.rows[0].from), (None, Some(day("2025-11-24"))));
}

#[tokio::test]
async fn study_grant_and_loan_are_two_rows_and_a_planned_payment_says_so() {
    let answer = answer_of("CSN", csn(ANNA, &studiemedel(3900, 9000, 12900, "Planerad"))).await;

    assert_only(&answer, Agency::Csn, Status::Ok);
    let expected = [("studiebidrag", "GRUNDB", "3900"), ("studielån", "GRUNDL", "9000")];
    assert_eq!(amounts(&answer), expected.map(|(kind, code, net)| (kind, code, net.to_owned())));
    assert!(
        answer
            .rows
            .iter()
            .all(|row| row.planned && row.period.map(|month| month.to_string()).as_deref() == Some("2025-12"))
    );
}

#[tokio::test]
async fn study_support_whose_parts_do_not_add_up_is_not_counted() {
    let answer = answer_of("CSN", csn(ANNA, &studiemedel(3900, 9000, 12000, "Utbetald"))).await;

    assert_only(&answer, Agency::Csn, Status::Partial);
    assert!(answer.rows.is_empty());
}

#[tokio::test]
async fn an_inner_document_in_iso_8859_1_is_read() {
    let document = csn_answer(ANNA, &studiemedel(3900, 9000, 12900, "Utbetald")).replace("UTF-8", "ISO-8859-1");
    let bytes: Vec<u8> = document.chars().map(|letter| u8::try_from(u32::from(letter)).expect("latin")).collect();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);

    let answer = answer_of("CSN", format!("<ssbt:data><ssbt:svar>{encoded}</ssbt:svar></ssbt:data>")).await;

    assert_only(&answer, Agency::Csn, Status::Ok);
    assert_eq!(answer.rows[1].text.as_deref(), Some("Lån"));
}

#[tokio::test]
async fn a_fund_without_payments_has_answered_only_if_it_says_so() {
    assert_only(&answer_of("SO", so(ANNA, &fund("OK", ""))).await, Agency::So, Status::Ok);
    assert_only(&answer_of("SO", so(ANNA, &fund("9", ""))).await, Agency::So, Status::Partial);
    let one_of_two = format!("{}{}", fund("OK", ""), fund("9", ""));
    assert_only(&answer_of("SO", so(ANNA, &one_of_two)).await, Agency::So, Status::Partial);
}

#[tokio::test]
async fn what_a_fund_keeps_back_is_a_deduction() {
    let answer = answer_of("SO", so(ANNA, &fund("OK", &fund_payment("9350.00", "8900.50")))).await;

    assert_eq!(amounts(&answer)[0].2, "8900.5");
    assert_eq!(answer.rows[0].deductions[0].amount.to_string(), "449.5");
}

#[tokio::test]
async fn arbetsformedlingen_with_a_status_that_is_not_known_is_partial() {
    assert_only(&answer_of("AF", af(ANNA, "17")).await, Agency::Af, Status::Partial);
}

#[tokio::test]
async fn a_tax_account_entry_that_is_not_plain_is_not_guessed() {
    let entry =
        "<Skattekontouppgift><IngaendeBelopp>1</IngaendeBelopp><UtgaendeBelopp>2</UtgaendeBelopp></Skattekontouppgift>";

    let answer = answer_of("SKV", skv(ANNA, entry)).await;

    assert_only(&answer, Agency::Skv, Status::Partial);
    assert!(answer.rows.is_empty());
}

#[tokio::test]
async fn a_protected_identity_is_told() {
    let mut lefi = fk_answer(ANNA, &json!([]));
    lefi["formansinformation"]["generellPersoninformation"][0]["skyddad"] = json!(true);

    assert_eq!(answer_of("FK", fk(&lefi)).await.protected, [0]);
}

#[tokio::test]
async fn an_empty_lefi_answer_does_not_say_that_forsakringskassan_answered() {
    assert_only(&answer_of("FK", fk(&json!({}))).await, Agency::Fk, Status::Partial);
}
