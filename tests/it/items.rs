//! Items in the store, on both databases: their life, what people do to them, attempts, lists, removal, size.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kollega::model::{IntentOutcome, Item, ItemId, ItemState, RunId};
use kollega::seal::Seal;
use kollega::store::{
    Claim, Enqueued, Error, FieldIs, Finish, Hindrance, ItemFilter, ItemOrder, NewItem, NewRun, Operated, Operation,
    Order, Store, Whose,
};
use serde_json::{Value, json};

use crate::database::{Database, claimant, new_postgres, on_both};

const MINUTE: Duration = Duration::from_mins(1);
const BOT: &str = "robot";

pub fn new_run() -> NewRun {
    NewRun {
        bot: BOT.into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:test".into(),
    }
}

/// A store with one run, to put items in.
struct Queue {
    folder: tempfile::TempDir,
    store: Store,
    run: RunId,
    /// The address of the database, where it is PostgreSQL.
    address: Option<String>,
}

impl Queue {
    async fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(new_postgres().await),
        };
        let store = open(folder.path(), address.as_deref()).await.with_seal(Seal::open(folder.path()).expect("a key"));
        let run = store.queue_collected_run(&new_run()).await.expect("a run");
        Self { folder, store, run, address }
    }

    /// The same database under another key.
    async fn elsewhere(&self) -> (tempfile::TempDir, Store) {
        let key = tempfile::tempdir().expect("a folder");
        let store = open(self.folder.path(), self.address.as_deref()).await;
        let store = store.with_seal(Seal::open(key.path()).expect("a key"));
        (key, store)
    }

    async fn add(&self, reference: &str) -> Item {
        self.add_with(NewItem::new(BOT, reference, &json!({"ort": "Åmål"}))).await
    }

    async fn add_with(&self, new: NewItem) -> Item {
        let enqueued = self.store.enqueue_item(&self.run, &new).await.expect("the store");
        assert!(matches!(enqueued, Enqueued::New(_)), "{enqueued:?}");
        self.item(&new.reference).await
    }

    async fn item(&self, reference: &str) -> Item {
        self.store.find_item(reference).await.expect("the store").expect("the item")
    }

    async fn claim(&self) -> Option<Claim> {
        self.store.claim_item(&claimant("arbetare", MINUTE, Duration::ZERO)).await.expect("the store")
    }

    async fn do_to(&self, item: &Item, operation: Operation) -> Result<Operated, Hindrance> {
        let order = Order { operation, person: "olle".into(), reason: "Åsa Öberg ringde".into() };
        self.store.operate(&item.id, &order).await.expect("the store")
    }

    async fn why(&self, reference: &str) -> String {
        let item = self.item(reference).await;
        kollega::why::item(&self.store, &kollega::config::Config::default(), &item).await.expect("the store").because
    }

    /// The item in this state, past every check.
    async fn set(&self, item: &ItemId, state: ItemState) {
        let long_ago = "2020-01-01T00:00:00.000Z";
        let sql = format!(
            "update items set state = '{state}', not_before = '{long_ago}', lease_until = '{long_ago}' where id = '{item}'"
        );
        self.execute(&sql).await;
    }

    async fn execute(&self, sql: &str) {
        use sqlx::Connection;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if let Some(address) = &self.address {
            let mut server = sqlx::PgConnection::connect(address).await.expect("the server");
            sqlx::raw_sql(sql).execute(&mut server).await.expect("the statement");
            server.close().await.expect("the end");
        } else {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.path().join("kollega.db"));
            let mut file = sqlx::SqliteConnection::connect_with(&options).await.expect("the file");
            sqlx::raw_sql(sql).execute(&mut file).await.expect("the statement");
            file.close().await.expect("the end");
        }
    }

    async fn kinds(&self, item: &ItemId) -> Vec<String> {
        let events = self.store.item_events(item).await.expect("the events");
        events.into_iter().map(|event| format!("{} {}", event.kind, event.actor)).collect()
    }

    /// Everything that events say, as one text.
    async fn events(&self) -> String {
        format!("{:?}", self.store.latest_events(10_000).await.expect("the events"))
    }

    async fn list(&self, filter: ItemFilter) -> Vec<String> {
        let items = self.store.items(&filter).await.expect("the items");
        items.into_iter().map(|item| item.reference).collect()
    }
}

