//! A small office for tests: a folder with a bot and a database, people with passwords, and items that wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kollega::config::Config;
use kollega::desk::Desk;
use kollega::model::{Event, EventKind, IntentOutcome, Item, ItemState, RunId, StoredSuggestion};
use kollega::person;
use kollega::seal::Seal;
use kollega::secret::SecretStore;
use kollega::store::{Claim, Enqueued, Finish, NewRun};
use serde_json::{Value, json};

use crate::database::{Database, claimant};

pub const PASSWORD: &str = "ett långt lösenord";
pub const PERSONNUMMER: &str = "189001129817";
const BOT: &str = "\
bot: ekonomiskt-bistand
title: Återansökan om ekonomiskt bistånd
owner: Enheten för ekonomiskt bistånd
item:
  reference: ansokan
  addressee: [namn, adress]
  fields:
    ansokan: text
    personnummer: {type: personnummer, personal: true}
    hyra: money
    namn: {type: text, personal: true}
    adress: {type: text, personal: true}
    inkomster: list
stages:
  - stage: förslag
    suggest: {rulebook: ekonomiskt-bistand, facts: {}}
  - stage: beslut
    decide: {role: caseworker, due: 2 working days, on_refer: decide}
  - stage: registrera
    steps: []
";

pub struct Office {
    pub folder: tempfile::TempDir,
    pub desk: Desk,
    pub run: RunId,
}

impl Office {
    /// An office with nobody in it and nothing to do.
    pub async fn open() -> Self {
        Self::open_on(Database::Sqlite).await
    }

    /// The same on the given database.
    pub async fn open_on(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bot = folder.path().join("bots/ekonomiskt-bistand");
        std::fs::create_dir_all(&bot).expect("the bot's folder");
        std::fs::write(bot.join("bot.yaml"), BOT).expect("the bot");
        std::fs::write(folder.path().join("kollega.toml"), database.configuration().await).expect("the configuration");
        let config = Config::load(Some(&folder.path().join("kollega.toml"))).expect("the configuration");
        let secrets = SecretStore::open(&config.data()).expect("the secrets");
        let seal = Seal::open(&config.data()).expect("the seal");
        let store = kollega::app::open_store(&config, &secrets).await.expect("the store").with_seal(seal.clone());
        let new = NewRun {
            bot: "ekonomiskt-bistand".into(),
            version: "1".into(),
            trigger: "hand".into(),
            schedule: None,
            nominal: None,
            pool: "default".into(),
            actor: "person:test".into(),
        };
        let run = store.queue_run(&new).await.expect("a run");
        Self { folder, desk: Desk { store, config: Arc::new(config), seal }, run }
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("kollega.toml")
    }

    pub async fn hire(&self, name: &str, role: &str) {
        let full_name = (name == "anna").then_some("Anna Åström");
        person::add(&self.desk.store, name, full_name, PASSWORD, &[role.to_owned()]).await.expect("a person");
    }

    /// An item that waits for a decision on this answer.
    pub async fn waiting(&self, reference: &str, answer: &Value) -> (Item, StoredSuggestion) {
        let claim = self.claimed(reference).await;
        let suggestion = self.suggest(&claim, answer).await;
        self.let_go(&claim, "beslut", &Finish::new(ItemState::AwaitingDecision)).await;
        (self.item(reference).await, suggestion)
    }

    /// A newer suggestion for an item that waits, as when its facts have changed.
    pub async fn suggest_again(&self, item: &Item, answer: &Value) -> StoredSuggestion {
        self.execute(&format!("update items set state = 'ready' where id = '{}'", item.id)).await;
        let claim = self.claim(&item.reference).await;
        let suggestion = self.suggest(&claim, answer).await;
        self.let_go(&claim, "beslut", &Finish::new(ItemState::AwaitingDecision)).await;
        suggestion
    }

    /// An item with a commit whose outcome nobody can tell.
    pub async fn uncertain(&self, reference: &str) -> Item {
        let claim = self.claimed(reference).await;
        let store = &self.desk.store;
        let minute = Duration::from_mins(1);
        store.intend(&claim, "registrera", None, minute, &[]).await.expect("an intent");
        let saw = "sidan Beräkningar visades inte";
        store.settle(&claim, "registrera", IntentOutcome::Uncertain, saw, &[]).await.expect("an outcome");
        self.let_go(&claim, "registrera", &Finish::new(ItemState::Uncertain)).await;
        self.item(reference).await
    }

