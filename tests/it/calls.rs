//! Commits that the program makes itself, by a call or by a file: fenced like those in a browser.
//!
//! A real worker on the ledger of the practice systems, where saving twice makes two.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kollega::app::App;
use kollega::bot::Bot;
use kollega::config::Config;
use kollega::model::{EventKind, IntentOutcome, ItemState};
use kollega::runner::from_plain;
use kollega::store::NewRun;
use sandbox::{FaultKind, FaultSpec, LedgerRecord, System};
use serde_json::json;

use crate::database::claimant;
use crate::morning::Morning;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BOT: &str = "liggaren";
const SAVE: &str = "bokför";
const FILE: &str = "lämna kvitto";

/// An installation with the bot on the ledger.
async fn books(ledger_knows_keys: bool) -> Morning {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = sandbox::Config { ledger_knows_keys, ..sandbox::Config::in_folder(folder.path().join("sandbox")) };
    let sandbox = sandbox::start(settings).await.expect("the practice systems");
    let kvitton = folder.path().join("kvitton");
    fs::create_dir(&kvitton).expect("a folder");
    let text = format!(
        "data = 'data'\nbots = '{ROOT}/tests/chaos/bots'\n[worker]\nlease = '2s'\nmargin = '500ms'\npoll = '100ms'\n\
         backoff = '200ms'\n[circuits]\nwait = '500ms'\nmax_wait = '1s'\n[systems.liggaren]\nurl = 'http://{}'\ntimeout = '4s'\nsettle = '1s'\n[values]\n\
         kvitton = '{}'\n",
        sandbox.addresses.ledger,
        kvitton.display()
    );
    let file = folder.path().join("kollega.toml");
    fs::write(&file, text).expect("the configuration");
    let app = Arc::new(App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("opened"));
    Morning { folder, sandbox, app }
}

