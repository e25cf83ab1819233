//! Circuits: a system that fails gets no new work until one item has got through; a wrong password is tried once.

use std::time::{Duration, Instant};

use kollega::model::{CircuitId, CircuitState, Event, EventKind, FailureKind, ItemState, RunState};
use kollega::secret::Secret;
use kollega::store::{AfterFailure, CircuitLimits, Claim, Entry, Finish, NewRun, SignIn, Store};
use sandbox::{FaultKind, FaultSpec, System, credentials};
use serde_json::json;

use crate::database::{claimant, on_both};
use crate::morning::{BOT, CASEWORKER, Morning, PASSWORD, PATIENCE, said};

const MINUTE: Duration = Duration::from_mins(1);
const LIMITS: CircuitLimits =
    CircuitLimits { failures: 3, wait: Duration::from_millis(100), max_wait: Duration::from_millis(300) };

fn id() -> CircuitId {
    CircuitId { system: "akten".into(), credential: "abc".into() }
}

fn event() -> Event {
    Event::new(EventKind::CircuitOpened, "bot:robot")
}

async fn with_items(store: &Store, count: usize) {
    let new = NewRun {
        bot: "robot".into(),
        pool: "default".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        actor: "person:test".into(),
    };
    let run = store.queue_collected_run(&new).await.expect("a run");
    for number in 0..count {
        store.enqueue(&run, "robot", &format!("Ärende-{number}"), &json!({})).await.expect("an item");
    }
}

async fn claim(store: &Store) -> Claim {
    store.claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").expect("an item")
}

/// Lets go of the item: it waits for the circuit.
async fn wait_for_it(store: &Store, claim: &Claim) {
    let finish = Finish::new(ItemState::Deferred).because("circuit_open", "");
    let finish = Finish { circuit: Some(id()), ..finish };
    store.finish(claim, &finish, &json!({}), &[]).await.expect("the end");
}

async fn fails(store: &Store, kind: FailureKind, holder: &str) -> bool {
    store.circuit_failed(&id(), kind, holder, LIMITS, &event()).await.expect("the store") != AfterFailure::Closed
}

/// The same where the circuit, once open, stays so for a while.
async fn fails_for_long(store: &Store, kind: FailureKind, holder: &str) -> bool {
    let limits = CircuitLimits { wait: MINUTE, max_wait: MINUTE, ..LIMITS };
    store.circuit_failed(&id(), kind, holder, limits, &event()).await.expect("the store") != AfterFailure::Closed
}

async fn enters(store: &Store, holder: &str) -> Entry {
    store.enter_circuit(&id(), holder, &event()).await.expect("the store")
}

/// Opens the circuit for a system that does not answer, and waits until it may be tried.
async fn open_and_due(store: &Store) {
    for _ in 0..3 {
        fails(store, FailureKind::SystemDown, "x").await;
    }
    due(store).await;
}

/// Waits until the open circuit may be tried.
async fn due(store: &Store) {
    let circuit = store.circuit(&id()).await.expect("the store").expect("the circuit");
    assert_eq!(circuit.state, CircuitState::Open);
    let due = circuit.retry_at.expect("a time");
    while kollega::model::time_text(store.now().await.expect("the clock")) < due {}
}

