//! The fence: whatever is cut, killed, stopped or signed out in the middle, each form is saved once and only once.
//!
//! Real workers on the real practice systems, counted in Akten at the end.

use std::time::Duration;

use kollega::model::EventKind;
use sandbox::{FaultKind, Kind};

use crate::morning::Morning;

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
