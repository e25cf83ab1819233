use std::collections::HashSet;

use sandbox::{Outcome, expected_outcomes};

use crate::client::{Client, practice};

#[tokio::test]
async fn each_incoming_application_has_an_expected_outcome_and_only_those() {
    let practice = practice().await;
    let state = Client::new(practice.sandbox.addresses.control).get("/api/state").await.json();
    let incoming: Vec<String> = state["applications"]
        .as_array()
        .expect("applications")
        .iter()
        .filter(|one| one["status"] == "inkommen")
        .map(|one| one["reference"].as_str().expect("a reference").to_owned())
        .collect();
    let expected: Vec<String> = expected_outcomes().expect("the file").into_iter().map(|one| one.reference).collect();
    assert!(incoming.len() >= 30);
    assert_eq!(incoming, expected);
}

#[tokio::test]
async fn what_is_expected_says_all_that_its_status_asks_for() {
    for one in expected_outcomes().expect("the file") {
        let acts = (one.calculations, one.decisions, one.payments, one.mails);
        match one.status {
            Outcome::Registered => assert_eq!((acts, one.amount.is_some()), ((1, 1, 1, 1), true), "{}", one.reference),
            Outcome::Denied => {
                assert_eq!((acts, one.amount.as_deref()), ((1, 1, 0, 1), Some("0")), "{}", one.reference);
            }
            Outcome::HandedOver => assert_eq!((one.mails, one.code.is_some()), (0, true), "{}", one.reference),
        }
    }
}

#[tokio::test]
async fn an_e_mail_address_belongs_to_one_incoming_application() {
    let practice = practice().await;
    let state = Client::new(practice.sandbox.addresses.control).get("/api/state").await.json();
    let mut seen = HashSet::new();
    for one in state["applications"].as_array().expect("applications") {
        if one["status"] == "inkommen" {
            assert!(seen.insert(one["email"].to_string()), "{} twice", one["email"]);
        }
    }
}
