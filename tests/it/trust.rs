//! Nothing is written back without a recorded decision by a person, whatever stands in the database.
//!
//! Each attempt is made the way somebody with access to the database file could make it, under a real worker; what
//! counts is what stands in Akten afterwards.

use std::time::Duration;

use kollega::desk::Reply;
use kollega::model::{Decision, EventKind, ItemState, StoredSuggestion, new_id};
use kollega::store::{Answer, NewDecision, Refusal};
use sandbox::Counts;

use crate::morning::{CASEWORKER, Morning, PASSWORD, Program, said};

const APPLICATION: &str = "EB-2025-0102";
const OTHER: &str = "EB-2025-0109";
/// The rent is over the guideline: a caseworker has to look.
const REFERRAL: &str = "EB-2025-0126";

/// Nothing of the application stands in Akten, and no letter was sent.
async fn nothing_was_written_back(morning: &Morning, reference: &str) {
    let counts = morning.counts(reference).await;
    assert_eq!(counts, Counts::default(), "{reference}\n{}", morning.story(reference).await);
}

/// An application that waits for a decision, and the worker that brought it there.
async fn waiting(morning: &Morning, references: &[&str]) -> Program {
    morning.queue(references).await;
    let worker = morning.worker("worker");
    for reference in references {
        morning.becomes(reference, ItemState::AwaitingDecision).await;
    }
    worker
}

