//! The fence: whatever is cut, killed, stopped or signed out in the middle, each form is saved once and only once.
//!
//! Real workers on the real practice systems, counted in Akten at the end.

use std::time::Duration;

use kollega::model::{EventKind, ItemState};
use sandbox::{FaultKind, FaultSpec, Kind, System};

use crate::morning::{CASEWORKER, Morning, PASSWORD, Program, dossier, said};

const CALCULATION: &str = "beräkning";
const PAYMENT: &str = "utbetalning";

/// Each cut on one form, of an application each: one of everything in the end.
async fn every_cut_on(act: Kind, references: [&str; 3]) {
    let morning = Morning::begin().await;
    let [before, after, late] = references;
    morning.cut(FaultKind::CutBefore, act, before, 0.0).await;
    morning.cut(FaultKind::CutAfter, act, after, 0.0).await;
    // The save lands while the worker waits for the system to settle.
    morning.cut(FaultKind::CutLate, act, late, 0.7).await;
    morning.queue(&references).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    for reference in references {
        morning.is_registered_once(reference).await;
    }
    morning.every_fault_struck().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_while_a_calculation_is_saved_leaves_one_of_each() {
    every_cut_on(Kind::Calculation, ["EB-2025-0102", "EB-2025-0104", "EB-2025-0109"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_while_a_decision_is_saved_leaves_one_of_each() {
    every_cut_on(Kind::Decision, ["EB-2025-0102", "EB-2025-0104", "EB-2025-0109"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_while_a_payment_is_saved_leaves_one_of_each() {
    every_cut_on(Kind::Payment, ["EB-2025-0102", "EB-2025-0104", "EB-2025-0109"]).await;
}

/// Kills the worker as soon as this has happened, and starts another; `seconds` later the form is saved, if at all.
async fn killed_when(reference: &str, kind: EventKind, stage: &str) {
    let morning = Morning::begin().await;
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.has(reference, kind, stage).await;
    first.kill();
    morning.nothing_is_left_running().await;
    let mut second = morning.worker("second");
    morning.is_registered_once(reference).await;
    second.ask_to_end();
    assert_eq!(second.ended(Duration::from_secs(30)).await, Some(0), "{}", second.said());
    morning.nothing_is_left_running().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_while_it_reads_leaves_one_of_each() {
    killed_when("EB-2025-0107", EventKind::StageStarted, "läs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_at_its_intent_leaves_one_of_each() {
    killed_when("EB-2025-0101", EventKind::Intent, PAYMENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_after_its_act_leaves_one_of_each() {
    killed_when("EB-2025-0101", EventKind::Outcome, CALCULATION).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_without_an_answer_is_held_until_a_person_settles_it() {
    let reference = "EB-2025-0108";
    let morning = Morning::begin().await;
    morning
        .sandbox
        .add_fault(FaultSpec { ms: 1000, ..FaultSpec::new(System::Smtp, FaultKind::Slow) })
        .await
        .expect("a fault");
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.a_fault_strikes().await;
    first.kill();
    let _second = morning.worker("second");
    morning.becomes(reference, ItemState::Uncertain).await;
    while morning.counts(reference).await.mails == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let settled = morning.command(&["settle", reference, "did", "--as", CASEWORKER, "--password-stdin"], PASSWORD);
    assert!(settled.status.success(), "{}", said(&settled));
    morning.is_registered_once(reference).await;
}

/// Stops a program, but not in the middle of a write: SQLite's lock would keep everybody else waiting until it goes on.
async fn stop_between_writes(morning: &Morning, program: &Program) {
    program.stop();
    while !morning.can_be_written().await {
        program.go_on();
        program.stop();
    }
}

/// The first worker is stopped when `form` is about to be saved, for longer than its lease; the second takes over.
async fn stopped_past_its_lease(morning: &Morning, reference: &str, stopped: impl Future<Output = ()>) {
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.has(reference, EventKind::Claimed, "").await;
    stopped.await;
    stop_between_writes(morning, &first).await;
    let mut second = morning.worker("second");
    morning.is_registered_once(reference).await;
    assert!(morning.count(reference, EventKind::TakenOver, "").await > 0);
    let events = morning.events(reference).await.len();
    first.go_on();
    first.ask_to_end();
    assert_eq!(first.ended(Duration::from_secs(30)).await, Some(0), "{}", first.said());
    // What it wrote when it woke was refused, and that is all that there is of it.
    let late = morning.count(reference, EventKind::LateWrite, "").await;
    let now = morning.events(reference).await.len();
    assert_eq!((now - events, late > 0), (late, true), "a late write\n{}", morning.story(reference).await);
    morning.is_registered_once(reference).await;
    second.ask_to_end();
    second.ended(Duration::from_secs(30)).await;
    morning.nothing_is_left_running().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stopped_before_its_act_does_not_make_it_after_the_takeover() {
    let (morning, reference) = (Morning::begin().await, "EB-2025-0102");
    Box::pin(stopped_past_its_lease(&morning, reference, morning.has(reference, EventKind::Intent, PAYMENT))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stopped_in_its_act_is_taken_over_and_its_record_found() {
    let (morning, reference) = (Morning::begin().await, "EB-2025-0103");
    morning.slow_save(Kind::Calculation, reference).await;
    stopped_past_its_lease(&morning, reference, morning.a_fault_strikes()).await;
    assert_eq!(morning.count(reference, EventKind::Intent, CALCULATION).await, 1, "it was made once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_on_the_second_page_is_found_after_a_crash() {
    let reference = "EB-2025-0101";
    let morning = Morning::begin().await;
    // The list answers slowly the second time it is asked for: after the save, before anything has been seen.
    morning.slow_list(Kind::Payment, reference, 1).await;
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let mut first = morning.worker("first");
    morning.a_fault_strikes().await;
    first.kill();
    assert_eq!(morning.count(reference, EventKind::Outcome, PAYMENT).await, 0, "nothing was seen yet");
    let _second = morning.worker("second");
    morning.is_registered_once(reference).await;
    assert_eq!(morning.count(reference, EventKind::Intent, PAYMENT).await, 1, "it was not made again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_in_the_middle_of_verify_is_never_a_no() {
    let reference = "EB-2025-0101";
    let morning = Morning::begin().await;
    // The list after the save, the first page of verify, and its second page.
    for (act, skip) in [(Kind::Calculation, 1), (Kind::Decision, 2), (Kind::Payment, 3)] {
        let path = Some(format!("/akt/{}/{}", dossier(reference), act.list_path()));
        let spec = FaultSpec { path, skip, ..FaultSpec::new(System::Akten, FaultKind::ExpireSession) };
        morning.sandbox.add_fault(spec).await.expect("a fault");
    }
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    morning.is_registered_once(reference).await;
    morning.every_fault_struck().await;
    for stage in [CALCULATION, "registrera beslut", PAYMENT] {
        assert_eq!(morning.count(reference, EventKind::Intent, stage).await, 1, "{}", morning.story(reference).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_record_after_the_act_is_uncertain_until_a_person_settles_it() {
    let reference = "EB-2025-0102";
    let morning = Morning::begin().await;
    morning.slow_list(Kind::Payment, reference, 1).await;
    morning.queue(&[reference]).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("worker");
    morning.a_fault_strikes().await;
    morning.plant(Kind::Payment, reference, "10960").await;
    let item = morning.becomes(reference, ItemState::Uncertain).await;
    assert_eq!(item.stage.as_deref(), Some(PAYMENT));
    assert_eq!(morning.count(reference, EventKind::Intent, PAYMENT).await, 1);
    let settled = morning.command(&["settle", reference, "did", "--as", CASEWORKER, "--password-stdin"], PASSWORD);
    assert!(settled.status.success(), "{}", said(&settled));
    morning.becomes(reference, ItemState::Done).await;
    let counts = morning.counts(reference).await;
    assert_eq!((counts.payments, counts.mails), (2, 1), "the robot's, and the one that was planted");
}
