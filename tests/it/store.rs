//! The store on SQLite and on PostgreSQL: claims, leases, tokens, firings, and what several programs do at once.

use std::collections::BTreeSet;
use std::time::Duration;

use kollega::model::{Event, EventKind, IntentOutcome, ItemState, RunId};
use kollega::store::{Claimant, Enqueued, Error, Finish, ItemFilter, NewRun, Store, Whose};
use serde_json::json;

use crate::database::{claimant, on_both};

const MINUTE: Duration = Duration::from_mins(1);

fn new_run() -> NewRun {
    NewRun {
        bot: "robot".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: Some("vardagar".into()),
        nominal: None,
        pool: "default".into(),
        actor: "person:test".into(),
    }
}

async fn with_items(store: &Store, count: usize) -> RunId {
    let run = store.queue_collected_run(&new_run()).await.expect("a run");
    for number in 0..count {
        let reference = format!("Ärende-{number:04}");
        store.enqueue(&run, "robot", &reference, &json!({"ort": "Åmål"})).await.expect("an item");
    }
    run
}

on_both! {
    async fn a_reference_is_put_in_the_queue_once(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        let run = with_items(&store, 1).await;
        let again = store.enqueue(&run, "robot", "Ärende-0000", &json!({})).await.expect("the store");
        assert!(matches!(again, Enqueued::Known(_)));
        let found = store.items(&ItemFilter { reference: Some("rende-00".into()), ..ItemFilter::default() }).await;
        let found = found.expect("the items");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].fields.0["ort"], "Åmål");
    }

    async fn a_worker_takes_the_work_of_its_pools_only(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        let new = NewRun { pool: "windows".into(), ..new_run() };
        let run = store.queue_run(&new).await.expect("a run");
        store.enqueue(&run, "robot", "Ärende-w", &json!({})).await.expect("an item");
        let other = claimant("linux", MINUTE, MINUTE);
        assert!(store.claim_run(&other).await.expect("the store").is_none());
        assert!(store.claim_item(&other).await.expect("the store").is_none());
        assert!(!store.anything_to_do(Whose::Pools(other.pools), &[]).await.expect("the store"));
        let pools = ["default".to_owned(), "windows".to_owned()];
        let both = Claimant { pools: &pools, ..other };
        assert_eq!(store.claim_run(&both).await.expect("the store").expect("the run").run.id, run);
        let claim = store.claim_item(&both).await.expect("the store").expect("the item");
        assert_eq!(claim.item.pool, "windows");
        assert!(store.anything_to_do(Whose::Pools(&pools), &[]).await.expect("the store"));
        assert!(store.claim_item(&Claimant { pools: &[], ..other }).await.expect("the store").is_none());
    }

    async fn many_workers_claim_each_item_once(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 40).await;
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..8 {
            let store = store.clone();
            workers.spawn(async move {
                let mut mine = Vec::new();
                while let Some(claim) = store.claim_item(&claimant(&format!("w{worker}"), MINUTE, MINUTE)).await.expect("the store") {
                    mine.push(claim.item.reference);
                }
                mine
            });
        }
        let claimed: Vec<String> = workers.join_all().await.concat();
        assert_eq!(claimed.len(), 40);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 40);
    }

    async fn an_expired_lease_is_claimed_again_and_the_late_worker_is_refused(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 1).await;
        let first = store.claim_item(&claimant("first", Duration::ZERO, Duration::ZERO)).await.expect("the store").expect("it");
        // The lease ends in the millisecond of the claim: the next one of the database's clock is after it.
        let ends = store.now().await.expect("the clock");
        while store.now().await.expect("the clock") <= ends {}
        let second = store.claim_item(&claimant("second", MINUTE, Duration::ZERO)).await.expect("the store").expect("it");
        assert!(second.taken_over && second.token > first.token);
        let late = store.finish(&first, &Finish::new(ItemState::Done), &json!({}), &[]).await;
        assert!(matches!(late, Err(Error::LeaseLost)));
        assert!(matches!(store.intend(&first, "spara", None, MINUTE, &[]).await, Err(Error::LeaseLost)));
        store.finish(&second, &Finish::new(ItemState::Done), &json!({}), &[]).await.expect("the end");
    }

    async fn what_is_not_committed_leaves_nothing(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 1).await;
        let mut claim = store.claim_item(&claimant("one", MINUTE, MINUTE)).await.expect("the store").expect("it");
        claim.token += 1;
        let event = Event::new(EventKind::Intent, "bot:robot").item(&claim.item);
        assert!(store.intend(&claim, "spara", None, MINUTE, &[event]).await.is_err());
        assert!(store.intents(&claim.item.id, "spara").await.expect("the intents").is_empty());
        let kinds = store.item_events(&claim.item.id).await.expect("the events");
        assert!(kinds.iter().all(|event| event.kind != "intent"));
    }

    async fn an_intent_and_its_outcome_are_kept_in_order(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = database.store(folder.path()).await;
        with_items(&store, 1).await;
        let claim = store.claim_item(&claimant("one", MINUTE, MINUTE)).await.expect("the store").expect("it");
        store.intend(&claim, "spara", None, MINUTE, &[]).await.expect("an intent");
        store.settle(&claim, "spara", IntentOutcome::NotDone, "inget", &[]).await.expect("an outcome");
        store.intend(&claim, "spara", Some("<1@x>"), MINUTE, &[]).await.expect("an intent");
        let intents = store.intents(&claim.item.id, "spara").await.expect("the intents");
        let outcomes: Vec<_> = intents.iter().map(|intent| intent.outcome.as_deref()).collect();
        assert_eq!(outcomes, [Some("not_done"), None]);
    }

    async fn many_nodes_may_open_an_empty_database_at_once(database) {
        let folder = tempfile::tempdir().expect("a folder");
        let address = match database {
            crate::database::Database::Sqlite => None,
            crate::database::Database::Postgres => Some(crate::database::new_postgres().await),
        };
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (file, address) = (folder.path().join("kollega.db"), address.clone());
            nodes.spawn(async move {
                match address {
                    None => Store::open(&file).await.map(drop),
                    Some(address) => Store::connect(&address, None, 2).await.map(drop),
                }
            });
        }
        for opened in nodes.join_all().await {
            opened.expect("the store");
        }
    }
}