on_both! {
    async fn failures_in_a_row_of_one_kind_open_it_and_success_ends_the_row(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        assert!(!fails_for_long(&store, FailureKind::SystemDown, "a").await);
        assert!(!fails_for_long(&store, FailureKind::SystemDown, "b").await);
        store.circuit_answered(&id(), "c", &event()).await.expect("the store");
        assert!(!fails_for_long(&store, FailureKind::SystemDown, "a").await);
        assert!(!fails_for_long(&store, FailureKind::SystemDown, "b").await);
        assert!(!fails_for_long(&store, FailureKind::PageChanged, "a").await, "another kind begins a new row");
        assert!(!fails_for_long(&store, FailureKind::PageChanged, "a").await, "the same odd item says nothing new");
        assert!(!fails_for_long(&store, FailureKind::PageChanged, "b").await);
        assert_eq!(enters(&store, "z").await, Entry::Free);
        assert!(fails_for_long(&store, FailureKind::PageChanged, "c").await);
        assert_eq!(enters(&store, "z").await, Entry::Shut);
    }

    async fn one_of_many_probes_however_many_ask(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 8).await;
        let mut claims = Vec::new();
        for _ in 0..8 {
            claims.push(claim(&store).await);
        }
        open_and_due(&store).await;
        let mut asking = tokio::task::JoinSet::new();
        for claim in &claims {
            let (store, holder) = (store.clone(), claim.item.id.0.clone());
            asking.spawn(async move { (enters(&store, &holder).await, holder) });
        }
        let answers = asking.join_all().await;
        let probes: Vec<_> = answers.iter().filter(|(entry, _)| *entry == Entry::Probe).collect();
        assert_eq!(probes.len(), 1, "{answers:?}");
        assert_eq!(enters(&store, &probes[0].1).await, Entry::Probe, "the probe may go in again");
        // A probe that is worked on no more leaves its place to another.
        let probe = claims.iter().find(|claim| claim.item.id.0 == probes[0].1).expect("the probe");
        wait_for_it(&store, probe).await;
        let other = claims.iter().find(|claim| claim.item.id.0 != probes[0].1).expect("another");
        assert_eq!(enters(&store, &other.item.id.0).await, Entry::Probe);
    }

    async fn a_page_that_one_item_does_not_find_is_tried_by_another_next(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 2).await;
        let (odd, good) = (claim(&store).await, claim(&store).await);
        for holder in [odd.item.id.0.as_str(), "y", "z"] {
            fails(&store, FailureKind::PageChanged, holder).await;
        }
        due(&store).await;
        assert_eq!(enters(&store, &odd.item.id.0).await, Entry::Probe);
        let after = store.circuit_failed(&id(), FailureKind::PageChanged, &odd.item.id.0, LIMITS, &event()).await;
        assert_eq!(after.expect("the store"), AfterFailure::ProbeFailed);
        // It has failed a try, as an item does whose page is not as it should be.
        let failed = Finish { failed_try: true, ..Finish::new(ItemState::Ready).because("page_changed", "") };
        store.finish(&odd, &failed, &json!({}), &[]).await.expect("the end");
        wait_for_it(&store, &good).await;
        due(&store).await;
        assert_eq!(enters(&store, &odd.item.id.0).await, Entry::Shut, "another waits with fewer tries");
        assert_eq!(enters(&store, &good.item.id.0).await, Entry::Probe);
        store.circuit_answered(&id(), &good.item.id.0, &event()).await.expect("the store");
        assert_eq!(enters(&store, &odd.item.id.0).await, Entry::Free);
    }

    async fn a_probe_that_fails_doubles_the_wait_and_one_that_succeeds_wakes_everybody(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 3).await;
        let [first, second, third] = [claim(&store).await, claim(&store).await, claim(&store).await];
        open_and_due(&store).await;
        wait_for_it(&store, &second).await;
        wait_for_it(&store, &third).await;
        let probe = first.item.id.0.clone();
        for wait in [200, 300, 300] {
            assert_eq!(enters(&store, &probe).await, Entry::Probe);
            assert!(fails(&store, FailureKind::SystemDown, &probe).await);
            let circuit = store.circuit(&id()).await.expect("the store").expect("the circuit");
            assert_eq!((circuit.state, circuit.wait_ms), (CircuitState::Open, wait));
            let due = circuit.retry_at.expect("a time");
            while kollega::model::time_text(store.now().await.expect("the clock")) < due {}
        }
        assert_eq!(enters(&store, &probe).await, Entry::Probe);
        store.circuit_answered(&id(), "somebody", &event()).await.expect("the store");
        assert!(store.claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").is_none(), "only the probe closes it");
        store.circuit_answered(&id(), &probe, &event()).await.expect("the store");
        let woken = [claim(&store).await, claim(&store).await];
        assert!(woken.iter().all(|claim| claim.item.tries == 0), "no try was used up");
        assert_eq!(enters(&store, &woken[0].item.id.0).await, Entry::Free);
    }

    async fn a_refused_sign_in_opens_it_at_once_until_a_new_secret_or_a_person(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 1).await;
        let item = claim(&store).await;
        assert!(fails(&store, FailureKind::SignInRefused, &item.item.id.0).await);
        let circuit = store.circuit(&id()).await.expect("the store").expect("the circuit");
        assert_eq!(circuit.retry_at, None, "it is not tried by itself");
        wait_for_it(&store, &item).await;
        assert!(store.claim_item(&claimant("w", MINUTE, MINUTE)).await.expect("the store").is_none());
        // Another credential is another circuit.
        let new = CircuitId { credential: "new".into(), ..id() };
        assert_eq!(store.enter_circuit(&new, "x", &event()).await.expect("the store"), Entry::Free);
        store.replace_circuit(&id()).await.expect("the store");
        let item = claim(&store).await;
        assert_eq!(enters(&store, &item.item.id.0).await, Entry::Shut, "the old secret is never tried again");
        wait_for_it(&store, &item).await;
        assert_eq!(store.reset_circuits("akten", "olle", "kontot är upplåst").await.expect("the store"), 1);
        let item = claim(&store).await;
        assert_eq!(enters(&store, &item.item.id.0).await, Entry::Free);
        let events = store.latest_events(50).await.expect("the events");
        let reset = events.iter().find(|event| event.actor == "person:olle").expect("its event");
        assert!(reset.detail.as_deref().is_some_and(|detail| detail.contains("kontot är upplåst")));
    }

    async fn one_signs_in_until_it_is_known_whether_the_password_is_right(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 3).await;
        let claims = [claim(&store).await, claim(&store).await, claim(&store).await];
        let [first, second, third] = claims.each_ref().map(|claim| claim.item.id.0.as_str());
        let begins = async |holder| store.begin_sign_in(&id(), holder).await.expect("the store");
        assert_eq!(begins(first).await, SignIn::Go);
        assert_eq!(begins(second).await, SignIn::Busy);
        assert_eq!(begins(first).await, SignIn::Go, "again after a session that ended");
        // Whoever died signing in is not waited for.
        wait_for_it(&store, &claims[0]).await;
        assert_eq!(begins(second).await, SignIn::Go);
        store.end_sign_in(&id(), second, true).await.expect("the store");
        assert_eq!([begins(first).await, begins(third).await], [SignIn::Go; 2], "it is right: everybody may");
        fails(&store, FailureKind::SignInRefused, first).await;
        assert_eq!(begins(third).await, SignIn::Shut);
    }

    async fn what_begins_to_wait_as_it_closes_is_not_forgotten(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 1).await;
        let item = claim(&store).await;
        fails(&store, FailureKind::SignInRefused, "x").await;
        store.reset_circuits("akten", "olle", "byte").await.expect("the store");
        wait_for_it(&store, &item).await;
        claim(&store).await;
    }
}