/// Puts these orders in the queue, of 100 kronor each.
async fn queue(books: &Morning, references: &[&str]) {
    let bot = Bot::load(&books.app.config.bot_file(BOT)).expect("the bot");
    let new = NewRun {
        bot: BOT.into(),
        version: bot.version.clone(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:test".into(),
    };
    let run = books.app.store.queue_collected_run(&new).await.expect("a run");
    for reference in references {
        let record = from_plain(&bot.item.fields, &json!({"uppdrag": reference, "belopp": "100"})).expect("the fields");
        books.app.store.enqueue(&run, BOT, reference, &record.store()).await.expect("an item");
    }
}

async fn records(books: &Morning, reference: &str) -> Vec<LedgerRecord> {
    let all = books.sandbox.ledger().await.expect("the ledger");
    all.into_iter().filter(|record| record.referens == reference).collect()
}

async fn fault(books: &Morning, kind: FaultKind, reference: &str, spec: FaultSpec) {
    let spec = FaultSpec { system: System::Ledger, kind, reference: Some(reference.into()), ..spec };
    books.sandbox.add_fault(spec).await.expect("a fault");
}

fn plain() -> FaultSpec {
    FaultSpec::new(System::Ledger, FaultKind::Slow)
}

/// Done, with one record and one whole file.
async fn is_made_once(books: &Morning, reference: &str) {
    books.becomes(reference, ItemState::Done).await;
    let records = records(books, reference).await;
    assert_eq!(records.len(), 1, "{records:?}\n{}", books.story(reference).await);
    let file = books.folder.path().join("kvitton").join(format!("{reference}.csv"));
    assert_eq!(fs::read_to_string(file).expect("the file"), format!("uppdrag;belopp\n{reference};100\n"));
}

fn drafts(folder: &Path) -> usize {
    let entries = fs::read_dir(folder.join("kvitton")).expect("the folder").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cut_of_a_call_leaves_one_record() {
    let books = books(false).await;
    fault(&books, FaultKind::CutBefore, "U-1", plain()).await;
    fault(&books, FaultKind::CutAfter, "U-2", plain()).await;
    fault(&books, FaultKind::CutLate, "U-3", FaultSpec { seconds: 0.6, ..plain() }).await;
    fault(&books, FaultKind::Error500, "U-4", plain()).await;
    queue(&books, &["U-1", "U-2", "U-3", "U-4"]).await;
    let _worker = books.worker("worker");
    for reference in ["U-1", "U-2", "U-3", "U-4"] {
        is_made_once(&books, reference).await;
    }
    books.every_fault_struck().await;
    for (reference, intents) in [("U-1", 2), ("U-2", 1), ("U-3", 1), ("U-4", 2)] {
        assert_eq!(books.count(reference, EventKind::Intent, SAVE).await, intents, "{}", books.story(reference).await);
    }
    assert_eq!(drafts(books.folder.path()), 0, "no draft is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_knows_the_key_makes_one_even_of_a_save_that_comes_too_late() {
    let books = books(true).await;
    // Two looks see nothing, a second try saves, and then the first one lands.
    fault(&books, FaultKind::CutLate, "U-1", FaultSpec { seconds: 6.0, ..plain() }).await;
    queue(&books, &["U-1"]).await;
    let _worker = books.worker("worker");
    is_made_once(&books, "U-1").await;
    assert_eq!(books.count("U-1", EventKind::Intent, SAVE).await, 2, "{}", books.story("U-1").await);
    // Nothing outside shows that the first one has come and was known.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let records = records(&books, "U-1").await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].nyckel.as_ref().map(String::len), Some(32));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_in_its_call_leaves_one_record() {
    let books = books(false).await;
    fault(&books, FaultKind::Slow, "U-1", FaultSpec { ms: 700, ..plain() }).await;
    queue(&books, &["U-1"]).await;
    let mut first = books.worker("first");
    books.a_fault_strikes().await;
    first.kill();
    let _second = books.worker("second");
    is_made_once(&books, "U-1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stopped_in_its_call_is_ended_by_its_guard_before_anybody_takes_over() {
    let books = books(false).await;
    fault(&books, FaultKind::Slow, "U-1", FaultSpec { ms: 500, ..plain() }).await;
    queue(&books, &["U-1"]).await;
    let mut first = books.worker("first");
    books.a_fault_strikes().await;
    first.stop();
    let _second = books.worker("second");
    // It is never told to go on.
    assert_eq!(first.ended(Duration::from_mins(1)).await, None, "a signal, not an exit code");
    is_made_once(&books, "U-1").await;
    assert!(books.count("U-1", EventKind::TakenOver, "").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_at_the_intent_of_a_file_leaves_one_file() {
    let books = books(false).await;
    queue(&books, &["U-1"]).await;
    let mut first = books.worker("first");
    books.has("U-1", EventKind::Intent, FILE).await;
    first.kill();
    let _second = books.worker("second");
    is_made_once(&books, "U-1").await;
    assert_eq!(drafts(books.folder.path()), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_same_name_with_something_else_is_left_as_it_is() {
    let books = books(false).await;
    let file = books.folder.path().join("kvitton/U-1.csv");
    fs::write(&file, "någon annans").expect("a file");
    queue(&books, &["U-1"]).await;
    let _worker = books.worker("worker");
    let item = books.becomes("U-1", ItemState::HandedOver).await;
    assert_eq!(item.code.as_deref(), Some("already_there"));
    assert_eq!(fs::read_to_string(&file).expect("the file"), "någon annans");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_fetched_is_not_left_again_by_another_attempt_unless_a_person_says_so() {
    use kollega::store::{Operation, Order};
    let books = books(false).await;
    queue(&books, &["U-1"]).await;
    let _worker = books.worker("worker");
    is_made_once(&books, "U-1").await;
    let file = books.folder.path().join("kvitton/U-1.csv");
    let store = &books.app.store;
    let item = books.item("U-1").await;
    for (answer, is_left) in [(IntentOutcome::Done, false), (IntentOutcome::NotDone, true)] {
        fs::remove_file(&file).expect("fetched");
        let order = Order { operation: Operation::Rerun, person: "olle".into(), reason: "en gång till".into() };
        store.operate(&item.id, &order).await.expect("the store").expect("another attempt");
        books.becomes("U-1", ItemState::Uncertain).await;
        store.settle_by_person(&books.item("U-1").await, Some(answer), "olle").await.expect("settled");
        books.becomes("U-1", ItemState::Done).await;
        assert_eq!(file.exists(), is_left);
        fs::write(&file, "").expect("a file for the next turn");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_says_why_no_file_could_be_left() {
    let books = books(false).await;
    fs::remove_dir(books.folder.path().join("kvitton")).expect("no folder");
    queue(&books, &["U-1"]).await;
    let _worker = books.worker("worker");
    books.has("U-1", EventKind::Retried, FILE).await;
    let item = books.item("U-1").await;
    let events = books.app.store.item_events(&item.id).await.expect("the events");
    let retried = events.into_iter().find(|event| event.kind == EventKind::Retried.as_str()).expect("it");
    let told = retried.detail.expect("a detail");
    assert!(told.contains("kvitton finns inte eller kan inte nås"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_saw_was_not_made_is_looked_for_again_before_it_is_made() {
    use kollega::store::{Finish, Operation, Order};
    let books = books(false).await;
    let store = &books.app.store;
    // In the same attempt, and in another one: it is made by hand meanwhile.
    for (reference, another) in [("U-1", false), ("U-2", true)] {
        queue(&books, &[reference]).await;
        let minute = Duration::from_mins(1);
        let claim = store.claim_item(&claimant("w", minute, minute)).await.expect("the store").expect("the item");
        store.intend(&claim, SAVE, None, minute, &[]).await.expect("an intent");
        store.settle(&claim, SAVE, IntentOutcome::Uncertain, "inget svar", &[]).await.expect("an outcome");
        store.finish(&claim, &Finish::new(ItemState::Uncertain), &claim.item.fields.0, &[]).await.expect("the end");
        store.settle_by_person(&claim.item, Some(IntentOutcome::NotDone), "olle").await.expect("settled");
        let order = |operation| Order { operation, person: "olle".into(), reason: "för hand".into() };
        let operations = if another { &[Operation::HandOver, Operation::Rerun][..] } else { &[] };
        for operation in operations {
            store.operate(&claim.item.id, &order(*operation)).await.expect("the store").expect("done");
        }
        post(&books, reference).await;
    }
    let _worker = books.worker("worker");
    for reference in ["U-1", "U-2"] {
        is_made_once(&books, reference).await;
        assert_eq!(books.count(reference, EventKind::Intent, SAVE).await, 0, "{}", books.story(reference).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_from_before_are_handed_over_and_nothing_is_added() {
    let books = books(false).await;
    for _ in 0..2 {
        post(&books, "U-1").await;
    }
    queue(&books, &["U-1"]).await;
    let _worker = books.worker("worker");
    // Looked at before any intent: something else is there already.
    let item = books.becomes("U-1", ItemState::HandedOver).await;
    assert_eq!(item.code.as_deref(), Some("already_there"));
    assert_eq!(records(&books, "U-1").await.len(), 2);
}

/// Saves a record as somebody else.
async fn post(books: &Morning, reference: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let body = json!({"referens": reference, "belopp": "100"}).to_string();
    let mut stream = tokio::net::TcpStream::connect(books.sandbox.addresses.ledger).await.expect("a connection");
    let head = "POST /api/poster HTTP/1.1\r\nHost: liggaren\r\nConnection: close\r\nContent-Type: application/json";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
