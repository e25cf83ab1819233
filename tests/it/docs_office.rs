//! What the docs' examples about items are told of: an installation with one item in each of the states that
//! operations meet, and two people.

use std::path::Path;
use std::time::Duration;

use crate::database::claimant;
use kollega::app::App;
use kollega::config::Config;
use kollega::model::{AlertFact, AlertKind, CircuitId, Event, EventKind, FailureKind, IntentOutcome, ItemState, RunId};
use kollega::person;
use kollega::store::{CircuitLimits, Claim, Finish, NewRun, Store};
use serde_json::{Value, json};

const BOT: &str = "ekonomiskt-bistand";
const PASSWORD: &str = "ett långt lösenord";
const MINUTE: Duration = Duration::from_mins(1);

/// Fills the installation in the folder.
pub async fn furnish(folder: &Path) {
    let config = Config::load(Some(&folder.join("kollega.toml"))).expect("the configuration");
    let store = Store::open(&config.data().join("kollega.db")).await.expect("the store");
    let store = store.with_seal(kollega::seal::Seal::open(&config.data()).expect("the seal"));
    for (name, role) in [("anna", "caseworker"), ("olle", "operations"), ("inga", "developer"), ("rita", "reviewer")] {
        person::add(&store, name, None, PASSWORD, &[role.to_owned()]).await.expect("a person");
    }
    let run = NewRun {
        bot: BOT.into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:olle".into(),
    };
    let run = store.queue_collected_run(&run).await.expect("a run");
    let office = Office { store, run };
    let book = kollega::rulebook::current(&config, BOT).expect("the rule book");
    let content = kollega::rulebook::content_of(&book);
    office.store.approve_rulebook(&content, "rita", "Granskad").await.expect("the store").expect("approved");
    office.waiting("EB-2025-0101", &book, &facts(folder)).await;
    office.uncertain("EB-2025-0102").await;
    let reason = "Ärendet ska handläggas av en person med särskild behörighet.";
    office.ended("EB-2025-0103", "läs", &Finish::new(ItemState::HandedOver).because("needs_person", reason)).await;
    let failed = Finish::new(ItemState::Failed).because("system", "inloggningen lyckades inte");
    office.ended("EB-2025-0104", "läs", &failed).await;
    let silent = Finish::new(ItemState::Deferred).because("source_silent", "");
    let silent = Finish { wait: Some(Duration::from_mins(10)), failed_try: true, ..silent };
    office.ended("EB-2025-0105", "inkomster", &silent).await;
    office.enqueue("EB-2025-0106").await;
}

/// A system whose sign-in was refused, an item that waits for it, and the alerts about it.
pub async fn break_circuit(folder: &Path) {
    let config = Config::load(Some(&folder.join("kollega.toml"))).expect("the configuration");
    let app = App::open(config).await.expect("the installation");
    let store = &app.store;
    let run = store.runs(None, 1).await.expect("the runs").remove(0).id;
    let id = CircuitId { system: "akten".into(), credential: "x".into() };
    let minute = Duration::from_mins(1);
    let limits = CircuitLimits { failures: 3, wait: minute, max_wait: minute };
    let event = Event::new(EventKind::CircuitOpened, format!("bot:{BOT}"));
    store.circuit_failed(&id, FailureKind::SignInRefused, "x", limits, &event).await.expect("a circuit");
    // The item of the other examples that is ready is claimed first, and let go again.
    let fields = json!({"ansokan": "EB-2025-0107"});
    store.enqueue(&run, BOT, "EB-2025-0107", &fields).await.expect("an item");
    let claim = loop {
        let claim = store
            .claim_item(&claimant("dator:1/0", MINUTE, Duration::ZERO))
            .await
            .expect("the store")
            .expect("an item");
        if claim.item.reference == "EB-2025-0107" {
            break claim;
        }
    };
    store.stage_done(&claim, Some("beräkning"), &fields, &[]).await.expect("the stage");
    let finish = Finish::new(ItemState::Deferred).because("circuit_open", "");
    store.finish(&claim, &Finish { circuit: Some(id), ..finish }, &fields, &[]).await.expect("the wait");
    let fact = |kind, subject: &str| AlertFact {
        kind,
        subject: subject.into(),
        since: "2026-11-26T01:10:00.000Z".into(),
        count: 1,
        detail: json!({}),
    };
    let both = [fact(AlertKind::Failed, BOT), fact(AlertKind::Circuit, "akten")];
    store.see_alerts(&both, |_| true).await.expect("the alerts");
    store.see_alerts(&both[1..], |_| true).await.expect("the alerts");
}

/// The handbook's facts.
fn facts(folder: &Path) -> Value {
    let facts = std::fs::read_to_string(folder.join("docs/handbok/exempel/fakta.json")).expect("the facts");
    serde_json::from_str(&facts).expect("JSON")
}

struct Office {
    store: Store,
    run: RunId,
}

impl Office {
    async fn enqueue(&self, reference: &str) -> Value {
        let fields = json!({"ansokan": reference});
        self.store.enqueue(&self.run, BOT, reference, &fields).await.expect("an item");
        fields
    }

    /// An item held by a worker in this stage.
    async fn claimed(&self, reference: &str, stage: &str) -> (Claim, Value) {
        let fields = self.enqueue(reference).await;
        let claim = self
            .store
            .claim_item(&claimant("dator:1/0", MINUTE, Duration::ZERO))
            .await
            .expect("the store")
            .expect("an item");
        assert_eq!(claim.item.reference, reference);
        self.store.stage_done(&claim, Some(stage), &fields, &[]).await.expect("the stage");
        (claim, fields)
    }

    async fn ended(&self, reference: &str, stage: &str, finish: &Finish) {
        let (claim, fields) = self.claimed(reference, stage).await;
        let kind = EventKind::try_from(finish.state.as_str().to_owned()).expect("an event of the same name");
        let event = Event::new(kind, format!("bot:{BOT}")).item(&claim.item).stage(stage);
        let event = event.detail(json!({"code": finish.code}));
        self.store.finish(&claim, finish, &fields, &[event]).await.expect("the end");
    }

    async fn waiting(&self, reference: &str, book: &decision::RuleBook, facts: &Value) {
        let answer = serde_json::to_value(book.suggest(facts).expect("a suggestion")).expect("JSON");
        let (claim, fields) = self.claimed(reference, "beslut").await;
        let id = answer["suggestion_id"].as_str().expect("an id");
        self.store.add_suggestion(&claim, id, facts, &answer, &[]).await.expect("a suggestion");
        self.store.finish(&claim, &Finish::new(ItemState::AwaitingDecision), &fields, &[]).await.expect("the wait");
    }

    async fn uncertain(&self, reference: &str) {
        let (claim, fields) = self.claimed(reference, "utbetalning").await;
        self.store.intend(&claim, "utbetalning", None, MINUTE, &[]).await.expect("an intent");
        let saw = "fler än en post passar (2)";
        let uncertain = IntentOutcome::Uncertain;
        self.store.settle(&claim, "utbetalning", uncertain, saw, &[]).await.expect("an outcome");
        let finish = Finish::new(ItemState::Uncertain).because("uncertain", saw);
        self.store.finish(&claim, &finish, &fields, &[]).await.expect("the end");
    }
}