async fn open(folder: &std::path::Path, address: Option<&str>) -> Store {
    match address {
        None => Store::open(&folder.join("kollega.db")).await,
        Some(address) => Store::connect(address, None, 4).await,
    }
    .expect("the store")
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

on_both! {
    async fn an_item_is_claimed_from_the_states_that_may_become_in_progress_and_no_other(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        for &state in ItemState::ALL {
            queue.set(&item.id, state).await;
            let claimed = queue.claim().await.is_some();
            assert_eq!(claimed, state.may_become(ItemState::InProgress), "{state}");
        }
    }

    async fn every_operation_does_what_the_state_allows_and_nothing_else(database) {
        let queue = Queue::on(database).await;
        let until = queue.store.now().await.expect("the clock") + chrono::Duration::hours(1);
        let operations = [
            (Operation::Rerun, ItemState::Ready),
            (Operation::HandOver, ItemState::HandedOver),
            (Operation::Cancel, ItemState::Cancelled),
            (Operation::Defer { until }, ItemState::Deferred),
        ];
        for (number, &state) in ItemState::ALL.iter().enumerate() {
            for (operation, to) in operations {
                let item = queue.add(&format!("A-{number}-{}", operation.as_str())).await;
                queue.set(&item.id, state).await;
                let result = queue.do_to(&item, operation).await;
                let after = queue.item(&item.reference).await;
                match result {
                    Ok(Operated::Done) => {
                        assert_eq!(after.state, to, "{state} {operation:?}");
                        assert!(state.may_become(to));
                    }
                    Ok(Operated::Asked | Operated::AskedInstead) => assert_eq!((after.state, after.asked.as_deref()), (state, Some(to.as_str()))),
                    Err(_) => assert_eq!((after.state, after.attempt), (state, 1), "{state} {operation:?}"),
                }
                let recorded = queue.store.operations(&item.id).await.expect("the operations");
                assert_eq!(recorded.len(), usize::from(result.is_ok()), "{state} {operation:?}");
                let by_person = queue.kinds(&item.id).await.iter().filter(|kind| kind.ends_with("person:olle")).count();
                assert_eq!(by_person, usize::from(result.is_ok()), "{state} {operation:?}");
            }
        }
        assert!(!queue.events().await.contains("Öberg"), "the reason stands in an event");
    }

    async fn attempts_of_one_item_stand_under_one_reference_and_each_can_be_read(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        for (state, code) in [(ItemState::Failed, "system"), (ItemState::HandedOver, "needs_person")] {
            let claim = queue.claim().await.expect("the item");
            queue.store.stage_done(&claim, Some("andra"), &json!({}), &[]).await.expect("the stage");
            let finish = Finish::new(state).because(code, "Åsa Öberg saknas");
            queue.store.finish(&claim, &finish, &json!({}), &[]).await.expect("the end");
            assert_eq!(queue.do_to(&item, Operation::Rerun).await, Ok(Operated::Done));
        }
        let now = queue.item("A-1").await;
        assert_eq!((now.id.clone(), now.attempt, now.stage.as_deref(), now.code.as_deref()), (item.id.clone(), 3, None, None));
        let attempts = queue.store.attempts(&item.id).await.expect("the attempts");
        let told: Vec<_> = attempts.iter().map(|one| (one.attempt, one.state, one.code.as_deref(), one.stage.as_deref())).collect();
        assert_eq!(told, [
            (1, ItemState::Failed, Some("system"), Some("andra")),
            (2, ItemState::HandedOver, Some("needs_person"), Some("andra")),
        ]);
        assert_eq!(attempts[0].began_at, item.created_at);
        assert!(attempts[0].ended_at <= attempts[1].began_at && attempts[1].began_at <= attempts[1].ended_at);
        assert_eq!(attempts[0].reason.as_deref(), Some("Åsa Öberg saknas"));
        assert_eq!(queue.list(ItemFilter::default()).await, ["A-1"]);
    }

    async fn a_worker_that_is_asked_lets_go_where_the_item_would_wait_and_never_begins_a_commit(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        let claim = queue.claim().await.expect("the item");
        assert!(!queue.store.is_asked(&claim).await.expect("the store"));
        assert_eq!(queue.do_to(&item, Operation::HandOver).await, Ok(Operated::Asked));
        // Whoever orders last decides, and is told that there was another order.
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Ok(Operated::AskedInstead));
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Err(Hindrance::AlreadyAsked));
        assert_eq!(queue.item("A-1").await.state, ItemState::InProgress);
        assert!(queue.store.is_asked(&claim).await.expect("the store"));
        let refused = queue.store.intend(&claim, "spara", None, MINUTE, &[]).await;
        assert!(matches!(refused, Err(Error::Asked)), "{refused:?}");
        assert!(queue.store.item_intents(&item.id).await.expect("the intents").is_empty());
        let waits = Finish { wait: Some(MINUTE), ..Finish::new(ItemState::Deferred).because("retry", "") };
        queue.store.finish(&claim, &waits, &json!({"ort": "Ås"}), &[]).await.expect("the end");
        let after = queue.item("A-1").await;
        assert_eq!((after.state, after.code.as_deref(), after.asked), (ItemState::Cancelled, Some("by_person"), None));
        assert_eq!((after.reason.as_deref(), after.not_before), (Some("Åsa Öberg ringde"), None));
        assert_eq!(after.fields.0["ort"], "Ås");
        let kinds = queue.kinds(&item.id).await;
        assert!(kinds.contains(&"asked person:olle".into()) && kinds.contains(&"cancelled person:olle".into()), "{kinds:?}");
    }

    async fn what_is_asked_too_late_changes_nothing_that_is_done(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        let claim = queue.claim().await.expect("the item");
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Ok(Operated::Asked));
        queue.store.finish(&claim, &Finish::new(ItemState::Done), &json!({}), &[]).await.expect("the end");
        let after = queue.item("A-1").await;
        assert_eq!((after.state, after.asked), (ItemState::Done, None));
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Err(Hindrance::Ended));
        let because = queue.why("A-1").await;
        assert!(because.contains("olle begärde att det skulle avbrytas, men det blev inte så"), "{because}");
        assert_eq!(queue.do_to(&item, Operation::Rerun).await, Ok(Operated::Done));
        let because = queue.why("A-1").await;
        assert!(!because.contains("olle begärde"), "that was of the attempt before: {because}");
    }

    async fn an_item_with_a_commit_of_unknown_outcome_is_never_cancelled(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        let claim = queue.claim().await.expect("the item");
        queue.store.intend(&claim, "spara", None, MINUTE, &[]).await.expect("an intent");
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Ok(Operated::Asked));
        // The outcome first: the worker is not told to stop here.
        assert!(!queue.store.is_asked(&claim).await.expect("the store"));
        let waits = Finish { wait: Some(Duration::ZERO), ..Finish::new(ItemState::Deferred) };
        queue.store.finish(&claim, &waits, &json!({}), &[]).await.expect("a wait");
        assert_eq!(queue.item("A-1").await.state, ItemState::Deferred);
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Err(Hindrance::OpenIntent));
        assert_eq!(queue.do_to(&item, Operation::HandOver).await, Err(Hindrance::OpenIntent));
        let claim = queue.claim().await.expect("the item");
        queue.store.settle(&claim, "spara", IntentOutcome::Uncertain, "inget", &[]).await.expect("an outcome");
        queue.store.finish(&claim, &Finish::new(ItemState::Uncertain), &json!({}), &[]).await.expect("the end");
        for operation in [Operation::Cancel, Operation::HandOver] {
            assert_eq!(queue.do_to(&item, operation).await, Err(Hindrance::Unsettled));
        }
        let because = queue.why("A-1").await;
        assert!(because.contains("olle begärde att det skulle avbrytas, men det blev inte så"), "{because}");
        queue.store.settle_by_person(&claim.item, Some(IntentOutcome::NotDone), "olle").await.expect("settled");
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Ok(Operated::Done));
        let because = queue.why("A-1").await;
        assert!(!because.contains("olle begärde"), "{because}");
        assert_eq!(queue.item("A-1").await.state, ItemState::Cancelled);
    }

    async fn what_nobody_can_tell_of_an_attempt_before_is_settled_by_a_person(database) {
        for outcome in [IntentOutcome::Done, IntentOutcome::NotDone] {
            let queue = Queue::on(database).await;
            let item = queue.add("A-1").await;
            let claim = queue.claim().await.expect("the item");
            queue.store.intend(&claim, "spara", None, MINUTE, &[]).await.expect("an intent");
            queue.store.settle(&claim, "spara", IntentOutcome::Done, "sparat", &[]).await.expect("an outcome");
            queue.store.finish(&claim, &Finish::new(ItemState::Done), &json!({}), &[]).await.expect("the end");
            assert_eq!(queue.do_to(&item, Operation::Rerun).await, Ok(Operated::Done));
            let claim = queue.claim().await.expect("the item");
            for _ in 0..2 {
                queue.store.settle(&claim, "spara", IntentOutcome::Uncertain, "hämtad?", &[]).await.expect("an outcome");
            }
            queue.store.finish(&claim, &Finish::new(ItemState::Uncertain), &json!({}), &[]).await.expect("the end");
            queue.store.settle_by_person(&claim.item, Some(outcome), "olle").await.expect("settled");
            let intents = queue.store.intents(&item.id, "spara").await.expect("the intents");
            let told: Vec<_> = intents.iter().map(|one| (one.attempt, one.outcome.as_deref())).collect();
            assert_eq!(told, [(1, Some("done")), (2, Some(outcome.as_str()))]);
            assert_eq!(queue.item("A-1").await.state, ItemState::Ready);
        }
    }

    async fn an_answer_is_never_taken_for_that_to_another_uncertainty(database) {
        let queue = Queue::on(database).await;
        queue.add("A-1").await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let claim = queue.claim().await.expect("the item");
            queue.store.intend(&claim, "spara", None, MINUTE, &[]).await.expect("an intent");
            queue.store.settle(&claim, "spara", IntentOutcome::Uncertain, "?", &[]).await.expect("an outcome");
            queue.store.finish(&claim, &Finish::new(ItemState::Uncertain), &json!({}), &[]).await.expect("the end");
            seen.push(queue.item("A-1").await);
            if seen.len() == 1 {
                queue.store.settle_by_person(&seen[0], Some(IntentOutcome::NotDone), "olle").await.expect("settled");
            }
        }
        // Eva's page is from before Olle's answer.
        for answer in [Some(IntentOutcome::Done), Some(IntentOutcome::NotDone), None] {
            let refused = queue.store.settle_by_person(&seen[0], answer, "eva").await;
            assert!(matches!(refused, Err(Error::SettledBefore)), "{refused:?}");
        }
        assert_eq!(queue.item("A-1").await.state, ItemState::Uncertain);
        queue.store.settle_by_person(&seen[1], Some(IntentOutcome::Done), "eva").await.expect("settled");
    }

    async fn the_last_intent_is_by_who_held_the_item_last_whatever_a_clock_said(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        let claim = queue.claim().await.expect("the item");
        queue.store.intend(&claim, "spara", None, MINUTE, &[]).await.expect("an intent");
        queue.store.settle(&claim, "spara", IntentOutcome::NotDone, "inget", &[]).await.expect("an outcome");
        // By a machine whose clock was years ahead.
        queue.execute("update intents set id = '0ZZZZZZZZZZZZZZZZZZZZZZZZZ'").await;
        queue.set(&item.id, ItemState::InProgress).await;
        let later = queue.claim().await.expect("taken over");
        queue.store.intend(&later, "spara", None, MINUTE, &[]).await.expect("an intent");
        for intents in [
            queue.store.intents(&item.id, "spara").await.expect("the intents"),
            queue.store.item_intents(&item.id).await.expect("the intents"),
        ] {
            let outcomes: Vec<_> = intents.iter().map(|intent| intent.outcome.as_deref()).collect();
            assert_eq!(outcomes, [Some("not_done"), None]);
        }
    }

    async fn an_item_is_asked_for_or_its_commit_begins_never_both(database) {
        let queue = Queue::on(database).await;
        for number in 0..12 {
            let item = queue.add(&format!("A-{number}")).await;
            let claim = queue.claim().await.expect("the item");
            let order = Order { operation: Operation::Cancel, person: "olle".into(), reason: "x".into() };
            let (asked, intended) = tokio::join!(
                queue.store.operate(&item.id, &order),
                queue.store.intend(&claim, "spara", None, MINUTE, &[]),
            );
            assert_eq!(asked.expect("the store"), Ok(Operated::Asked));
            let intents = queue.store.item_intents(&item.id).await.expect("the intents").len();
            assert_eq!(intents, usize::from(intended.is_ok()));
            // Whichever came first: with an intent the worker goes on to its outcome, without one it lets go.
            assert_eq!(queue.store.is_asked(&claim).await.expect("the store"), intended.is_err());
            queue.store.finish(&claim, &Finish::new(ItemState::Failed), &json!({}), &[]).await.expect("the end");
        }
    }

    async fn a_higher_priority_is_taken_first_and_a_deferred_item_waits_for_its_time(database) {
        let queue = Queue::on(database).await;
        let [first, second, third] = [queue.add("A-1").await, queue.add("A-2").await, queue.add("A-3").await];
        assert_eq!(queue.do_to(&second, Operation::Priority(10)).await, Ok(Operated::Done));
        let far = queue.store.now().await.expect("the clock") + chrono::Duration::days(1);
        assert_eq!(queue.do_to(&first, Operation::Defer { until: far }).await, Ok(Operated::Done));
        assert_eq!(queue.claim().await.expect("one").item.id, second.id);
        assert_eq!(queue.claim().await.expect("one").item.id, third.id);
        assert!(queue.claim().await.is_none());
        let now = queue.store.now().await.expect("the clock");
        assert_eq!(queue.do_to(&first, Operation::Defer { until: now }).await, Ok(Operated::Done));
        assert_eq!(queue.claim().await.expect("one").item.id, first.id);
        let priority = queue.store.item_events(&second.id).await.expect("the events");
        let detail = priority.iter().find(|event| event.kind == "priority_set").and_then(|event| event.detail.clone());
        assert_eq!(detail.as_deref(), Some(r#"{"from":0,"to":10}"#));
    }

    async fn what_waits_for_a_later_time_does_not_hold_its_run(database) {
        let queue = Queue::on(database).await;
        let item = queue.add("A-1").await;
        let store = &queue.store;
        assert!(!store.nothing_ready(&item.run).await.expect("the store"), "it is in the queue");
        for (minutes, over) in [(5, false), (24 * 60, true)] {
            let until = store.now().await.expect("the clock") + chrono::Duration::minutes(minutes);
            assert_eq!(queue.do_to(&item, Operation::Defer { until }).await, Ok(Operated::Done));
            assert_eq!(store.nothing_ready(&item.run).await.expect("the store"), over, "{minutes} minutes");
            let pools = ["default".to_owned()];
            let whose = Whose::Pools(&pools);
            let soon = store.waits(whose, true).await.expect("the store");
            assert_eq!(soon.map(|waits| (waits.count, waits.reference)), (!over).then(|| (1, "A-1".to_owned())));
            assert!(store.waits(Whose::Run(&item.run), false).await.expect("the store").is_some());
            // As it was before anybody claimed it: the run is queued, and ends without its items.
            queue.execute("update runs set state = 'done'").await;
            for whose in [whose, Whose::Run(&item.run)] {
                assert_eq!(store.anything_to_do(whose, &[]).await.expect("the store"), !over, "{minutes} minutes");
            }
        }
    }

    async fn items_are_found_by_state_reference_age_deadline_and_field(database) {
        let queue = Queue::on(database).await;
        let fields = |city: &str, amount: &str| json!({"ort": city, "belopp": {"$money": amount}});
        let with = |reference: &str, city: &str, amount: &str, priority, deadline: Option<&str>| NewItem {
            priority,
            deadline_at: deadline.map(time),
            ..NewItem::new(BOT, reference, &fields(city, amount))
        };
        queue.add_with(with("A-1", "Åmål", "6300", 0, Some("2020-01-02T00:00:00Z"))).await;
        queue.add_with(with("A-2", "Örebro", "6300.00", 5, None)).await;
        queue.add_with(with("B-1", "Åmål \"söder\"", "1.5", 0, Some("2999-01-02T00:00:00Z"))).await;
        queue.execute("update items set created_at = '2020-01-01T00:00:00.000Z' where reference = 'A-2'").await;
        let now = queue.store.now().await.expect("the clock");
        let none = ItemFilter::default;
        let field = |name: &str, value: Value| vec![FieldIs { name: name.into(), value }];
        let cases: Vec<(ItemFilter, &[&str])> = vec![
            (ItemFilter { reference: Some("A-".into()), ..none() }, &["A-1", "A-2"]),
            (ItemFilter { bot: Some("annan".into()), ..none() }, &[]),
            (ItemFilter { state: Some(ItemState::Done), ..none() }, &[]),
            (ItemFilter { created_before: Some(now - chrono::Duration::days(2)), ..none() }, &["A-2"]),
            (ItemFilter { created_after: Some(now - chrono::Duration::days(2)), ..none() }, &["A-1", "B-1"]),
            (ItemFilter { overdue_at: Some(now), ..none() }, &["A-1"]),
            (ItemFilter { fields: field("ort", json!("Åmål")), ..none() }, &["A-1"]),
            (ItemFilter { fields: field("ort", json!("Åmål \"söder\"")), ..none() }, &["B-1"]),
            (ItemFilter { fields: field("belopp", json!({"$money": "6300.0"})), ..none() }, &["A-1", "A-2"]),
            (ItemFilter { fields: field("finns_inte", json!("x")), ..none() }, &[]),
            (ItemFilter { order: ItemOrder::Priority, descending: true, ..none() }, &["A-2", "A-1", "B-1"]),
            (ItemFilter { order: ItemOrder::Deadline, ..none() }, &["A-1", "B-1", "A-2"]),
            (ItemFilter { order: ItemOrder::Reference, descending: true, ..none() }, &["B-1", "A-2", "A-1"]),
            (ItemFilter { limit: 1, offset: 1, ..none() }, &["A-2"]),
            (ItemFilter { limit: 1, offset: 1, fields: field("belopp", json!({"$money": "6300"})), ..none() }, &["A-2"]),
        ];
        for (filter, expected) in cases {
            assert_eq!(queue.list(filter.clone()).await, expected, "{filter:?}");
            if filter.fields.is_empty() && filter.limit == 0 {
                let count = queue.store.count_items(&filter).await.expect("the count");
                assert_eq!(usize::try_from(count), Ok(expected.len()));
            }
        }
    }

    async fn all_are_put_in_the_queue_or_none(database) {
        let queue = Queue::on(database).await;
        queue.add("A-1").await;
        let new = |reference: &str, size: usize| NewItem::new(BOT, reference, &json!({"text": "x".repeat(size)}));
        let small = queue.store.clone().with_payload(1 << 20);
        let runs = queue.store.runs(None, 10).await.expect("the runs").len();
        let refused = small.enqueue_all(&new_run(), &[new("A-2", 10), new("A-3", 2 << 20)], |_| ()).await;
        assert!(matches!(refused, Err(Error::TooLarge { megabytes: 3, limit: 1 })), "{refused:?}");
        assert_eq!(queue.list(ItemFilter::default()).await, ["A-1"]);
        assert_eq!(queue.store.runs(None, 10).await.expect("the runs").len(), runs);
        let (run, became) = small.enqueue_all(&new_run(), &[new("A-1", 1), new("A-2", 1)], |_| ()).await.expect("both");
        assert!(run.is_some() && matches!(became.as_slice(), [Enqueued::Known(_), Enqueued::New(_)]), "{became:?}");
        let (run, became) = small.enqueue_all(&new_run(), &[new("A-1", 1)], |_| ()).await.expect("known");
        assert!(run.is_none() && became.len() == 1);
    }

    async fn the_same_ones_added_at_the_same_time_in_opposite_order_are_there_once(database) {
        let queue = Queue::on(database).await;
        let new: Vec<NewItem> = (0..300).map(|n| NewItem::new(BOT, &format!("S-{n:03}"), &json!({}))).collect();
        let back: Vec<NewItem> = new.iter().rev().cloned().collect();
        let run = new_run();
        let (one, other) =
            tokio::join!(queue.store.enqueue_all(&run, &new, |_| ()), queue.store.enqueue_all(&run, &back, |_| ()));
        let made = |(_, became): (_, Vec<Enqueued>)| became.iter().filter(|one| matches!(one, Enqueued::New(_))).count();
        assert_eq!([made(one.expect("one")), made(other.expect("the other"))].iter().sum::<usize>(), 300);
        assert_eq!(queue.store.count_items(&ItemFilter::default()).await.expect("the count"), 300);
    }

    async fn a_removed_item_leaves_nothing_of_itself_and_its_reference_is_never_taken_again(database) {
        let queue = Queue::on(database).await;
        let fields = json!({"namn": "Åsa Öberg"});
        let item = queue.add_with(NewItem::new(BOT, "REF-HEMLIG-1", &fields)).await;
        let refused = queue.store.remove_item(&item.id, "adam", "retention").await;
        assert!(matches!(refused, Err(Error::NotAllowed { .. })));
        let claim = queue.claim().await.expect("the item");
        let answer = json!({"outcome": "refer", "who": "Åsa Öberg"});
        queue.store.add_suggestion(&claim, "s1", &fields, &answer, &[]).await.expect("a suggestion");
        let failed = Finish::new(ItemState::Failed).because("system", "Åsa Öberg saknas");
        queue.store.finish(&claim, &failed, &fields, &[]).await.expect("the end");
        assert_eq!(queue.do_to(&item, Operation::Rerun).await, Ok(Operated::Done));
        assert_eq!(queue.do_to(&item, Operation::Cancel).await, Ok(Operated::Done));
        queue.store.remove_item(&item.id, "adam", "retention").await.expect("removed");

        assert!(queue.store.find_item("REF-HEMLIG-1").await.expect("the store").is_none());
        assert!(queue.store.suggestion(&item.id).await.expect("the store").is_none());
        assert!(queue.store.attempts(&item.id).await.expect("the store").is_empty());
        assert!(queue.store.operations(&item.id).await.expect("the store").is_empty());
        let kinds = queue.kinds(&item.id).await;
        assert_eq!(kinds.last().map(String::as_str), Some("removed person:adam"));
        assert!(kinds.contains(&"rerun person:olle".into()), "the events stay: {kinds:?}");
        let events = queue.events().await;
        assert!(!events.contains("Öberg") && !events.contains("HEMLIG"), "{events}");

        for _ in 0..2 {
            let again = queue.store.enqueue(&queue.run, BOT, "REF-HEMLIG-1", &fields).await.expect("the store");
            assert_eq!(again, Enqueued::Removed);
        }
        assert!(queue.store.is_removed(BOT, "REF-HEMLIG-1").await.expect("the store"));
        let other = queue.store.enqueue(&queue.run, "annan", "REF-HEMLIG-1", &fields).await.expect("the store");
        assert!(matches!(other, Enqueued::New(_)), "the reference of another bot is another");
    }

    async fn under_another_key_nothing_is_put_in_the_queue_that_may_have_been_there(database) {
        let queue = Queue::on(database).await;
        let (_key, other) = queue.elsewhere().await;
        assert!(other.enqueue(&queue.run, BOT, "B-0", &json!({})).await.is_ok(), "nothing has been removed yet");
        let item = queue.add("A-1").await;
        queue.set(&item.id, ItemState::Done).await;
        queue.store.remove_item(&item.id, "adam", "mistake").await.expect("removed");
        for reference in ["A-1", "A-2"] {
            let refused = other.enqueue(&queue.run, BOT, reference, &json!({})).await;
            assert!(matches!(refused, Err(Error::OtherKey)), "{refused:?}");
        }
        let known = other.find_item("B-0").await.expect("the store").expect("the item");
        queue.set(&known.id, ItemState::Done).await;
        assert!(matches!(other.remove_item(&known.id, "adam", "mistake").await, Err(Error::OtherKey)));
        assert!(other.find_item("B-0").await.expect("the store").is_some());
    }

    async fn fifty_megabytes_come_back_as_they_were_and_more_than_the_limit_is_refused_whole(database) {
        let queue = Queue::on(database).await;
        queue.add("A-1").await;
        let claim = queue.claim().await.expect("the item");
        let part = "Åäö \u{1f600} \\ \" \n".repeat(1 << 14);
        let list: Vec<Value> = (0..50 * (1 << 20) / part.len()).map(|number| json!([number, part])).collect();
        let fields = json!({"stort": list});
        let size = fields.to_string().len();
        assert!(size > 50 << 20, "{size}");
        queue.store.stage_done(&claim, Some("andra"), &fields, &[]).await.expect("the stage");
        assert!(queue.item("A-1").await.fields.0 == fields, "what came back is something else");
        queue.add_with(NewItem::new(BOT, "A-2", &fields)).await;

        let small = queue.store.clone().with_payload(size - 1);
        let refused = small.stage_done(&claim, Some("tredje"), &fields, &[]).await;
        let Err(error @ Error::TooLarge { .. }) = refused else { panic!("{refused:?}") };
        assert!(error.to_string().contains("items.max_megabytes"), "{error}");
        let refused = small.enqueue(&queue.run, BOT, "A-3", &fields).await;
        assert!(matches!(refused, Err(Error::TooLarge { .. })));
        let after = queue.item("A-1").await;
        assert_eq!(after.stage.as_deref(), Some("andra"));
        assert!(after.fields.0 == fields, "a refused write changed something");
        // An item that was within an earlier limit can still end.
        let mut claim = claim;
        claim.item.fields.0 = fields.clone();
        small.finish(&claim, &Finish::new(ItemState::Failed), &fields, &[]).await.expect("the end");
        assert!(queue.item("A-1").await.fields.0 == fields);
    }
}

/// A state is set in one place only, and when an item is claimed.
#[test]
fn the_state_of_an_item_is_set_in_one_place() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let source = std::fs::read_to_string(entry.path()).expect("a source");
        let statements = source.split("update items set").skip(1);
        let sets =
            statements.filter(|rest| rest.split(" where ").next().is_some_and(|set| set.contains("state = "))).count();
        let allowed = match entry.file_name().to_str() {
            Some("life.rs" | "items.rs") => 1,
            _ => 0,
        };
        assert!(sets <= allowed, "{} sets the state of items in {sets} places", entry.path().display());
    }
}

