//! Asking SSBTEK: what is asked, what is read, and that silence is never taken for zero.

#[path = "ssbtek_contract.rs"]
mod contract;
#[path = "ssbtek_service.rs"]
mod service;
#[path = "ssbtek_tls.rs"]
mod tls;

use std::net::TcpListener;

use chrono::NaiveDate;
use kollega::ssbtek::{Agency, Answer, Client, IncomeRow, Status};
use serde_json::json;

use service::{
    ANNA, BO, Reply, Service, af, agency_error, answer, asked, config, csn, csn_answer, csn_document, fault, fk,
    fk_answer, fund, fund_payment, nothing, payment, service, skv, so, soap, studiemedel, with, without,
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
    assert_eq!(answer, Answer { sources, ..Answer::default() });
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
    let mut lefi = fk_answer(ANNA, &json!([]));
    lefi["utlamnare"] = json!([]);
    assert_only(&answer_of("FK", fk(&lefi)).await, Agency::Fk, Status::Partial);
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
async fn an_answer_about_somebody_else_is_an_error_and_its_rows_are_nobodys() {
    let theirs = fk_answer(BO, &json!([payment("AS", "Aktivitetsstöd", 8857, 2657, 6200)]));
    for (name, part, agency) in [
        ("FK", fk(&theirs), Agency::Fk),
        ("CSN", csn(BO, &studiemedel(3900, 9000, 12900, "Utbetald")), Agency::Csn),
        ("SO", so(BO, &fund("OK", &fund_payment("100", "100"))), Agency::So),
        ("SKV", skv(BO, ""), Agency::Skv),
        ("AF", af(BO, "0"), Agency::Af),
    ] {
        let answer = answer_of(name, part).await;

        assert_only(&answer, agency, Status::Error);
        assert!(answer.rows.is_empty());
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_an_error() {
    let service = service(|question| {
        let correlation = asked(question, "korrelationsid").to_owned();
        match answer(question, &nothing(ANNA)) {
            Reply::Xml(text) => Reply::Xml(text.replace(&correlation, "en-annan")),
            other => other,
        }
    })
    .await;

    assert_all(&ask(&service, &[ANNA]).await, Status::Error, "wrong_answer");
}

#[tokio::test]
async fn a_protected_identity_is_told() {
    let mut lefi = fk_answer(ANNA, &json!([]));
    lefi["formansinformation"]["generellPersoninformation"][0]["skyddad"] = json!(true);

    assert_eq!(answer_of("FK", fk(&lefi)).await.protected, [0]);
}

#[tokio::test]
async fn garbage_in_one_agencys_part_is_that_agencys_error() {
    let base64 = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let lefi = |json: &str| format!("<ssbt:data><ssbt:lefiJsonSvar>{}</ssbt:lefiJsonSvar></ssbt:data>", base64(json));
    let cut = csn_answer(ANNA, "");
    for (name, part, agency) in [
        ("FK", "<ssbt:data/>".to_owned(), Agency::Fk),
        ("FK", "<ssbt:data><ssbt:lefiJsonSvar>ÅÄÖ</ssbt:lefiJsonSvar></ssbt:data>".to_owned(), Agency::Fk),
        ("FK", lefi("null"), Agency::Fk),
        ("FK", lefi("{\"utlamnare\": [{"), Agency::Fk),
        ("FK", lefi("{\"utlamnare\": \"FK\"}"), Agency::Fk),
        ("FK", String::new(), Agency::Fk),
        ("CSN", csn_document(&cut[..cut.len() - 20]), Agency::Csn),
        ("CSN", csn_document("<html>fel</html>"), Agency::Csn),
        ("SKV", "<ssbt:data><svar>inte xml</svar></ssbt:data>".to_owned(), Agency::Skv),
        ("SO", "<ssbt:data/>".to_owned(), Agency::So),
        ("AF", "<ssbt:data/>".to_owned(), Agency::Af),
    ] {
        let answer = answer_of(name, part.clone()).await;
        assert_eq!(answer.sources[&agency], Status::Error, "{part}");
        assert_only(&answer, agency, Status::Error);
    }
}

#[tokio::test]
async fn an_empty_lefi_answer_does_not_say_that_forsakringskassan_answered() {
    assert_only(&answer_of("FK", fk(&json!({}))).await, Agency::Fk, Status::Partial);
}

#[tokio::test]
async fn a_fault_is_an_error_for_all_with_its_code() {
    let service = service(|_| fault("SSBT1001", "Ogiltig fråga")).await;

    assert_all(&ask(&service, &[ANNA, BO]).await, Status::Error, "SSBT1001");
}

#[tokio::test]
async fn an_http_error_without_a_fault_is_an_error_for_all() {
    for (status, code) in [(500, "http 500"), (403, "http 403"), (302, "http 302"), (404, "http 404")] {
        let service = service(move |_| Reply::Status(status, "<html>nej")).await;
        assert_all(&ask(&service, &[ANNA]).await, Status::Error, code);
    }
}

#[tokio::test]
async fn a_whole_answer_with_an_error_status_is_not_believed() {
    let service = service(|question| match answer(question, &nothing(ANNA)) {
        Reply::Xml(text) => Reply::Fault(text),
        other => other,
    })
    .await;

    assert_all(&ask(&service, &[ANNA]).await, Status::Error, "http 500");
}

#[tokio::test]
async fn silence_is_a_timeout_for_all_and_two_adults_wait_no_longer_than_one() {
    let service = service(|_| Reply::Silence).await;
    let started = std::time::Instant::now();

    assert_all(&ask(&service, &[ANNA, BO]).await, Status::Timeout, "timeout");

    assert!(started.elapsed() < std::time::Duration::from_millis(1900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn nobody_listening_and_a_cut_connection_are_errors_for_all() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let client = Client::new(config(&url)).expect("the configuration is right");
    let cut = std::thread::spawn(move || drop(listener.accept()));

    assert_all(&ask_with(&client, &[ANNA]).await, Status::Error, "transport");
    cut.join().expect("the peer ended");
    assert_all(&ask_with(&client, &[ANNA]).await, Status::Error, "connect");
}

#[tokio::test]
async fn a_truncated_document_is_an_error_for_all_wherever_it_is_cut() {
    for part in 1..10 {
        let service = service(move |question| match answer(question, &nothing(ANNA)) {
            Reply::Xml(text) => Reply::Xml(text[..text.floor_char_boundary(text.len() * part / 10)].to_owned()),
            other => other,
        })
        .await;
        assert_all(&ask(&service, &[ANNA]).await, Status::Error, "unreadable");
    }
}

#[tokio::test]
async fn other_documents_are_errors_for_all() {
    for text in [
        String::new(),
        "inte xml".to_owned(),
        "<html/>".to_owned(),
        soap(""),
        soap("<annat/>"),
        soap(
            "<x:hamtaBastjanstInformationResponse xmlns:x=\"urn:annat\"><x:svarsdata/></x:hamtaBastjanstInformationResponse>",
        ),
        format!("{0}{0}", "<a>".repeat(100)),
    ] {
        let service = service(move |_| Reply::Xml(text.clone())).await;
        assert_all(&ask(&service, &[ANNA]).await, Status::Error, "unreadable");
    }
    let service = service(|_| Reply::Bytes(vec![0xff, 0xfe, 0x00])).await;
    assert_all(&ask(&service, &[ANNA]).await, Status::Error, "unreadable");
}

#[tokio::test]
async fn document_types_and_entities_are_refused_outside_and_inside() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]>";
    let outside = service(move |question| match answer(question, &nothing(ANNA)) {
        Reply::Xml(text) => Reply::Xml(text.replacen("?>\n", &format!("?>\n{bomb}"), 1)),
        other => other,
    })
    .await;
    assert_all(&ask(&outside, &[ANNA]).await, Status::Error, "unreadable");

    let document = csn_answer(ANNA, "");
    let inside = document.replacen("?>\n", &format!("?>\n{bomb}"), 1);
    assert_only(&answer_of("CSN", csn_document(&inside)).await, Agency::Csn, Status::Error);
    let entity = document.replace("Inget att rapportera", "&c;");
    assert_only(&answer_of("CSN", csn_document(&entity)).await, Agency::Csn, Status::Error);
}

#[tokio::test]
async fn an_answer_out_of_proportion_is_an_error_and_is_not_read_to_its_end() {
    let service = service(|_| Reply::Bytes(vec![b' '; 64 * 1024 * 1024])).await;

    assert_all(&ask(&service, &[ANNA]).await, Status::Error, "too_large");
}

#[tokio::test]
async fn a_number_that_cannot_be_asked_about_stops_every_call() {
    let service = service(|question| answer(question, &nothing(ANNA))).await;

    for wrong in ["19880209T050", "196408233235", "198512052394", "8512052393", "19851205-2393", ""] {
        assert_all(&ask(&service, &[ANNA, wrong]).await, Status::Error, "invalid_number");
    }

    assert_eq!(service.questions(), Vec::<String>::new());
}

#[tokio::test]
async fn a_period_or_errand_that_cannot_be_asked_about_stops_every_call() {
    let service = service(|question| answer(question, &nothing(ANNA))).await;
    let (client, persons) = (service.client(), [ANNA.to_owned()]);
    let (from, to) = (day("2025-12-01"), day("2025-12-31"));

    assert_all(&client.ask(&persons, to, from, "EB-1").await, Status::Error, "invalid_period");
    assert_all(&client.ask(&persons, day("2023-12-01"), to, "EB-1").await, Status::Error, "invalid_period");
    assert_all(&client.ask(&persons, from, to, " ").await, Status::Error, "invalid_errand");
    assert_all(&client.ask(&[], from, to, "EB-1").await, Status::Error, "no_person");

    assert_eq!(service.questions(), Vec::<String>::new());
}

#[tokio::test]
async fn no_personal_number_stands_in_a_problem_or_in_debug_output() {
    let message = format!("Personen {ANNA} (851205-2393) finns inte");
    let service = service(move |question| {
        let parts = with(nothing(BO), "SO", agency_error("BT", "BT0404", &message));
        answer(question, &parts)
    })
    .await;

    let answer = ask(&service, &[ANNA]).await;

    let problems = format!("{} {answer:?}", serde_json::to_string(&answer).expect("the answer is data"));
    for number in [ANNA, BO, "851205-2393", "2393"] {
        assert!(!problems.contains(number), "{number} in {problems}");
    }
    assert!(problems.contains("Personen [personnummer] ([personnummer]) finns inte"));
}
