//! One item through its stages, from where it is to where it ends or waits.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::browsers::Browsers;
use super::decide::Decided;
use super::drain::Drain;
use super::error::{Failure, Stop};
use super::fence::Fenced;
use super::record::Record;
use super::scope;
use super::work::{Held, Work};
use crate::app::App;
use crate::bot::{Bot, Stage};
use crate::browser::{SessionRecord, end_recorded};
use crate::model::{EventKind, ItemState, Run};
use crate::script::short;
use crate::store::{self, Claim, Finish, RUN_STOPPED, Standing};

/// How often in one stage the robot signs in again after having been signed out.
const SIGN_INS: usize = 3;

/// Where a stage leaves the item.
enum Next {
    /// On to the next stage.
    Go,
    /// The item ends or waits here.
    Stay(Finish),
}

/// Works on a claimed item until it ends or waits.
pub(super) async fn work_on(
    app: &App,
    bot: &Bot,
    drain: &Drain,
    claim: Claim,
    run: &Run,
    browsers: &mut Browsers,
) -> store::Result<()> {
    if claim.taken_over && !end_browsers_of(&claim).await {
        // What may still be saving must be known to be gone before anything is verified. The item stays as it is, with
        // its browsers, and is taken over again when this lease has ended.
        return Ok(());
    }
    if app.store.standing(&claim.item.id, run, claim.taken_over).await? == Standing::Stops {
        return app.store.finish(&claim, &stopped(), &claim.item.fields.0, &[]).await;
    }
    if !browsers.is_empty() {
        // What was opened for an earlier item serves this one too: whoever takes over must know of it.
        app.store.set_browsers(&claim, &browsers.records()).await?;
    }
    let now = claim.at;
    let mut scope = scope::base(&app.config, now, &claim.item.run);
    let record = Record::restore(&claim.item.fields.0);
    scope.set("item", record.as_item(&bot.item.fields));
    let mut work = Work {
        app,
        bot,
        held: Held::Item(Box::new(claim)),
        browsers,
        scope,
        record,
        stage: String::new(),
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
    let result = match Box::pin(work.through_stages(now)).await {
        Ok(finish) => Box::pin(work.let_go(&finish)).await,
        Err(Stop::Store(error)) => Err(error),
        Err(stop) => {
            let finish = work.finish_of(stop);
            Box::pin(work.let_go(&finish)).await
        }
    };
    if matches!(result, Err(store::Error::LeaseLost)) {
        work.note_late_write().await;
    }
    result
}

/// The item waits for its bot's next run, at the stage where it is.
fn stopped() -> Finish {
    Finish::new(ItemState::Deferred).because(RUN_STOPPED, "")
}

/// A length of time that a stage names.
fn length(written: Option<&str>) -> Result<Option<Duration>, Stop> {
    written.map(|text| crate::duration::parse_duration(text).map_err(Stop::permanent)).transpose()
}

/// Ends the browsers of a worker that lost its lease; whether they are known to be gone.
///
/// One that ran on another machine can't be ended from here. Its own guard, on its own monotonic clock, has ended it
/// when the lease ended, and the margin that was waited since is for that.
pub(super) async fn end_browsers_of(claim: &Claim) -> bool {
    let records: Vec<SessionRecord> =
        claim.item.browsers.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut ended = true;
    for record in records {
        if !record.is_elsewhere() && !end_recorded(&record).await {
            tracing::warn!(session = record.id, "failed to end the browser of a worker that lost its lease");
            ended = false;
        }
    }
    ended
}

impl Work<'_> {
    /// Does the stages from the item's own on.
    async fn through_stages(&mut self, now: DateTime<Utc>) -> Result<Finish, Stop> {
        let bot = self.bot;
        let first = match &self.claim()?.item.stage {
            Some(name) => bot
                .stage_index(name)
                .ok_or_else(|| Stop::permanent(format!("etappen `{name}` finns inte längre i robotens skript")))?,
            None => 0,
        };
        self.recall(first).await?;
        // What a stage reads into names of its own is gone when the next begins.
        for (place, stage) in bot.stages.iter().enumerate().skip(first) {
            if self.app.store.is_asked(self.claim()?).await? {
                return Err(Stop::Asked);
            }
            let outer = self.scope.clone();
            self.stage.clone_from(&stage.stage.value);
            self.lease =
                length(stage.lease.as_ref().map(|text| text.value.as_str()))?.unwrap_or(self.app.config.worker.lease);
            match self.whole_stage(stage, now).await? {
                Next::Go => {}
                Next::Stay(finish) => return Ok(finish),
            }
            self.keep_scope(outer);
            self.stage_done(place + 1).await?;
            if place + 1 < bot.stages.len() {
                if self.is_to_stop().await? {
                    return Ok(stopped());
                }
                if self.drain.has_begun() {
                    let event = self.event(EventKind::Released);
                    self.note(event);
                    return Ok(Finish::new(ItemState::Ready));
                }
            }
        }
        Ok(Finish::new(ItemState::Done))
    }

    /// Whether the item's run has been asked to stop: between two stages is where that can be done.
    async fn is_to_stop(&self) -> Result<bool, Stop> {
        let item = &self.claim()?.item;
        let Some(run) = self.app.store.run(&item.run).await? else { return Ok(false) };
        Ok(self.app.store.standing(&item.id, &run, false).await? == Standing::Stops)
    }

    /// Whether the item's run is held to an approved script.
    async fn is_pinned(&self) -> Result<bool, Stop> {
        let run = self.app.store.run(&self.claim()?.item.run).await?;
        Ok(run.is_some_and(|run| run.pin.is_some()))
    }

    /// The names of a stage go with it; `item`, `suggestion` and `decision` stay.
    fn keep_scope(&mut self, mut outer: expression::Scope) {
        for name in ["item", "suggestion", "decision"] {
            if let Some(value) = self.scope.get(name) {
                outer.set(name, value.clone());
            }
        }
        self.scope = outer;
    }

    /// What earlier stages came to: the suggestion and the decision, believed only if they hold.
    async fn recall(&mut self, first: usize) -> Result<(), Stop> {
        let bot = self.bot;
        if bot.stages[..first].iter().any(|stage| stage.suggest.is_some())
            && let Some(suggestion) = self.whole_suggestion().await?
        {
            self.scope.set("suggestion", scope::suggestion(&suggestion.answer.0));
        }
        for stage in &bot.stages[..first] {
            let Some(decide) = &stage.decide else { continue };
            if let Decided::Waits = self.recall_decision(&decide.value).await? {
                return Err(Stop::HandOver {
                    code: "decision_missing".into(),
                    reason: "Ärendet står efter beslutet, men inget beslut som gäller finns.".into(),
                });
            }
        }
        Ok(())
    }

    /// A stage, done again where the system had signed the robot out.
    async fn whole_stage(&mut self, stage: &Stage, now: DateTime<Utc>) -> Result<Next, Stop> {
        if let Some(when) = &stage.when
            && !self.holds(when)?
        {
            let event = self.event(EventKind::StageSkipped);
            self.note(event);
            return Ok(Next::Go);
        }
        let event = self.event(EventKind::StageStarted).detail(json!({"script": short(&self.bot.version)}));
        self.note(event);
        let mut sign_ins = 0;
        loop {
            match self.one_stage(stage, now).await {
                Err(Stop::SignedOut) if sign_ins < SIGN_INS => {
                    sign_ins += 1;
                    let event = self.event(EventKind::SignedOut);
                    self.note(event);
                    self.leave_system().await;
                }
                // Nothing has been seen of the system.
                Ok(Next::Stay(finish)) if finish.state == ItemState::Uncertain => return Ok(Next::Stay(finish)),
                result => return self.report(result).await,
            }
        }
    }

    async fn one_stage(&mut self, stage: &Stage, now: DateTime<Utc>) -> Result<Next, Stop> {
        self.system = None;
        if let Some(system) = &stage.on {
            self.turn_to(&system.value, stage.needs_page()).await?;
        }
        if let Some(suggest) = &stage.suggest {
            self.suggest(&suggest.value).await?;
            return Ok(Next::Go);
        }
        if let Some(decide) = &stage.decide {
            return match self.decide(&decide.value).await? {
                Decided::Made => Ok(Next::Go),
                Decided::Waits => {
                    let mut finish = Finish::new(ItemState::AwaitingDecision);
                    finish.due_at = self.due(&decide.value, now)?;
                    if self.is_pinned().await? {
                        finish.role = Some(decide.value.role.value.clone());
                    }
                    Ok(Next::Stay(finish))
                }
            };
        }
        let Some(commit) = &stage.commit else {
            self.stage_steps(stage).await?;
            return Ok(Next::Go);
        };
        match Box::pin(self.commit(stage, &commit.value)).await? {
            Fenced::Done => Ok(Next::Go),
            Fenced::Uncertain(why) => Ok(Next::Stay(Finish::new(ItemState::Uncertain).because("uncertain", why))),
        }
    }

    /// The steps of the stage, within the time that the stage may take. What is done to make a commit once, and to see
    /// it, is not cut short by it.
    pub(super) async fn stage_steps(&mut self, stage: &Stage) -> Result<(), Stop> {
        let limit = length(stage.timeout.as_ref().map(|text| text.value.as_str()))?;
        self.stage_limit = limit.map(|limit| (Instant::now() + limit, limit));
        let result = Box::pin(self.run_steps(&stage.steps)).await;
        self.stage_limit = None;
        result
    }

    /// Writes down that a stage is done, with the item's record and its next stage.
    async fn stage_done(&mut self, next: usize) -> Result<(), Stop> {
        let waited = i64::try_from(std::mem::take(&mut self.waited).as_millis()).unwrap_or(i64::MAX);
        let event = self.event(EventKind::StageFinished).detail(json!({"waited_ms": waited}));
        self.note(event);
        // After the last stage the item stays there until it is let go of as done.
        let next = self.bot.stages.get(next).map(|stage| stage.stage.value.clone());
        let fields = self.record.store();
        let Held::Item(claim) = &mut self.held else { return Ok(()) };
        if next.is_some() {
            self.app.store.stage_done(claim, next.as_deref(), &fields, &self.events).await?;
            self.events.clear();
        }
        claim.item.stage = next;
        claim.item.tries = 0;
        Ok(())
    }

    /// How the item ends or waits after the steps stopped.
    fn finish_of(&self, stop: Stop) -> Finish {
        let tries = self.claim().map_or(0, |claim| claim.item.tries) + 1;
        let worker = &self.app.config.worker;
        match stop {
            // Ready is what it would be; the store makes it what the person asked for.
            Stop::Asked => Finish::new(ItemState::Ready),
            Stop::HandOver { code, reason } => Finish::new(ItemState::HandedOver).because(code, reason),
            Stop::Defer { wait, code } => {
                Finish { wait: Some(wait), failed_try: true, ..Finish::new(ItemState::Deferred).because(code, "") }
            }
            Stop::CircuitOpen(id) => {
                let wait = Finish::new(ItemState::Deferred).because("circuit_open", "");
                Finish { circuit: Some(id), ..wait }
            }
            Stop::Failed(Failure { permanent: false, message, .. }) if tries < worker.tries => {
                let doubled = worker.backoff * 2_u32.saturating_pow(u32::try_from(tries - 1).unwrap_or(0).min(10));
                let retry = Finish::new(ItemState::Deferred).because("retry", self.redactor().redact(&message));
                Finish { wait: Some(doubled), failed_try: true, ..retry }
            }
            other => {
                let why = self.redactor().redact(&other.message());
                Finish { failed_try: true, ..Finish::new(ItemState::Failed).because("system", why) }
            }
        }
    }

    /// Lets go of the item, with everything that has happened; a failed stage's browser is not used again.
    async fn let_go(&mut self, finish: &Finish) -> store::Result<()> {
        if finish.failed_try || finish.circuit.is_some() || finish.state == ItemState::Uncertain {
            self.screenshot("failure").await;
            self.leave_system().await;
        }
        let kind = match finish.state {
            ItemState::Done => EventKind::Done,
            ItemState::HandedOver => EventKind::HandedOver,
            ItemState::AwaitingDecision => EventKind::Waiting,
            ItemState::Uncertain => EventKind::Uncertain,
            ItemState::Deferred if finish.code.as_deref() == Some("retry") => EventKind::Retried,
            ItemState::Deferred => EventKind::Deferred,
            ItemState::Ready => EventKind::Released,
            _ => EventKind::Failed,
        };
        let wait = finish.wait.map(|wait| wait.as_secs());
        let system = finish.circuit.as_ref().map(|circuit| &circuit.system);
        if finish.state != ItemState::Ready {
            // What went wrong outside a step is told here: no step has said it.
            let is_told = self.events.iter().any(|event| event.kind == EventKind::StepFailed);
            let error = finish.reason.as_ref().filter(|why| finish.failed_try && !is_told && !why.is_empty());
            let detail = json!({"code": finish.code, "wait_s": wait, "system": system, "error": error});
            let event = self.event(kind).detail(detail);
            self.note(event);
        }
        let fields = self.record.store();
        let Held::Item(claim) = &self.held else { return Ok(()) };
        // One that waits begins again from its first stage, whatever that is called by then.
        let stage = (finish.state.is_final() && !self.stage.is_empty()).then(|| self.stage.clone());
        let finish = Finish { stage: stage.clone(), ..finish.clone() };
        match self.app.store.finish(claim, &finish, &fields, &self.events).await {
            // The item ends as failed, with what it held when it was claimed.
            Err(error @ store::Error::TooLarge { .. }) => {
                let failed = Finish::new(ItemState::Failed).because("too_large", error.to_string());
                let failed = Finish { stage, ..failed };
                self.app.store.finish(claim, &failed, &claim.item.fields.0, &self.events).await
            }
            result => result,
        }
    }
}