/// What was removed is not to be read out of the file either: neither the row, nor a version of it from before, nor the
/// journal of the database.
#[tokio::test]
async fn a_removed_item_is_in_no_file_of_sqlite() {
    let queue = Queue::on(Database::Sqlite).await;
    let secret = "anders.berg@example.se";
    let mut items = Vec::new();
    for number in 0..40 {
        let fields = json!({"epost": secret, "text": "x".repeat(50 * number)});
        items.push(queue.add_with(NewItem::new(BOT, &format!("REF-HEMLIG-{number}"), &fields)).await);
    }
    while let Some(claim) = queue.claim().await {
        let fields = json!({"epost": secret, "text": "kort"});
        queue.store.add_suggestion(&claim, "s1", &fields, &fields, &[]).await.expect("a suggestion");
        let done = Finish::new(ItemState::Failed).because("system", secret);
        queue.store.finish(&claim, &done, &fields, &[]).await.expect("the end");
    }
    let files = || {
        let folder = std::fs::read_dir(queue.folder.path()).expect("the folder").flatten();
        folder.filter(|file| file.file_name().to_string_lossy().contains(".db"))
    };
    let holds = |text: &str| {
        files().any(|file| {
            let bytes = std::fs::read(file.path()).expect("a file");
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        })
    };
    assert!(holds(secret) && holds("REF-HEMLIG-7"));
    for item in &items {
        queue.store.remove_item(&item.id, "adam", "retention").await.expect("removed");
    }
    queue.store.forget_removed().await.expect("forgotten");
    assert!(!holds(secret), "what was personal");
    assert!(!holds("REF-HEMLIG"), "the references");
}
