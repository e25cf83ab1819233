//! The console's list of items: found, sorted, page by page, and what people do to those they have chosen.

use kollega::model::ItemState;
use kollega::store::NewItem;
use reqwest::StatusCode;
use serde_json::json;

use crate::console::{Browser, Page, signed_in};
use crate::office::{Office, PERSONNUMMER, approval};

const BOT: &str = "ekonomiskt-bistand";

async fn add(office: &Office, reference: &str, deadline: Option<&str>) {
    let fields =
        json!({"ansokan": reference, "personnummer": {"$personnummer": PERSONNUMMER}, "hyra": {"$money": "6300"}});
    let new = NewItem {
        deadline_at: deadline.map(|text| text.parse().expect("a time")),
        ..NewItem::new(BOT, reference, &fields)
    };
    office.desk.store.enqueue_item(&office.run, &new).await.expect("an item");
}

/// The references in the order shown.
fn shown(page: &Page) -> Vec<String> {
    let rows = page.text.split("<th scope=\"row\"><a href=\"/arende/").skip(1);
    rows.filter_map(|row| row.split_once('>')?.1.split_once('<').map(|(reference, _)| reference.to_owned())).collect()
}

async fn id(office: &Office, reference: &str) -> String {
    office.item(reference).await.id.0
}

