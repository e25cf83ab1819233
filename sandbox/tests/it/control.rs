use crate::client::{Client, practice, signed_in_to_akten};

#[tokio::test]
async fn a_fault_is_added_by_json_and_by_hand_and_cleared() {
    let practice = practice().await;
    let mut control = Client::new(practice.sandbox.addresses.control);
    let added = control.json("POST", "/api/faults", r#"{"system":"akten","kind":"cut_after","act":"payment"}"#).await;
    assert_eq!(added.status, 201);
    assert_eq!(
        control.post("/faults", "system=ssbtek&kind=silent&agency=so&times=2&act=&reference=").await.status,
        303
    );
    let faults = control.get("/api/faults").await.json();
    assert_eq!(faults[0]["kind"], "cut_after");
    assert_eq!((&faults[1]["agency"], &faults[1]["left"]), (&"so".into(), &2.into()));
    assert!(control.get("/").await.body.contains("cut_after"));
    assert_eq!(control.json("DELETE", "/api/faults", "").await.status, 204);
    assert!(control.get("/").await.body.contains("Inga fel är på."));
}

#[tokio::test]
async fn a_fault_that_is_not_one_is_refused() {
    let practice = practice().await;
    let mut control = Client::new(practice.sandbox.addresses.control);
    let refused = control.json("POST", "/api/faults", r#"{"system":"akten","kind":"cut_afterwards"}"#).await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn a_planted_record_is_in_akten_and_reset_removes_it() {
    let practice = practice().await;
    let mut control = Client::new(practice.sandbox.addresses.control);
    let planted = r#"{"kind":"payment","akt":"A-1001","reference":"EB-2025-0101","period":"2025-12","amount":"6020","date":"2025-12-30"}"#;
    assert_eq!(control.json("POST", "/api/akten/records", planted).await.status, 201);
    let mut akten = signed_in_to_akten(&practice).await;
    let state = "bGlzdGE7c2lkYT0yO2FrdD1BLTEwMDE%3D";
    let page = akten.post("/akt/A-1001/utbetalningar", &format!("__EVENTTARGET=&__VIEWSTATE={state}")).await;
    assert!(
        page.body.contains("<td>EB-2025-0101</td><td>2025-12-30</td><td>2025-12</td><td>6 020,00</td>"),
        "{}",
        page.body
    );
    let counts = control.get("/api/counts/EB-2025-0101").await.json();
    assert_eq!(counts["payments"], 1);
    assert_eq!(control.json("POST", "/api/reset", "").await.status, 204);
    assert_eq!(control.get("/api/counts/EB-2025-0101").await.json()["payments"], 0);
    assert_eq!(control.get("/api/counts/EB-2025-0128").await.json()["payments"], 1, "the seed is back");
}

#[tokio::test]
async fn state_shows_everything() {
    let practice = practice().await;
    let mut control = Client::new(practice.sandbox.addresses.control);
    let state = control.get("/api/state").await.json();
    assert_eq!(state["applications"].as_array().expect("applications").len(), 40);
    assert!(state["records"].as_array().expect("records").len() > 100);
    let expected = control.get("/api/expected").await.json();
    assert_eq!(expected[0]["amount"], "6020");
}
