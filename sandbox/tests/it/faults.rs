use std::time::Duration;

use sandbox::{FaultKind, FaultSpec, Kind, System};

use crate::client::{Practice, practice, signed_in_to_akten};

const PAYMENT: &str = "f11=EB-2025-0101&f12=2025-12&f14=6020&f18=2025-12-30&f19=Anders";
const SAVE: &str = "/popup/utbetalning?akt=A-1001";

async fn payments(practice: &Practice) -> u32 {
    practice.sandbox.counts("EB-2025-0101").await.expect("counts").payments
}

fn akten(kind: FaultKind) -> FaultSpec {
    FaultSpec::new(System::Akten, kind)
}

#[tokio::test]
async fn a_cut_before_saves_nothing_and_answers_nothing() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    practice.sandbox.add_fault(akten(FaultKind::CutBefore)).await.expect("a fault");
    assert!(client.get("/akt/A-1001").await.body.contains("Akt A-1001"), "a page is not a save");
    assert!(client.try_post(SAVE, PAYMENT).await.is_none());
    assert_eq!(payments(&practice).await, 0);
    assert!(client.try_post(SAVE, PAYMENT).await.is_some(), "it strikes once");
    assert_eq!(payments(&practice).await, 1);
}

#[tokio::test]
async fn a_cut_after_has_saved() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    practice.sandbox.add_fault(akten(FaultKind::CutAfter)).await.expect("a fault");
    assert!(client.try_post(SAVE, PAYMENT).await.is_none());
    assert_eq!(payments(&practice).await, 1);
}

#[tokio::test]
async fn a_late_save_lands_seconds_after_the_cut() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    practice.sandbox.add_fault(FaultSpec { seconds: 0.7, ..akten(FaultKind::CutLate) }).await.expect("a fault");
    assert!(client.try_post(SAVE, PAYMENT).await.is_none());
    assert_eq!(payments(&practice).await, 0);
    let landed = async {
        while payments(&practice).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), landed).await.expect("the save lands");
    assert_eq!(payments(&practice).await, 1);
}

#[tokio::test]
async fn a_fault_strikes_only_its_act_and_its_application() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    let fault = FaultSpec {
        act: Some(Kind::Payment),
        reference: Some("EB-2025-0101".to_owned()),
        ..akten(FaultKind::CutBefore)
    };
    practice.sandbox.add_fault(fault).await.expect("a fault");
    assert!(
        client.try_post("/popup/beslut?akt=A-1001", "f11=EB-2025-0101&f12=2025-12&f14=1&f15=Bifall").await.is_some()
    );
    assert!(client.try_post(SAVE, "f11=EB-2025-0102&f12=2025-12&f14=1&f18=2025-12-30").await.is_some());
    assert!(client.try_post(SAVE, PAYMENT).await.is_none());
}

#[tokio::test]
async fn a_session_expires_at_the_nth_request() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    practice.sandbox.add_fault(FaultSpec { skip: 2, ..akten(FaultKind::ExpireSession) }).await.expect("a fault");
    for _ in 0..2 {
        assert!(client.get("/start").await.body.contains("Välkommen"));
    }
    assert!(client.get("/start").await.body.contains("Din session har gått ut"));
    assert!(client.get("/start").await.body.contains("Akten – Inloggning"));
}

#[tokio::test]
async fn a_session_can_end_in_the_middle_of_a_look_at_one_list() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    let fault = FaultSpec { path: Some("/akt/A-1001/utbet".to_owned()), ..akten(FaultKind::ExpireSession) };
    practice.sandbox.add_fault(fault).await.expect("a fault");
    assert!(client.get("/akt/A-1001/beslut").await.body.contains("<caption>Beslut</caption>"));
    assert!(client.get("/akt/A-1001/utbetalningar").await.body.contains("Din session har gått ut"));
}

#[tokio::test]
async fn a_page_can_be_slow_broken_chatty_or_relabelled() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    practice.sandbox.add_fault(FaultSpec { ms: 300, ..akten(FaultKind::Slow) }).await.expect("a fault");
    let began = std::time::Instant::now();
    client.get("/start").await;
    assert!(began.elapsed() >= Duration::from_millis(300));
    practice.sandbox.add_fault(akten(FaultKind::Error500)).await.expect("a fault");
    assert_eq!(client.get("/start").await.status, 500);
    let dialog = FaultSpec { text: "Licensen går </script> ut".to_owned(), ..akten(FaultKind::Dialog) };
    practice.sandbox.add_fault(dialog).await.expect("a fault");
    assert!(!client.get("/").await.body.contains("alert("), "a frameset has no body and uses up no dialog");
    assert!(client.get("/start").await.body.contains(r#"alert("Licensen går \u003c/script> ut")"#));
    let renamed =
        FaultSpec { from: "Belopp".to_owned(), to: "Summa".to_owned(), times: 0, ..akten(FaultKind::RenameLabel) };
    practice.sandbox.add_fault(renamed).await.expect("a fault");
    let form = client.get("/popup/beslut?akt=A-1001").await;
    assert!(form.body.contains("<td>Summa</td>") && !form.body.contains("<td>Belopp</td>"));
}

#[tokio::test]
async fn the_same_seed_meets_the_same_faults() {
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let practice = practice().await;
        let mut client = signed_in_to_akten(&practice).await;
        practice
            .sandbox
            .add_fault(FaultSpec { times: 0, probability: 0.5, ..akten(FaultKind::Error500) })
            .await
            .expect("a fault");
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(client.get("/start").await.status);
        }
        rounds.push(statuses);
    }
    assert_eq!(rounds[0], rounds[1]);
    assert!(rounds[0].contains(&500) && rounds[0].contains(&200));
}