/// Sends a form of the list, with its token.
async fn send(browser: &mut Browser, path: &str, form: &[(&str, &str)]) -> Page {
    let csrf = browser.get("/arenden").await.hidden("csrf");
    browser.post(path, &[&[("csrf", csrf.as_str())], form].concat()).await
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_says_what_is_late() {
    let office = Office::open().await;
    let mut browser = signed_in(&office, "olle", "operations").await;
    assert!(browser.get("/arenden").await.shows("Inga ärenden ännu"));
    add(&office, "A-1", Some("2999-01-01T00:00:00Z")).await;
    add(&office, "A-2", Some("2020-01-01T00:00:00Z")).await;
    add(&office, "B-1", None).await;
    office.execute("update items set created_at = '2020-01-01T00:00:00.000Z' where reference = 'B-1'").await;
    for (address, expected) in [
        ("/arenden", &["A-1", "A-2", "B-1"][..]),
        ("/arenden?referens=A-", &["A-1", "A-2"]),
        ("/arenden?aldre=2d", &["B-1"]),
        ("/arenden?forsenade=1", &["A-2"]),
        ("/arenden?lage=done", &[]),
        ("/arenden?sortera=referens&omvand=1", &["B-1", "A-2", "A-1"]),
        ("/arenden?sortera=frist", &["A-2", "A-1", "B-1"]),
    ] {
        assert_eq!(shown(&browser.get(address).await), expected, "{address}");
    }
    let page = browser.get("/arenden?sortera=frist").await;
    assert!(page.shows("aria-sort=\"ascending\"") && page.shows("sortera=frist&amp;omvand=1"), "{}", page.text);
    assert_eq!(page.text.matches("försenat</span>").count(), 1);
    assert!(browser.get("/arenden?aldre=x").await.shows("ingen tidslängd"));
    let item = browser.get(&format!("/arende/{}", id(&office, "A-2").await)).await;
    assert!(item.shows("försenat</span>") && item.shows("Försenat: det skulle ha varit klart 2020-01-01 01:00"));
}

#[tokio::test]
async fn long_lists_have_pages() {
    let office = Office::open().await;
    for number in 0..101 {
        add(&office, &format!("A-{number:03}"), None).await;
    }
    let mut browser = signed_in(&office, "olle", "operations").await;
    let first = browser.get("/arenden?referens=A").await;
    assert_eq!(shown(&first).len(), 100);
    assert!(first.shows("101 ärenden, sida 1 av 2") && first.shows("arenden?referens=A&amp;sida=2"));
    let second = browser.get("/arenden?referens=A&sida=2").await;
    assert_eq!(shown(&second), ["A-100"]);
    assert!(second.shows("Föregående sida") && !second.shows("Nästa sida"));
    // All that the filter lets through, on every page.
    let asked = send(&mut browser, "/arenden/atgard", &[("referens", "A"), ("alla", "1"), ("vad", "cancel")]).await;
    assert_eq!(shown(&asked).len(), 101);
}

#[tokio::test]
async fn an_order_says_first_what_will_happen_and_then_what_did() {
    let office = Office::open().await;
    let mut browser = signed_in(&office, "olle", "operations").await;
    for reference in ["A-1", "A-2", "A-3"] {
        add(&office, reference, None).await;
    }
    office.execute("update items set state = 'done' where reference = 'A-2'").await;
    let (one, two) = (id(&office, "A-1").await, id(&office, "A-2").await);
    let chosen = [("vad", "cancel"), ("arende", one.as_str()), ("arende", two.as_str())];
    let asked = send(&mut browser, "/arenden/atgard", &chosen).await;
    assert!(asked.shows("avbryts") && asked.shows("1 av 2 kan inte göras") && asked.shows("kör om ärendet i stället"));
    assert!(asked.shows(&format!("name=\"arende\" value=\"{one}\"")) && !asked.shows(&format!("value=\"{two}\"")));
    assert_eq!(office.item("A-1").await.state, ItemState::Ready, "nothing is done before it is confirmed");

    let confirmed = [&chosen[..], &[("gor", "ja")]].concat();
    let refused = send(&mut browser, "/arenden/atgard", &confirmed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("Skälet saknas"));
    let reason = [&confirmed[..], &[("skal", "Åsa Öberg <ringde>")]].concat();
    let forged = browser.post("/arenden/atgard", &[&[("csrf", "fel")], &reason[..]].concat()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let done = send(&mut browser, "/arenden/atgard", &reason).await;
    assert!(done.shows("1 av 2 gjordes") && done.shows("avbrutet"), "{}", done.text);
    assert_eq!(office.item("A-1").await.state, ItemState::Cancelled);
    assert_eq!(office.item("A-3").await.state, ItemState::Ready);

    let page = browser.get(&format!("/arende/{one}")).await;
    assert!(page.shows("Vad personer har gjort") && page.shows("visas inte för din roll") && !page.shows("Öberg"));
    let mut caseworker = signed_in(&office, "anna", "caseworker").await;
    assert!(caseworker.get(&format!("/arende/{one}")).await.shows("Åsa Öberg &lt;ringde&gt;"));
}

#[tokio::test]
async fn an_item_is_deferred_reprioritised_and_done_again_from_its_page() {
    let office = Office::open().await;
    let mut browser = signed_in(&office, "olle", "operations").await;
    add(&office, "A-1", None).await;
    let item = id(&office, "A-1").await;
    let order = |what: &'static str, name: &'static str, value: &'static str| {
        [("vad", what), ("arende", item.as_str()), ("gor", "ja"), ("skal", "x"), (name, value)]
    };
    let wrong = send(&mut browser, "/arenden/atgard", &order("defer", "till", "sen")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.shows("är ingen tid") && wrong.shows("value=\"sen\""));
    send(&mut browser, "/arenden/atgard", &order("defer", "till", "2099-12-01")).await;
    assert_eq!(office.item("A-1").await.not_before.as_deref(), Some("2099-11-30T23:00:00.000Z"));
    send(&mut browser, "/arenden/atgard", &order("priority", "prioritet", "9")).await;
    assert_eq!(office.item("A-1").await.priority, 9);
    office.execute("update items set state = 'failed', code = 'system', reason = 'sidan saknas'").await;
    let page = browser.get(&format!("/arende/{item}")).await;
    assert!(page.shows("value=\"rerun\"") && !page.shows("value=\"cancel\""), "{}", page.text);
    send(&mut browser, "/arenden/atgard", &order("rerun", "", "")).await;
    assert_eq!(office.item("A-1").await.attempt, 2);
    let page = browser.get(&format!("/arende/{item}")).await;
    assert!(page.shows("Tidigare försök") && page.shows("misslyckades") && !page.shows("sidan saknas"));
}

#[tokio::test]
async fn a_caseworker_may_hand_over_and_nothing_else_and_others_nothing() {
    let office = Office::open().await;
    let (item, _) = office.waiting("A-1", &approval()).await;
    let mut caseworker = signed_in(&office, "anna", "caseworker").await;
    let page = caseworker.get("/arenden").await;
    assert!(page.shows("value=\"hand_over\"") && !page.shows("value=\"cancel\""));
    let chosen = [("arende", item.id.0.as_str()), ("gor", "ja"), ("skal", "x")];
    let refused = send(&mut caseworker, "/arenden/atgard", &[&[("vad", "cancel")], &chosen[..]].concat()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    send(&mut caseworker, "/arenden/atgard", &[&[("vad", "hand_over")], &chosen[..]].concat()).await;
    assert_eq!(office.item("A-1").await.state, ItemState::HandedOver);
    let mut auditor = signed_in(&office, "rut", "auditor").await;
    assert!(!auditor.get("/arenden").await.shows("type=\"checkbox\" name=\"arende\""));
    let refused = send(&mut auditor, "/arenden/atgard", &[&[("vad", "hand_over")], &chosen[..]].concat()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_field_is_searched_by_those_who_may_read_it_and_not_by_address() {
    let office = Office::open().await;
    add(&office, "A-1", None).await;
    let search = [("robot", BOT), ("falt", "personnummer"), ("varde", "18900112-9817")];
    let mut caseworker = signed_in(&office, "anna", "caseworker").await;
    assert!(caseworker.get(&format!("/arenden?robot={BOT}")).await.shows("<option>personnummer</option>"));
    let page = send(&mut caseworker, "/arenden/sok", &search).await;
    assert_eq!(shown(&page), ["A-1"]);
    assert!(!page.shows("9817") && page.shows("1 ärende har värdet i personnummer"));
    let none = send(&mut caseworker, "/arenden/sok", &[search[0], ("falt", "hyra"), ("varde", "1")]).await;
    assert!(none.shows("Inga ärenden passar urvalet"));
    let mut auditor = signed_in(&office, "rut", "auditor").await;
    assert!(!auditor.get(&format!("/arenden?robot={BOT}")).await.shows("<option>personnummer</option>"));
    assert_eq!(send(&mut auditor, "/arenden/sok", &search).await.status, StatusCode::FORBIDDEN);
    let mut operator = signed_in(&office, "olle", "operations").await;
    assert_eq!(send(&mut operator, "/arenden/sok", &search).await.status, StatusCode::FORBIDDEN);
    let events = office.desk.store.latest_events(100).await.expect("the events");
    let searched: Vec<_> = events.iter().filter(|event| event.kind == "searched").collect();
    assert_eq!((searched.len(), searched[0].actor.as_str()), (1, "person:anna"));
    assert!(!format!("{events:?}").contains("9817"));
}
