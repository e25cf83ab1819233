use sandbox::{Config, Kind};

use crate::client::{Client, key, practice, signed_in_to_akten};

const CALCULATION: &str = "f11=EB-2025-0101&f12=2025-12&f13=5180&f14=6+020%2C00&f201a=6200&f300a=6300&f300b=6300";

#[tokio::test]
async fn any_address_shows_the_sign_in_until_signed_in() {
    let practice = practice().await;
    let mut client = Client::new(practice.sandbox.addresses.akten);
    let page = client.get("/akt/A-1001/berakningar").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Akten – Inloggning") && !page.body.contains("EB-2025-0011"));
    let mut client = signed_in_to_akten(&practice).await;
    let page = client.get("/akt/A-1001/ber%C3%A4kningar").await;
    assert!(page.body.contains("<caption>Beräkningar</caption>") && page.body.contains("EB-2025-0011"));
}

#[tokio::test]
async fn the_keypads_places_move_and_a_keypad_is_used_once() {
    let practice = practice().await;
    let mut client = Client::new(practice.sandbox.addresses.akten);
    let order = |body: &str| body.matches("width:32px").count();
    let first = client.get("/").await;
    let second = client.get("/").await;
    assert_eq!(order(&first.body), 10);
    let digits = |page: &crate::client::Answer| {
        page.body.split("type=\"button\" value=\"").skip(1).map(|part| part[..1].to_owned()).collect::<Vec<_>>()
    };
    assert_ne!(digits(&first), digits(&second));
    let keypad = first.between("name=\"kb\" value=\"", "\"").to_owned();
    let wrong = format!("f1=robot01&f2=Vinter-2025&kb={keypad}&f3={}", key(&first, '1'));
    assert!(client.post("/logga-in", &wrong).await.body.contains("Inloggningen misslyckades"));
    let pin: Vec<String> = "4711".chars().map(|digit| key(&first, digit)).collect();
    let again = format!("f1=robot01&f2=Vinter-2025&kb={keypad}&f3={}", pin.join("."));
    assert!(client.post("/logga-in", &again).await.body.contains("Inloggningen misslyckades"));
}

#[tokio::test]
async fn saving_twice_makes_two_records() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    for _ in 0..2 {
        let saved = client.post("/popup/berakning?akt=A-1001", CALCULATION).await;
        assert!(saved.body.contains("alert('Sparad')"), "{}", saved.body);
    }
    let counts = practice.sandbox.counts("EB-2025-0101").await.expect("counts");
    assert_eq!((counts.calculations, counts.decisions, counts.payments), (2, 0, 0));
}

#[tokio::test]
async fn a_saved_calculation_keeps_its_rows_and_sums() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    client.post("/popup/berakning?akt=A-1001", CALCULATION).await;
    let records = practice.sandbox.records().await.expect("records");
    let record = records.last().expect("a record");
    assert_eq!((record.kind, record.akt.as_str(), record.period.as_str()), (Kind::Calculation, "A-1001", "2025-12"));
    assert_eq!(record.amount.to_string(), "6020.00");
    assert_eq!(record.detail.incomes, [("Aktivitetsstöd".to_owned(), "6200".to_owned(), String::new())]);
    assert_eq!(record.detail.costs, [("Hyra".to_owned(), "6300".to_owned(), "6300".to_owned())]);
    assert_eq!(record.detail.income.map(|sum| sum.to_string()).as_deref(), Some("6200"));
}

#[tokio::test]
async fn what_is_not_right_is_not_saved() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    let before = practice.sandbox.records().await.expect("records").len();
    for (form, wrong) in [
        ("berakning", "f11=X&f12=2025-12&f13=5180&f14=mycket"),
        ("berakning", "f11=X&f12=december&f13=5180&f14=1"),
        ("beslut", "f11=X&f12=2025-12&f14=1&f15="),
        ("utbetalning", "f11=X&f12=2025-12&f14=1&f18=2025-02-30"),
    ] {
        let page = client.post(&format!("/popup/{form}?akt=A-1001"), wrong).await;
        assert!(page.body.contains("class=\"fel\">Fel: "), "{wrong}: {}", page.body);
        assert!(page.body.contains("value=\"X\""), "what was typed is still there");
    }
    assert_eq!(practice.sandbox.records().await.expect("records").len(), before);
}

#[tokio::test]
async fn a_new_record_is_last_and_so_on_page_two() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    client.post("/popup/beslut?akt=A-1001", "f11=EB-2025-0101&f12=2025-12&f14=6020&f15=Bifall&f16=Anna").await;
    let first = client.get("/akt/A-1001/beslut").await;
    assert!(first.body.contains("Sida 1 av 2") && !first.body.contains("EB-2025-0101"));
    let state = first.between("name=\"__VIEWSTATE\" value=\"", "\"").replace('=', "%3D").replace('+', "%2B");
    let second = client.post("/akt/A-1001/beslut", &format!("__EVENTTARGET=lista%24nasta&__VIEWSTATE={state}")).await;
    assert!(second.body.contains("<td>EB-2025-0101</td><td>Bifall</td><td>2025-12</td><td>6 020,00</td><td>Anna</td>"));
}

#[tokio::test]
async fn an_idle_session_is_over_and_saves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::in_folder(folder.path());
    config.akten_idle = std::time::Duration::ZERO;
    let sandbox = sandbox::start(config).await.expect("the sandbox starts");
    let practice = crate::client::Practice { sandbox, folder };
    let mut client = signed_in_to_akten(&practice).await;
    let page = client.post("/popup/berakning?akt=A-1001", CALCULATION).await;
    assert!(page.body.contains("Din session har gått ut"));
    assert!(client.get("/start").await.body.contains("Akten – Inloggning"));
    assert_eq!(practice.sandbox.counts("EB-2025-0101").await.expect("counts").calculations, 0);
}

#[tokio::test]
async fn records_survive_a_restart_and_sessions_do_not() {
    let practice = practice().await;
    let mut client = signed_in_to_akten(&practice).await;
    client.post("/popup/berakning?akt=A-1001", CALCULATION).await;
    let crate::client::Practice { sandbox, folder } = practice;
    sandbox.stop().await;
    let sandbox = sandbox::start(Config::in_folder(folder.path())).await.expect("it starts again");
    assert_eq!(sandbox.counts("EB-2025-0101").await.expect("counts").calculations, 1);
    let practice = crate::client::Practice { sandbox, folder };
    let mut client = Client::new(practice.sandbox.addresses.akten);
    assert!(client.get("/start").await.body.contains("Akten – Inloggning"));
}
