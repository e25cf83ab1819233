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
use crate::model::{Event, FailureKind, RunState};
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
        held: Held::Run(Box::new(lease.clone())),
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
    let result = work.collect_in_time(collect).await;
    if matches!(result, Err(Stop::Failed(_) | Stop::SignedOut | Stop::CircuitOpen(_))) {
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
        Err(Stop::CircuitOpen(id)) => app.store.postpone_run(lease, &id, events).await,
        Err(_) => app.store.end_run(lease, RunState::Failed, why.as_deref(), events).await,
    }
}

impl Work<'_> {
    /// Collects, again where the system had signed the robot out or does not answer: a run that fails is a day's work
    /// that is not found. After as many failures the circuit opens, and the run waits for it.
    async fn collect_in_time(&mut self, collect: &Collect) -> Result<(), Stop> {
        let mut signed_out = false;
        for _ in 0..self.app.config.circuits.failures.max(1) {
            let result = match self.collect(collect).await {
                Err(Stop::SignedOut) if !signed_out => {
                    signed_out = true;
                    self.leave_system().await;
                    self.collect(collect).await
                }
                result => result,
            };
            match self.report(result).await {
                Err(stop) if stop.kind() == Some(FailureKind::SystemDown) => {
                    self.leave_system().await;
                    self.pause(self.app.config.worker.backoff).await?;
                }
                result => return result,
            }
        }
        let result = self.collect(collect).await;
        self.report(result).await
    }

    async fn collect(&mut self, collect: &Collect) -> Result<(), Stop> {
        if let Some(system) = &collect.on {
            self.turn_to(&system.value, collect.steps.need_page()).await?;
        }
        Box::pin(self.run_steps(&collect.steps)).await
    }
}
