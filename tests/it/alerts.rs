//! Alerts: what is wrong is told once, by letter and by signed call, and so is that it is over.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use kollega::alert;
use kollega::app::App;
use kollega::config::Config;
use kollega::model::{AlertFact, AlertKind, ItemState, time_text};
use kollega::secret::Secret;
use kollega::store::{AlertPace, Finish, NewMessage, NewRun, Operation, Order, Store};
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::database::{claimant, execute, on_both};

const MINUTE: Duration = Duration::from_mins(1);
const AT_ONCE: AlertPace = AlertPace { window: Duration::ZERO, remind: Duration::from_hours(4) };

fn fact(count: i64) -> AlertFact {
    AlertFact {
        kind: AlertKind::Failed,
        subject: "robot".into(),
        since: "2026-11-26T01:10:00.000Z".into(),
        count,
        detail: json!({"bot": "robot", "items": count}),
    }
}

async fn see(store: &Store, facts: &[AlertFact]) {
    store.see_alerts(facts, |_| true).await.expect("the store");
}

/// How many messages are written down now.
async fn tell(store: &Store) -> usize {
    let message = |alerts: &[kollega::model::Alert]| NewMessage {
        channel: "mail",
        target: "drift@kommunen.example".into(),
        subject: format!("{} larm", alerts.len()),
        body: String::new(),
    };
    store.tell_alerts(AT_ONCE, |alerts, _| vec![message(alerts)]).await.expect("the store")
}

on_both! {
    async fn what_is_wrong_is_told_once_more_when_it_grows_and_once_when_it_is_over(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        see(&store, &[fact(3)]).await;
        assert_eq!(tell(&store).await, 1);
        for count in [3, 4, 5] {
            see(&store, &[fact(count)]).await;
            assert_eq!(tell(&store).await, 0, "{count} is not many more than 3");
        }
        see(&store, &[fact(6)]).await;
        assert_eq!(tell(&store).await, 1, "twice as many");
        see(&store, &[]).await;
        assert_eq!(tell(&store).await, 1, "it is over");
        assert_eq!(tell(&store).await, 0);
        assert!(store.open_alerts().await.expect("the alerts").is_empty());
        see(&store, &[fact(1)]).await;
        assert_eq!(tell(&store).await, 1, "it begins again");
        assert_eq!(store.alerts(10).await.expect("the alerts").len(), 2);
    }

    async fn many_programs_that_look_at_once_tell_it_once(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        let mut programs = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let store = store.clone();
            programs.spawn(async move {
                see(&store, &[fact(3)]).await;
                tell(&store).await
            });
        }
        let told: usize = programs.join_all().await.into_iter().sum();
        assert_eq!(told, 1);
        assert_eq!(store.open_alerts().await.expect("the alerts").len(), 1);
    }

    async fn nothing_is_told_within_the_window_and_all_of_it_after(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        see(&store, &[fact(1)]).await;
        tell(&store).await;
        let other = AlertFact { kind: AlertKind::Disk, ..fact(1) };
        let third = AlertFact { kind: AlertKind::Missed, ..fact(1) };
        see(&store, &[fact(1), other, third]).await;
        let pace = AlertPace { window: Duration::from_millis(300), ..AT_ONCE };
        let sizes = Mutex::new(Vec::new());
        while sizes.lock().expect("no panic").is_empty() {
            let compose = |alerts: &[kollega::model::Alert], _| {
                sizes.lock().expect("no panic").push(alerts.len());
                Vec::new()
            };
            store.tell_alerts(pace, compose).await.expect("the store");
        }
        assert_eq!(*sizes.lock().expect("no panic"), [2], "both at once");
    }

    async fn that_it_is_over_is_told_after_what_was_wrong_though_that_did_not_go_at_first(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        see(&store, &[fact(1)]).await;
        tell(&store).await;
        let wrong = store.claim_message("mail", MINUTE).await.expect("the store").expect("the message");
        store.message_failed(&wrong, "inget svar", Some(MINUTE)).await.expect("the store");
        see(&store, &[]).await;
        assert_eq!(tell(&store).await, 1, "it is over");
        assert!(store.claim_message("mail", MINUTE).await.expect("the store").is_none(), "not before the one that waits");
        // What does not go however often it is tried keeps nothing back.
        for _ in 0..3 {
            store.message_failed(&wrong, "inget svar", Some(MINUTE)).await.expect("the store");
        }
        let over = store.claim_message("mail", MINUTE).await.expect("the store").expect("the message");
        assert!(over.id != wrong.id);
    }

    async fn a_message_whose_sender_died_is_sent_by_another_under_the_same_id(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        see(&store, &[fact(1)]).await;
        tell(&store).await;
        let dead = store.claim_message("mail", Duration::ZERO).await.expect("the store").expect("the message");
        let second = loop {
            if let Some(message) = store.claim_message("mail", MINUTE).await.expect("the store") {
                break message;
            }
        };
        assert_eq!(second.id, dead.id);
        assert!(store.claim_message("mail", MINUTE).await.expect("the store").is_none(), "it is claimed");
        store.message_failed(&dead, "för sent", None).await.expect("the store");
        store.message_sent(&second).await.expect("the store");
        let messages = store.alert_messages(10).await.expect("the messages");
        assert_eq!((messages.len(), messages[0].state.as_str()), (1, "sent"), "the dead one's word does not count");
    }
}