/// Waits until the worker has looked at the item again and let it wait.
async fn waits_again(morning: &Morning, reference: &str, times: usize) {
    for _ in 0..3000 {
        if morning.count(reference, EventKind::Waiting, "").await > times {
            morning.becomes(reference, ItemState::AwaitingDecision).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not wait again\n{}", morning.story(reference).await);
}

async fn suggestion(morning: &Morning, reference: &str) -> StoredSuggestion {
    let item = morning.item(reference).await;
    morning.app.store.suggestion(&item.id).await.expect("the store").expect("a suggestion")
}

/// A decision as it would stand if the caseworker had made it, without a seal.
async fn drafted(morning: &Morning, reference: &str, amount: &str) -> Decision {
    let suggestion = suggestion(morning, reference).await;
    Decision {
        id: new_id(),
        item: suggestion.item.clone(),
        suggestion: suggestion.id.clone(),
        suggestion_id: suggestion.suggestion_id,
        outcome: "approve".into(),
        amount: Some(amount.into()),
        reason: None,
        changed: false,
        person: CASEWORKER.into(),
        person_name: None,
        role: "caseworker".into(),
        at: suggestion.at,
        seal: String::new(),
        motivation: None,
        delegation: None,
        delegation_reference: None,
    }
}

/// Writes a decision straight into the table.
async fn insert(morning: &Morning, decision: &Decision) {
    let Decision { id, item, suggestion, suggestion_id, outcome, person, role, at, seal, .. } = decision;
    let amount = decision.amount.as_deref().unwrap_or_default();
    let sql = format!(
        "insert into decisions (id, item, suggestion, suggestion_id, outcome, amount, changed, person, role, at, seal)
         values ('{id}', '{item}', '{suggestion}', '{suggestion_id}', '{outcome}', '{amount}', false, '{person}', '{role}',
                 '{at}', '{seal}')"
    );
    morning.execute(&sql).await;
}

async fn make_ready(morning: &Morning, reference: &str) {
    morning.execute(&format!("update items set state = 'ready' where reference = '{reference}'")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_event_and_a_state_written_past_kollega_write_nothing_back() {
    let morning = Morning::begin().await;
    let _worker = waiting(&morning, &[APPLICATION]).await;
    let item = morning.item(APPLICATION).await;
    let forged = format!(
        "insert into events (id, at, run, item, bot, attempt, actor, kind, stage, detail)
         values ('{}', '{}', '{}', '{}', '{}', 1, 'person:{CASEWORKER}', 'decided', 'beslut', '{{\"changed\": false}}')",
        new_id(),
        item.updated_at,
        item.run,
        item.id,
        item.bot
    );
    morning.execute(&forged).await;
    make_ready(&morning, APPLICATION).await;
    waits_again(&morning, APPLICATION, 1).await;
    nothing_was_written_back(&morning, APPLICATION).await;
    morning.execute("update items set state = 'ready', stage = 'utbetalning'").await;
    let item = morning.becomes(APPLICATION, ItemState::HandedOver).await;
    assert_eq!(item.code.as_deref(), Some("decision_missing"));
    nothing_was_written_back(&morning, APPLICATION).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_written_past_kollega_is_refused() {
    let morning = Morning::begin().await;
    let _worker = waiting(&morning, &[APPLICATION, OTHER]).await;
    // Invented.
    let bogus = Decision { seal: "00".repeat(32), ..drafted(&morning, APPLICATION, "10960").await };
    insert(&morning, &bogus).await;
    make_ready(&morning, APPLICATION).await;
    waits_again(&morning, APPLICATION, 1).await;
    assert_eq!(morning.count(APPLICATION, EventKind::DecisionRefused, "").await, 1);
    nothing_was_written_back(&morning, APPLICATION).await;
    // A true seal, of a decision on another application.
    let theirs = drafted(&morning, OTHER, "8010").await;
    let copied = Decision { seal: morning.app.seal.seal(&theirs), ..drafted(&morning, APPLICATION, "10960").await };
    insert(&morning, &copied).await;
    make_ready(&morning, APPLICATION).await;
    waits_again(&morning, APPLICATION, 2).await;
    assert_eq!(morning.count(APPLICATION, EventKind::DecisionRefused, "").await, 2);
    nothing_was_written_back(&morning, APPLICATION).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amount_changed_after_the_decision_is_refused() {
    let morning = Morning::begin().await;
    let mut worker = waiting(&morning, &[APPLICATION]).await;
    worker.ask_to_end();
    worker.ended(Duration::from_secs(30)).await;
    let (desk, user) = (morning.desk(), morning.caseworker().await);
    let (item, found) = (morning.item(APPLICATION).await, suggestion(&morning, APPLICATION).await);
    let reply = Reply { suggestion: found.id, answer: Answer::Approve, reason: None, motivation: None };
    desk.decide(&item, &user, reply).await.expect("decided");
    morning.execute("update decisions set amount = '99999'").await;
    morning.execute("update suggestions set answer = replace(answer, '\"10960\"', '\"99999\"')").await;
    assert_eq!(suggestion(&morning, APPLICATION).await.answer.0["amount"], "99999", "both are changed");
    let _worker = morning.worker("again");
    morning.becomes(APPLICATION, ItemState::Failed).await;
    let reason = morning.item(APPLICATION).await.reason.expect("why");
    assert!(reason.contains("förslaget är ändrat i databasen"), "{reason}");
    nothing_was_written_back(&morning, APPLICATION).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_cannot_be_approved_by_any_way() {
    let morning = Morning::begin().await;
    morning.queue(&[REFERRAL]).await;
    let _worker = morning.worker("worker");
    morning.becomes(REFERRAL, ItemState::HandedOver).await;
    // Put back in line as if it had waited for an approval.
    let put_back = "update items set state = 'awaiting_decision', stage = 'beslut', code = null, reason = null";
    morning.execute(put_back).await;
    let found = suggestion(&morning, REFERRAL).await;
    let (person, role) = (CASEWORKER.to_owned(), "caseworker".to_owned());
    let item = found.item.clone();
    let new = NewDecision {
        item,
        suggestion: found.id,
        answer: Answer::Approve,
        reason: None,
        person,
        person_name: None,
        role,
        stage: Some("beslut".into()),
        motivation: None,
    };
    let refused = morning.app.store.decide(&new, |decision| morning.app.seal.seal(decision)).await.expect("the store");
    assert_eq!(refused.expect_err("a refusal"), Refusal::Referral);
    let answered = morning.command(&["decide", REFERRAL, "approve", "--as", CASEWORKER, "--password-stdin"], PASSWORD);
    assert_eq!(answered.status.code(), Some(1), "{}", said(&answered));
    assert!(said(&answered).contains("kan inte godkännas rakt av"), "{}", said(&answered));
    // Even with a true seal: nobody may approve a referral as it stands.
    let mut sealed = drafted(&morning, REFERRAL, "15000").await;
    sealed.seal = morning.app.seal.seal(&sealed);
    insert(&morning, &sealed).await;
    make_ready(&morning, REFERRAL).await;
    let item = morning.becomes(REFERRAL, ItemState::HandedOver).await;
    assert_eq!(item.code.as_deref(), Some("over_guideline"));
    nothing_was_written_back(&morning, REFERRAL).await;
}