/// Waits until every item waits for a circuit.
async fn all_wait(morning: &Morning, references: &[&str]) {
    let since = Instant::now();
    for reference in references {
        loop {
            let item = morning.item(reference).await;
            if item.state == ItemState::Deferred && item.code.as_deref() == Some("circuit_open") {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "{reference} does not wait\n{}", morning.story(reference).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn circuit_events(morning: &Morning, kind: EventKind) -> usize {
    let events = morning.app.store.latest_events(10_000).await.expect("the events");
    events.iter().filter(|event| event.kind == kind.as_str()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once_in_a_whole_night_and_a_new_one_resumes() {
    let morning = Morning::begin().await;
    morning.app.secrets.set("portal.password", &Secret::new("Vinter-2024")).expect("a secret");
    let references = ["EB-2025-0102", "EB-2025-0104", "EB-2025-0109"];
    morning.queue(&references).await;
    let mut first = morning.worker("first");
    let _other = morning.worker("other");
    all_wait(&morning, &references).await;
    // The night: whatever wakes the items, and whoever works, nobody tries that password again.
    for hour in 0..6 {
        morning.execute("update items set not_before = '2020-01-01T00:00:00.000Z' where state = 'deferred'").await;
        if hour == 3 {
            first.kill();
            first = morning.worker("after a restart");
        }
        all_wait(&morning, &references).await;
    }
    let since = Instant::now();
    loop {
        let held = morning.app.store.items(&kollega::store::ItemFilter::default()).await.expect("the items");
        let late = kollega::model::time_text(morning.app.store.now().await.expect("the clock"));
        if held.iter().all(|item| item.not_before.as_ref().is_some_and(|until| *until > late)) {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "they do not wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(morning.sandbox.refused_sign_ins(), 1, "{}", morning.story(references[0]).await);
    for reference in references {
        assert_eq!(morning.item(reference).await.tries, 0, "{}", morning.story(reference).await);
    }
    let told = morning.command(&["why", references[0]], "");
    assert!(said(&told).contains("Kretsbrytaren för portal är öppen sedan"), "{}", said(&told));
    assert!(said(&told).contains("inloggningen nekades"), "{}", said(&told));
    assert!(said(&told).contains("kollega systems reset portal"), "{}", said(&told));
    let told = said(&morning.command(&["systems"], ""));
    assert!(told.contains("prövas inte av sig självt; 3 väntar"), "{told}");
    let told = said(&morning.command(&["systems", "--format", "json"], ""));
    assert!(told.contains("\"circuit\": \"open\"") && told.contains("sign_in_refused"), "{told}");

    morning.app.secrets.set("portal.password", &Secret::new(credentials::PORTAL_PASSWORD)).expect("a secret");
    for reference in references {
        morning.becomes(reference, ItemState::AwaitingDecision).await;
    }
    assert_eq!(morning.sandbox.refused_sign_ins(), 1);
    assert_eq!(circuit_events(&morning, EventKind::CircuitClosed).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_lets_a_password_be_tried_once_more_and_no_commit_was_begun() {
    let reference = "EB-2025-0102";
    let morning = Morning::begin().await;
    morning.app.secrets.set("akten.pin", &Secret::new("1234")).expect("a secret");
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    all_wait(&morning, &[reference]).await;
    assert_eq!(morning.sandbox.refused_sign_ins(), 1);
    let reset = ["systems", "reset", "akten", "--reason", "kontot är upplåst", "--as", CASEWORKER, "--password-stdin"];
    let told = morning.command(&reset, PASSWORD);
    assert!(told.status.success(), "{}", said(&told));
    let since = Instant::now();
    while morning.sandbox.refused_sign_ins() < 2 {
        assert!(since.elapsed() < PATIENCE, "it is not tried again\n{}", morning.story(reference).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    all_wait(&morning, &[reference]).await;
    let told = morning
        .command(&["systems", "reset", "akten", "--reason", " ", "--as", CASEWORKER, "--password-stdin"], PASSWORD);
    assert_eq!(told.status.code(), Some(2), "{}", said(&told));
    morning.app.secrets.set("akten.pin", &Secret::new(credentials::AKTEN_PIN)).expect("a secret");
    morning.is_registered_once(reference).await;
    assert_eq!(morning.sandbox.refused_sign_ins(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_is_down_uses_up_no_tries_and_is_probed_by_one() {
    let references = ["EB-2025-0102", "EB-2025-0103", "EB-2025-0104", "EB-2025-0105", "EB-2025-0109"];
    let morning = Morning::begin().await;
    let down = FaultSpec {
        path: Some("/ansokningar/".into()),
        times: 0,
        ..FaultSpec::new(System::Portal, FaultKind::Error500)
    };
    morning.sandbox.add_fault(down).await.expect("a fault");
    morning.queue(&references).await;
    let _worker = morning.worker("worker");
    all_wait(&morning, &references).await;
    let since = Instant::now();
    while circuit_events(&morning, EventKind::CircuitProbed).await < 2 {
        assert!(since.elapsed() < PATIENCE, "it is not probed\n{}", morning.story(references[0]).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let open = morning.app.store.open_circuits().await.expect("the circuits");
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].kind.as_deref(), Some("system_down"));
    morning.sandbox.clear_faults().await.expect("cleared");
    for reference in references {
        let item = morning.becomes(reference, ItemState::AwaitingDecision).await;
        assert_eq!(item.state, ItemState::AwaitingDecision);
        let retried = morning.count(reference, EventKind::Retried, "").await;
        assert!(retried < 3, "{reference} used up {retried} tries\n{}", morning.story(reference).await);
    }
    assert!(morning.app.store.open_circuits().await.expect("the circuits").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_waits_for_the_system_it_collects_from_and_does_not_fail() {
    let morning = Morning::begin().await;
    let down = FaultSpec { times: 0, ..FaultSpec::new(System::Portal, FaultKind::Error500) };
    morning.sandbox.add_fault(down).await.expect("a fault");
    let bot = kollega::bot::Bot::load(&morning.app.config.bot_file(BOT)).expect("the bot");
    let new = NewRun {
        bot: BOT.into(),
        pool: "default".into(),
        version: bot.version.clone(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        actor: "person:test".into(),
    };
    let run = morning.app.store.queue_run(&new).await.expect("a run");
    let mut worker = morning.worker("worker");
    let since = Instant::now();
    while morning.app.store.circuit_of_run(&run).await.expect("the store").is_none() {
        assert!(since.elapsed() < PATIENCE, "the run does not wait\n{}", worker.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // It waits, but for when it tries.
    let since = Instant::now();
    loop {
        let told = said(&morning.command(&["why", &run.0], ""));
        if told.contains("Kretsbrytaren för portal är öppen sedan") && told.contains("i kö sedan") {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "{told}");
    }
    morning.sandbox.clear_faults().await.expect("cleared");
    let since = Instant::now();
    loop {
        let found = morning.app.store.run(&run).await.expect("the store").expect("the run");
        assert_ne!(found.state, RunState::Failed, "{:?}", found.reason);
        if found.collected {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "it does not collect\n{}", worker.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    worker.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_has_changed_stops_new_items_and_nothing_is_saved_twice() {
    let references = ["EB-2025-0102", "EB-2025-0104", "EB-2025-0109"];
    let morning = Morning::begin().await;
    let renamed = FaultSpec {
        times: 0,
        from: "Riksnorm".into(),
        to: "Norm enligt riket".into(),
        ..FaultSpec::new(System::Akten, FaultKind::RenameLabel)
    };
    morning.sandbox.add_fault(renamed).await.expect("a fault");
    morning.queue(&references).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    all_wait(&morning, &references).await;
    let open = morning.app.store.open_circuits().await.expect("the circuits");
    assert_eq!((open.len(), open[0].system.as_str()), (1, "akten"));
    assert_eq!(open[0].kind.as_deref(), Some("page_changed"), "{}", morning.story(references[0]).await);
    morning.sandbox.clear_faults().await.expect("cleared");
    for reference in references {
        morning.is_registered_once(reference).await;
    }
}

#[tokio::test]
async fn an_answer_that_changes_nothing_waits_for_nobody_who_holds_the_circuit() {
    use sqlx::Connection as _;
    let url = crate::database::new_postgres().await;
    let store = Store::connect(&url, None, 4).await.expect("the store");
    fails(&store, FailureKind::SystemDown, "a").await;
    store.circuit_answered(&id(), "b", &event()).await.expect("the row of failures ends");
    // A worker that was stopped in the middle of a change holds the row.
    let mut other = sqlx::PgConnection::connect(&url).await.expect("the server");
    let mut held = other.begin().await.expect("a transaction");
    sqlx::query("select id from circuits for update").execute(&mut *held).await.expect("held");
    let (id, event) = (id(), event());
    let answered = store.circuit_answered(&id, "c", &event);
    tokio::time::timeout(Duration::from_secs(5), answered).await.expect("at once").expect("the store");
}