/// What a receiver was called with.
#[derive(Debug, Clone)]
struct Call {
    headers: BTreeMap<String, String>,
    body: String,
}

/// A receiver of calls, which says no to the first of them.
async fn receiver() -> (String, Arc<Mutex<Vec<Call>>>) {
    let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
    let kept = Arc::clone(&calls);
    let take = move |headers: HeaderMap, body: Bytes| {
        let kept = Arc::clone(&kept);
        async move {
            let headers =
                headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()));
            let call = Call { headers: headers.collect(), body: String::from_utf8_lossy(&body).into_owned() };
            let mut calls = kept.lock().expect("no panic");
            calls.push(call);
            if calls.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/larm", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/larm"), calls)
}

/// What openssl makes of it: an opinion that is not ours.
fn hmac(key: &str, text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("text"), text).expect("a file");
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-hmac", key, "text"]).current_dir(folder.path());
    let answer = openssl.output().expect("openssl");
    String::from_utf8_lossy(&answer.stdout).trim().rsplit(' ').next().expect("a hash").to_owned()
}

/// An installation that tells of alerts by letter and by call, beside its mail server.
struct Desk {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    app: Arc<App>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Desk {
    async fn open(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = sandbox::Config::in_folder(folder.path().join("sandbox"));
        let sandbox = sandbox::start(settings).await.expect("the practice systems");
        let (webhook, calls) = receiver().await;
        let smtp = sandbox.addresses.smtp;
        let text = format!(
            "data = 'data'\nbots = 'bots'\nschedules = 'schedules'\n\
             [mail]\nhost = '{}'\nport = {}\ntls = 'none'\nfrom = 'Kollega <kollega@kommunen.example>'\n\
             [alerts]\nmail = 'drift@kommunen.example'\nwebhook = '{webhook}'\nsecret = 'larm.nyckel'\nwindow = '1s'\n\
             console = 'https://kollega.kommunen.example/'\ndisk_free = 0\n{more}",
            smtp.ip(),
            smtp.port()
        );
        let file = folder.path().join("kollega.toml");
        std::fs::write(&file, text).expect("the configuration");
        let app = App::open(Config::load(Some(&file)).expect("the configuration")).await.expect("opened");
        app.secrets.set("larm.nyckel", &Secret::new("en hemlig nyckel")).expect("a secret");
        Self { folder, sandbox, app: Arc::new(app), calls }
    }