    /// An item that the bot gave to a person.
    pub async fn handed_over(&self, reference: &str) -> Item {
        let claim = self.claimed(reference).await;
        let finish = Finish::new(ItemState::HandedOver).because("needs_person", "Sökanden har skyddade uppgifter");
        self.let_go(&claim, "förslag", &finish).await;
        self.item(reference).await
    }

    pub async fn item(&self, reference: &str) -> Item {
        self.desk.store.find_item(reference).await.expect("the store").expect("the item")
    }

    /// SQL past every check, as somebody with access to the file could run it.
    pub async fn execute(&self, sql: &str) {
        crate::database::execute(&self.desk.config, sql).await;
    }

    pub async fn kinds(&self, item: &Item) -> Vec<String> {
        let events = self.desk.store.item_events(&item.id).await.expect("the events");
        events.into_iter().map(|event| event.kind).collect()
    }

    async fn claimed(&self, reference: &str) -> Claim {
        let fields = json!({
            "ansokan": reference, "personnummer": PERSONNUMMER, "hyra": "6300",
            "namn": "Åsa Öberg", "adress": "Storgatan 1\n000 00 Exempelby",
            "inkomster": [{"kind": "aktivitetsstöd", "net": "6200"}],
        });
        let enqueued = self.desk.store.enqueue(&self.run, "ekonomiskt-bistand", reference, &fields).await;
        assert!(matches!(enqueued.expect("an item"), Enqueued::New(_)));
        self.claim(reference).await
    }

    /// The item, which is the next in the queue, in a worker's hands.
    pub async fn claim(&self, reference: &str) -> Claim {
        let (minute, none) = (Duration::from_mins(1), Duration::ZERO);
        let claim =
            self.desk.store.claim_item(&claimant("test", minute, none)).await.expect("the store").expect("an item");
        assert_eq!(claim.item.reference, reference);
        claim
    }

    async fn suggest(&self, claim: &Claim, answer: &Value) -> StoredSuggestion {
        let event = Event::new(EventKind::Suggested, "bot:ekonomiskt-bistand").item(&claim.item).stage("förslag");
        let id = answer["suggestion_id"].as_str().expect("an id");
        let facts = json!({
            "period": "2025-12", "costs": [{"kind": "hyra", "applied": "6300"}], "sources": {"fk": "ok", "af": "timeout"}});
        self.desk.store.add_suggestion(claim, id, &facts, answer, &[event]).await.expect("a suggestion")
    }

    async fn let_go(&self, claim: &Claim, stage: &str, finish: &Finish) {
        let fields = claim.item.fields.0.clone();
        self.desk.store.stage_done(claim, Some(stage), &fields, &[]).await.expect("the stage");
        self.desk.store.finish(claim, finish, &fields, &[]).await.expect("the end");
    }
}

/// What the decision library answers to the design's example.
pub fn approval() -> Value {
    let source = json!({"text": "SFS 2025:468 12 kap. 2 §", "verified": true});
    let line = |rule: &str, title: &str, amount: &str, verified: bool| {
        let mut source = source.clone();
        source["verified"] = verified.into();
        json!({"rule": rule, "title": title, "source": source, "person": "a1", "amount": amount,
               "inputs": {"belopp": {"value": amount, "from": "ansökan"}}})
    };
    json!({
        "suggestion_id": "a1b2", "outcome": "approve", "amount": "6020", "need": "12220", "income": "6200",
        "norm": "5180", "surplus": "0", "refer": [], "notes": [{"code": "x", "text": "Hyran är högre än förra månaden"}],
        "lines": [
            line("norm.personal", "Personliga kostnader", "3910", true),
            line("norm.shared", "Gemensamma kostnader", "1270", true),
            line("cost.hyra", "Hyra", "6300", false),
            line("income.aktivitetsstöd", "Aktivitetsstöd", "-6200", false),
        ],
        "rulebook": {"name": "ekonomiskt-bistand", "version": "2025.1", "sha256": "0"},
        "date": "2025-12-10", "period": "2025-12",
    })
}

/// The same where a source was silent.
pub fn referral() -> Value {
    let mut answer = approval();
    answer["suggestion_id"] = "c3d4".into();
    answer["outcome"] = "refer".into();
    answer["amount"] = Value::Null;
    answer["income"] = Value::Null;
    answer["refer"] =
        json!([{"code": "source_silent", "reason": "A-kassan svarade inte", "details": {"source": "so"}}]);
    answer
}

/// Income over need.
pub fn denial() -> Value {
    let mut answer = approval();
    answer["suggestion_id"] = "e5f6".into();
    answer["outcome"] = "deny".into();
    answer["amount"] = "0".into();
    answer["surplus"] = "480".into();
    answer
}
