//! A person cancels an item in a real worker's hands: the commit in progress gets its outcome, and no further one begins.

use kollega::model::{EventKind, ItemState};
use kollega::store::{Hindrance, Operated, Operation, Order};
use sandbox::{Counts, Kind};

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
