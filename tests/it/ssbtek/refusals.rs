//! Answers that are none: faults, silence, cuts, garbage, other people's answers and attacks. Never zero.

use std::net::TcpListener;

use kollega::ssbtek::{Agency, Client, Status};
use serde_json::json;

use super::service::{
    ANNA, BO, Reply, af, agency_error, answer, asked, config, csn, csn_answer, csn_document, fault, fk, fk_answer,
    fund, fund_payment, impatient, nothing, payment, service, skv, so, soap, studiemedel, with,
};
use super::{answer_of, ask, ask_with, assert_all, assert_only, day};

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
    let client = Client::new(impatient(&service.url)).expect("the configuration is right");
    let started = std::time::Instant::now();

    assert_all(&ask_with(&client, &[ANNA, BO]).await, Status::Timeout, "timeout");

    let one = std::time::Duration::from_secs(1);
    assert!(started.elapsed() < 2 * one, "{:?}", started.elapsed());
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
