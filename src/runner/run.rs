//! A run: collects the work once and ends when nothing of it is left to do; waiting items do not hold it.

use std::time::{Duration, Instant};

use super::browsers::Browsers;
use super::drain::Drain;
use super::error::Stop;
use super::record::Record;
use super::scope;
use super::work::{Held, Work};
use crate::app::App;
use crate::bot::{Bot, Collect};
use crate::model::{Event, RunState};
use crate::store::{self, RunLease};

/// Collects a run's work. Done again after a crash: references are unique, so it adds only what is new.
pub(super) async fn collect(
    app: &App,
    bot: &Bot,
    drain: &Drain,
    lease: &RunLease,
    browsers: &mut Browsers,
) -> store::Result<()> {
    let Some(collect) = &bot.collect else { return app.store.collected(lease, &[]).await };
    let now = app.store.now().await?;
    let mut work = Work {
        app,
        bot,
        held: Held::Run(lease.clone()),
        browsers,
        scope: scope::base(&app.config, now, &lease.run.id),
        record: Record::default(),
        stage: "collect".into(),
        system: None,
        pages: false,
        committing: false,
        signing_in: false,
        events: Vec::new(),
        drain,
        lease: app.config.worker.lease,
        stage_limit: None,
        deadline: Instant::now(),
        waited: Duration::ZERO,
    };
    let mut result = work.collect(collect).await;
    if matches!(result, Err(Stop::SignedOut)) {
        work.leave_system().await;
        result = work.collect(collect).await;
    }
    if matches!(result, Err(Stop::Failed(_) | Stop::SignedOut)) {
        work.screenshot("failure").await;
        work.leave_system().await;
    }
    let events = work.events.clone();
    let why = result.as_ref().err().map(|stop| work.redactor().redact(&stop.message()));
    let ended = end(app, lease, result, why, &events).await;
    if matches!(ended, Err(store::Error::LeaseLost)) {
        work.note_late_write().await;
    }
    ended
}

async fn end(
    app: &App,
    lease: &RunLease,
    result: Result<(), Stop>,
    why: Option<String>,
    events: &[Event],
) -> store::Result<()> {
    match result {
        Ok(()) => app.store.collected(lease, events).await,
        Err(Stop::Store(error)) => Err(error),
        Err(_) => app.store.end_run(lease, RunState::Failed, why.as_deref(), events).await,
    }
}

impl Work<'_> {
    async fn collect(&mut self, collect: &Collect) -> Result<(), Stop> {
        if let Some(system) = &collect.on {
            self.turn_to(&system.value, collect.steps.need_page()).await?;
        }
        Box::pin(self.run_steps(&collect.steps)).await
    }
}