    /// Items of this bot that have failed.
    async fn fail(&self, count: usize) {
        let new = NewRun {
            bot: "robot".into(),
            pool: "default".into(),
            version: "1".into(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            actor: "person:test".into(),
        };
        let store = &self.app.store;
        let run = store.queue_collected_run(&new).await.expect("a run");
        for number in 0..count {
            let (reference, fields) = (format!("Ärende-{number}"), json!({"personnummer": "198501302395"}));
            store.enqueue(&run, "robot", &reference, &fields).await.expect("an item");
            let claim = store.claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").expect("an item");
            let finish = Finish::new(ItemState::Failed).because("system", "Anna Andersson 198501302395 finns inte");
            store.finish(&claim, &finish, &fields, &[]).await.expect("the end");
        }
    }

    async fn look(&self) {
        alert::look(&self.app).await.expect("a look");
    }

    async fn execute(&self, sql: &str) {
        execute(&self.app.config, sql).await;
    }

    /// The letters that have come, as the mailbox shows them.
    async fn letters(&self) -> Vec<Value> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = format!("http://{}/api/brev", self.sandbox.addresses.mailbox);
        let answer = reqwest::get(url).await.expect("the mailbox").text().await.expect("its answer");
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Looks until so many letters have come.
    async fn looks_until(&self, count: usize) -> Vec<Value> {
        let since = std::time::Instant::now();
        loop {
            self.look().await;
            let letters = self.letters().await;
            if letters.len() >= count {
                return letters;
            }
            assert!(since.elapsed() < MINUTE, "{} letters have come: {letters:?}", letters.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kollega"));
        program.arg("--config").arg(self.folder.path().join("kollega.toml")).args(arguments);
        let output = program.output().expect("the program");
        (output.status.code(), crate::morning::said(&output))
    }
}

fn text_of(letter: &Value) -> String {
    letter["text"].as_str().expect("its text").replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_of_failures_is_one_letter_and_then_that_it_is_over() {
    let desk = Desk::open("").await;
    desk.look().await;
    assert!(desk.letters().await.is_empty(), "nothing is wrong");
    desk.fail(12).await;
    let letters = desk.looks_until(1).await;
    for _ in 0..5 {
        desk.look().await;
    }
    assert_eq!(desk.letters().await.len(), 1, "one letter for all of it");
    let text = text_of(&letters[0]);
    assert_eq!(letters[0]["subject"], "Kollega: misslyckat (robot)");
    assert!(text.contains("12 ärenden har misslyckats sedan"), "{text}");
    assert!(text.contains("(kod system: 12)"), "{text}");
    assert!(text.contains("Att göra:") && text.contains("https://kollega.kommunen.example/arenden"), "{text}");
    for personal in ["Anna", "19850130", "Ärende-"] {
        assert!(!text.contains(personal), "{text}");
    }

    // The receiver said no to the first call: it is called again under the same id.
    desk.execute("update alert_messages set next_at = '2020-01-01T00:00:00.000Z' where state = 'waiting'").await;
    desk.look().await;
    let calls = desk.calls.lock().expect("no panic").clone();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[0].headers["idempotency-key"], calls[1].headers["idempotency-key"]);
    assert_eq!(calls[0].body, calls[1].body);
    for call in &calls {
        let signed = format!("{}.{}", call.headers["x-kollega-timestamp"], call.body);
        assert_eq!(call.headers["x-kollega-signature"], format!("sha256={}", hmac("en hemlig nyckel", &signed)));
    }
    let body: Value = serde_json::from_str(&calls[1].body).expect("JSON");
    assert_eq!(body["alerts"][0]["kind"], "failed");
    assert_eq!(body["alerts"][0]["count"], 12);
    assert!(!calls[1].body.contains("198501302395"));

    for item in desk.app.store.items(&kollega::store::ItemFilter::default()).await.expect("the items") {
        let again = Order { operation: Operation::Rerun, person: "olle".into(), reason: "rättat".into() };
        desk.app.store.operate(&item.id, &again).await.expect("the store").expect("run again");
    }
    let letters = desk.looks_until(2).await;
    assert_eq!(letters.iter().filter(|letter| letter["duplicate"] == true).count(), 0);
    let over = letters.iter().find(|letter| letter["subject"] == "Kollega: över: misslyckat (robot)");
    assert!(text_of(over.expect("that it is over")).contains("ÖVER: misslyckat (robot)"));
    let (code, told) = desk.command(&["alerts"]);
    assert_eq!(code, Some(0));
    assert!(told.contains("misslyckat  robot     12"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_whose_sender_died_comes_under_the_message_id_that_was_on_disk() {
    let desk = Desk::open("").await;
    desk.fail(1).await;
    let facts = [AlertFact { kind: AlertKind::Uncertain, ..fact(1) }];
    desk.app.store.see_alerts(&facts, |_| true).await.expect("the store");
    let written = |_: &[kollega::model::Alert], _| {
        vec![NewMessage {
            channel: "mail",
            target: "drift@kommunen.example".into(),
            subject: "Kollega: prov".into(),
            body: "Larm".into(),
        }]
    };
    desk.app.store.tell_alerts(AT_ONCE, written).await.expect("the store");
    let dead = desk.app.store.claim_message("mail", Duration::ZERO).await.expect("the store").expect("the message");
    let letters = desk.looks_until(1).await;
    assert_eq!(
        letters[0]["message_id"].as_str().map(|id| id.trim_matches(['<', '>']).to_owned()),
        Some(format!("{}@kommunen.example", dead.id))
    );
    // Sent again, as after a crash between the answer and the note of it: the reader can tell.
    desk.execute(&format!(
        "update alert_messages set state = 'waiting', next_at = '2020-01-01T00:00:00.000Z' where id = '{}'",
        dead.id
    ))
    .await;
    let mut letters = desk.letters().await;
    let since = std::time::Instant::now();
    while !letters.iter().any(|letter| letter["duplicate"] == true) {
        assert!(since.elapsed() < MINUTE, "{letters:?}");
        desk.look().await;
        letters = desk.letters().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_paused_itself_is_told_and_a_persons_pause_is_not() {
    let desk = Desk::open("").await;
    for name in ["natten", "dagen"] {
        let file = desk.folder.path().join(format!("schedules/{name}.yaml"));
        write(&file, &format!("schedule: {name}\nbot: robot\ncron: \"0 0 0 1 1 * *\"\n"));
    }
    let store = &desk.app.store;
    kollega::scheduler::turn(store, &desk.app.config).await;
    for name in ["natten", "dagen"] {
        assert!(store.pause_schedule(name, "olle", "flytt").await.expect("the store"));
    }
    desk.execute("update watches set paused_by = 'schedule' where schedule = 'natten'").await;
    let letters = desk.looks_until(1).await;
    let text = text_of(&letters[0]);
    assert!(text.contains("UTEBLIVET: natten\nSchemat pausade sig självt"), "{text}");
    assert!(text.contains("kollega schedules resume natten") && !text.contains("dagen"), "{text}");
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, text).expect("a file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missed_absent_slow_and_full_is_told_to_whom_it_concerns() {
    let desk = Desk::open("slow_item = '1m'\n").await;
    let schedules = desk.folder.path().join("schedules");
    write(
        &schedules.join("dagligen.yaml"),
        "schedule: dagligen\nbot: robot\ncron: \"0 0 0 * * * *\"\n\
         alert: {mail: enheten@kommunen.example, on: [absent], expect: {by: \"00:00\", at_least: 20}}\n",
    );
    write(&schedules.join("trasigt.yaml"), "schedule: trasigt\n");
    write(&schedules.join("ofta.yaml"), "schedule: ofta\nbot: annan\ncron: \"0 0 * * * * *\"\n");
    let store = &desk.app.store;
    let now = store.now().await.expect("the clock");
    let hour_ago = time_text(now - chrono::TimeDelta::hours(1));
    // An item that has been in hand for an hour, a time that was missed, and a run that nobody takes.
    let run = NewRun {
        bot: "annan".into(),
        pool: "default".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        actor: "person:test".into(),
    };
    let queued = store.queue_collected_run(&run).await.expect("a run");
    store.enqueue(&queued, "annan", "A-1", &json!({})).await.expect("an item");
    store.claim_item(&claimant("w", Duration::from_hours(2), MINUTE)).await.expect("the store").expect("the item");
    desk.execute(&format!("update items set claimed_at = '{hour_ago}'")).await;
    for number in 0..120 {
        desk.execute(&format!(
            "insert into firings (schedule, nominal, fold, due_at, result, at)
             values ('ofta', '{number}', 0, '{hour_ago}', 'missed', '{hour_ago}')"
        ))
        .await;
    }
    // Two that no node can read the bot of: one of a schedule, one by hand.
    let unread = NewRun { bot: "oläst".into(), pool: "trasig".into(), ..run };
    store.queue_run(&unread).await.expect("a run");
    store.queue_run(&NewRun { schedule: Some("veckovis".into()), ..unread }).await.expect("a run");
    desk.execute(&format!("update runs set created_at = '{hour_ago}'")).await;
    let node = kollega::model::Node {
        name: "nod".into(),
        kind: "worker".into(),
        pools: "[\"trasig\"]".into(),
        sessions: 1,
        version: "1".into(),
        secrets: String::new(),
        bots: "b".into(),
        unreadable: json!([{"bot": "oläst", "run": null, "why": "filen saknas"}]).to_string(),
        draining: false,
        started_at: String::new(),
        seen_at: String::new(),
    };
    store.beat(&node).await.expect("a beat");
    let letters = desk.looks_until(2).await;
    let to = |address: &str| {
        let own = letters.iter().find(|letter| letter["to"].to_string().contains(address));
        text_of(own.unwrap_or_else(|| panic!("a letter to {address}: {letters:?}")))
    };
    let unit = to("enheten@kommunen.example");
    assert!(
        unit.contains("UTEBLIVET: dagligen\nKlockan 00:00 skulle minst 20 ärenden ha kommit. Då hade 0 kommit."),
        "{unit}"
    );
    assert!(!unit.contains("LÅNGSAMT") && !unit.contains("MISSAD"), "{unit}");
    let operations = to("drift@kommunen.example");
    for part in [
        "UTEBLIVET: dagligen",
        "UTEBLIVET: trasigt\nSchemats fil kan inte läsas",
        "UTEBLIVET: annan\n1 körning väntar",
        "UTEBLIVET: veckovis\n1 körning väntar sedan",
        "ingen arbetare kan läsa robotens skript",
        "ROBOT KAN INTE LÄSAS: oläst",
        "MISSAD START: ofta\n120 tidpunkter passerade",
        "LÅNGSAMT: annan\n1 ärende har pågått längre än 1 minut, sedan",
    ] {
        assert!(operations.contains(part), "{part} is missing in\n{operations}");
    }
    let (_, told) = desk.command(&["alerts", "--format", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    assert_eq!(listed.len(), 7, "{told}");
    assert!(!operations.contains("UTEBLIVET: oläst"), "told once: {operations}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_a_trial_says_what_happened() {
    let desk = Desk::open("").await;
    let mut config = desk.app.config.clone();
    config.alerts.disk_free = 101;
    let full = App::open(config).await.expect("opened");
    alert::look(&full).await.expect("a look");
    let letters = desk.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(text_of(&letters[0]).contains("Mindre än 101 % av disken"), "{}", text_of(&letters[0]));
    desk.looks_until(2).await;
    // The first call is answered with no, whoever makes it.
    let (code, told) = desk.command(&["alerts", "test"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("mail     drift@kommunen.example") && told.contains("skickat"), "{told}");
    assert_eq!(desk.letters().await.len(), 3);
    desk.app.secrets.remove("larm.nyckel").expect("removed");
    let (code, told) = desk.command(&["alerts", "test"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("gick inte: ") && told.contains("larm.nyckel"), "{told}");
}
