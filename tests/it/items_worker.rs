//! Items in a real worker's hands: one that a person cancels gets its commit's outcome and no further one begins, and one
//! that ends in its first stage says which that is.

use kollega::model::{EventKind, ItemState};
use kollega::store::{Hindrance, Operated, Operation, Order};
use sandbox::{Counts, Kind};

use crate::database::on_both;
use crate::delegations::Town;
use crate::morning::Morning;

const REFERENCE: &str = "EB-2025-0102";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_cancelled_in_the_middle_of_a_save_is_saved_once_and_goes_no_further() {
    let morning = Morning::begin().await;
    morning.slow_save(Kind::Calculation, REFERENCE).await;
    morning.queue(&[REFERENCE]).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    morning.has(REFERENCE, EventKind::Intent, "beräkning").await;
    let item = morning.item(REFERENCE).await;
    let order = Order { operation: Operation::Cancel, person: "olle".into(), reason: "Återkallad".into() };
    let store = &morning.app.store;
    assert_eq!(store.operate(&item.id, &order).await.expect("the store"), Ok(Operated::Asked));
    let again = store.operate(&item.id, &order).await.expect("the store");
    assert_eq!(again, Err(Hindrance::AlreadyAsked), "{}", morning.story(REFERENCE).await);

    let item = morning.becomes(REFERENCE, ItemState::Cancelled).await;
    assert_eq!(item.reason.as_deref(), Some("Återkallad"));
    let counts = morning.counts(REFERENCE).await;
    let once = Counts { calculations: 1, decisions: 0, payments: 0, mails: 0 };
    assert_eq!(counts, once, "{}", morning.story(REFERENCE).await);
    let intents = store.item_intents(&item.id).await.expect("the intents");
    assert!(intents.iter().all(|intent| intent.outcome.as_deref() == Some("done")), "{intents:?}");

    // Done again it is not calculated twice.
    let order = Order { operation: Operation::Rerun, ..order };
    assert_eq!(store.operate(&item.id, &order).await.expect("the store"), Ok(Operated::Done));
    morning.is_registered_once(REFERENCE).await;
    let attempts = store.attempts(&item.id).await.expect("the attempts");
    assert_eq!(attempts.iter().map(|one| one.state).collect::<Vec<_>>(), [ItemState::Cancelled]);
}

on_both! {
    async fn an_item_that_ends_in_its_first_stage_says_which_and_a_new_attempt_begins_anew(database) {
        let town = Town::open(database).await;
        // More than can be believed: there is no suggestion.
        town.queue(&[("A", "99999999", false, "ok")]).await;
        let worker = town.worker();
        let item = town.becomes("A", ItemState::HandedOver).await;
        assert_eq!((item.code.as_deref(), item.stage.as_deref()), (Some("facts_invalid"), Some("förslag")));

        drop(worker);
        let again = Order { operation: Operation::Rerun, person: "olle".into(), reason: "rättat".into() };
        assert_eq!(town.app.store.operate(&item.id, &again).await.expect("the store"), Ok(Operated::Done));
        assert_eq!(town.becomes("A", ItemState::Ready).await.stage, None);
        let attempts = town.app.store.attempts(&item.id).await.expect("the attempts");
        assert_eq!(attempts[0].stage.as_deref(), Some("förslag"));
    }
}
