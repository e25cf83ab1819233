//! The work that is measured: what a worker does to an item, through the store's own functions.

use std::time::{Duration, Instant};

use anyhow::ensure;
use kollega::model::{Event, EventKind, ItemId, ItemState, RunId};
use kollega::store::{Claimant, Finish, ItemFilter, NewRun, Store, Whose};
use serde_json::json;

use super::Contender;
use super::report::{Row, Spread};

const LEASE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Times {
    enqueue: Vec<Duration>,
    claim: Vec<Duration>,
    complete: Vec<Duration>,
}

pub async fn measure(
    store: &Store,
    contender: Contender,
    size: i64,
    workers: u32,
    time: Duration,
) -> anyhow::Result<Row> {
    let lists = lists(store).await?;
    let run = store.queue_collected_run(&new_run()).await?;
    // The first second is not counted: connections are made, statements prepared.
    let begin = Instant::now() + Duration::from_secs(1);
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..workers {
        let (store, run) = (store.clone(), run.clone());
        tasks.spawn(async move { work(&store, &run, worker, begin, time).await });
    }
    let mut all = Times::default();
    for times in tasks.join_all().await {
        let times = times?;
        all.enqueue.extend(times.enqueue);
        all.claim.extend(times.claim);
        all.complete.extend(times.complete);
    }
    let done = u32::try_from(all.complete.len())?;
    let rate = f64::from(done) / time.as_secs_f64();
    Ok(Row {
        contender,
        size,
        rate,
        claim: Spread::of(all.claim),
        enqueue: Spread::of(all.enqueue),
        complete: Spread::of(all.complete),
        lists,
    })
}

fn new_run() -> NewRun {
    NewRun {
        bot: "bot0".into(),
        version: "1".into(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: "default".into(),
        actor: "person:bench".into(),
    }
}

/// Enqueues, claims and completes, one item after the other; what ends within the time is counted.
async fn work(store: &Store, run: &RunId, worker: u32, begin: Instant, time: Duration) -> anyhow::Result<Times> {
    let (name, pools) = (format!("bench/{worker}"), ["default".to_owned()]);
    let claimant = Claimant { worker: &name, pools: &pools, except: &[], lease: LEASE, margin: LEASE };
    let mut times = Times::default();
    let record = json!({"ort": "Åmål", "period": "2025-12", "hyra": "6300"});
    for number in 0.. {
        let started = Instant::now();
        store.enqueue(run, "bot0", &format!("NEW-{worker}-{number}"), &record).await?;
        let enqueued = Instant::now();
        let claim = store.claim_item(&claimant).await?;
        let claimed = Instant::now();
        let Some(claim) = claim else { anyhow::bail!("nothing to claim") };
        let event = |kind| Event::new(kind, "bot:bot0").item(&claim.item).stage("läs").detail(json!({"n": 1}));
        let end = [event(EventKind::StageFinished), event(EventKind::Done)];
        store.finish(&claim, &Finish::new(ItemState::Done), &record, &end).await?;
        let completed = Instant::now();
        if completed > begin + time {
            break;
        }
        if completed > begin {
            times.enqueue.push(enqueued - started);
            times.claim.push(claimed - enqueued);
            times.complete.push(completed - claimed);
        }
    }
    Ok(times)
}

/// How long what people look at takes, in milliseconds: the best of three.
async fn lists(store: &Store) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let item = ItemId(format!("0I{:014}", 7));
    let awaiting = ItemFilter { state: Some(ItemState::AwaitingDecision), limit: 200, ..ItemFilter::default() };
    let done =
        ItemFilter { bot: Some("bot3".into()), state: Some(ItemState::Done), limit: 200, ..ItemFilter::default() };
    let part = ItemFilter { reference: Some("F-7777".into()), limit: 200, ..ItemFilter::default() };
    ensure!(store.find_item("REF-7").await?.is_some_and(|found| found.id == item), "the fill is not as expected");
    let pools = ["default".to_owned()];
    let mut lists = Vec::new();
    macro_rules! time {
        ($name:literal, $call:expr) => {{
            let mut best = f64::MAX;
            for _ in 0..3 {
                let started = Instant::now();
                $call.await?;
                best = best.min(started.elapsed().as_secs_f64() * 1000.0);
            }
            lists.push(($name, best));
        }};
    }
    time!("200 awaiting", store.items(&awaiting));
    time!("200 done of a bot", store.items(&done));
    time!("part of a reference", store.items(&part));
    time!("a reference", store.find_item("REF-777"));
    time!("counts", store.item_counts(None));
    time!("log of an item", store.item_events(&item));
    time!("log of a run", store.run_events(&RunId("RUN3".into())));
    time!("latest events", store.latest_events(100));
    time!("anything to do", store.anything_to_do(Whose::Pools(&pools), &[]));
    Ok(lists)
}
