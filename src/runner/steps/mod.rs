//! Steps: carries out the actions of a list one after the other, each logged as a step of its own.
//!
//! Lists and dispatches; the actions are in the files beside.

mod csv;
mod enqueue;
mod flow;
mod http;
mod label;
mod page;
mod read;
mod set;
mod sign_in;
mod ssbtek;

use std::pin::pin;
use std::time::{Duration, Instant};

use serde_json::json;

use super::error::Stop;
use super::work::{ENDED_BY_GUARD, Renewal, Work};
use crate::bot::{Action, Step, Steps};
use crate::model::EventKind;
use crate::store;
use crate::wording;

pub(super) use label::label;

impl Work<'_> {
    /// Does the steps in order; consecutive settings of fields travel in one round trip.
    pub async fn run_steps(&mut self, steps: &Steps) -> Result<(), Stop> {
        let mut rest = steps.0.as_slice();
        while let Some(step) = rest.first() {
            let batch = set::batch(rest);
            if batch > 1 {
                Box::pin(self.set_together(&rest[..batch])).await?;
                rest = &rest[batch..];
            } else {
                Box::pin(self.run_step(step)).await?;
                rest = &rest[1..];
            }
        }
        Ok(())
    }

    /// Does one step: logged before and after, under a lease that covers its time limit.
    async fn run_step(&mut self, step: &Step) -> Result<(), Stop> {
        let label = label(&step.action);
        let time = self.time_of(&step.action)?;
        let renewal = self.begin_step(&label, time, writes_nothing(&step.action)).await?;
        let started = Instant::now();
        let result = match renewal {
            Some(renewal) => {
                let app = self.app;
                let done = Box::pin(beside(renewal.write(&app.store), self.within_lease(&step.action, &label))).await;
                self.begun(renewal, done).await?
            }
            None => self.within_lease(&step.action, &label).await,
        };
        let took = started.elapsed();
        if waits_for_systems(&step.action) {
            self.waited += took;
        }
        self.end_step(&label, took, result).await
    }

    /// A step of its own never outlasts its lease, whatever it waits for. One that holds others is as long as they are.
    async fn within_lease(&mut self, action: &Action, label: &str) -> Result<(), Stop> {
        if matches!(action, Action::When(_) | Action::ForEach(_) | Action::Window(_) | Action::Frame(_)) {
            return Box::pin(self.act(action, label)).await;
        }
        let until = self.deadline.into();
        if let Ok(result) = tokio::time::timeout_at(until, Box::pin(self.act(action, label))).await {
            return result;
        }
        self.leave_system().await;
        Err(Stop::failed("steget höll på tills lånet av ärendet tog slut, och avbröts"))
    }

    /// What a step came to that was done while its beginning was written down. Where that could not be written, or where
    /// the guard has given up the browser, the step was cut off, and its browser is ended.
    pub(super) async fn begun<T>(&mut self, renewal: Renewal, done: Beside<T>) -> Result<T, Stop> {
        let stop = match done {
            Beside::Done(result) => return Ok(result),
            Beside::Unwatched => Stop::failed(ENDED_BY_GUARD),
            Beside::Unwritten(error) => {
                self.events.splice(0..0, renewal.events);
                error.into()
            }
        };
        self.leave_system().await;
        Err(stop)
    }

    /// Notes that a step begins, with a lease that covers it. What is returned is still to be written down, beside the
    /// step; only where that `may` be.
    pub(super) async fn begin_step(&mut self, label: &str, time: Duration, may: bool) -> Result<Option<Renewal>, Stop> {
        self.note_step(label)?;
        let renewal = if may { self.renewal_beside(time) } else { None };
        if renewal.is_none() {
            self.renew(time).await?;
        }
        Ok(renewal)
    }

    /// Notes that a step begins, unless the time of its stage is over.
    fn note_step(&mut self, label: &str) -> Result<(), Stop> {
        if let Some((until, limit)) = self.stage_limit
            && Instant::now() >= until
        {
            return Err(Stop::failed(format!(
                "etappens steg hann inte klart på {}",
                wording::count(limit.as_secs(), "sekund", "sekunder")
            )));
        }
        let mut event = self.event(EventKind::StepStarted);
        event.step = Some(label.to_owned());
        self.note(event);
        Ok(())
    }

    /// Notes how a step ended. A page that says that nobody is signed in is told apart from other failures.
    pub(super) async fn end_step(&mut self, label: &str, took: Duration, result: Result<(), Stop>) -> Result<(), Stop> {
        let (kind, detail, result) = match result {
            Ok(()) => (EventKind::StepFinished, None, Ok(())),
            Err(stop @ Stop::Store(_)) => return Err(stop),
            Err(stop @ (Stop::HandOver { .. } | Stop::Defer { .. } | Stop::CircuitOpen(_))) => {
                (EventKind::StepFinished, None, Err(stop))
            }
            Err(stop) => {
                let stop = self.explained(stop).await;
                (EventKind::StepFailed, Some(self.redactor().redact(&stop.message())), Err(stop))
            }
        };
        let mut event = self.event(kind);
        event.step = Some(label.to_owned());
        event.duration_ms = i64::try_from(took.as_millis()).ok();
        event.detail = detail.map(|message| json!({"error": message}));
        self.note(event);
        result
    }

    /// How long a step may take by itself. Nested steps renew the lease themselves.
    fn time_of(&self, action: &Action) -> Result<Duration, Stop> {
        let limit = self.timeout();
        Ok(match action {
            Action::Wait(wait) => match &wait.timeout {
                Some(text) => crate::duration::parse_duration(&text.value).map_err(Stop::permanent)?,
                None => limit,
            },
            Action::Ssbtek(_) => self.app.config.ssbtek.as_ref().map_or(limit, |ssbtek| ssbtek.read_timeout * 4),
            Action::Mail(_) => Duration::from_mins(3),
            Action::Download(_) => limit * 4,
            // Finding the target has the limit, then the act has it again.
            _ => limit * 2,
        })
    }

    async fn act(&mut self, action: &Action, label: &str) -> Result<(), Stop> {
        match action {
            Action::Open(open) => self.open(open).await,
            Action::Click(body) => self.click(&body.at, label).await,
            Action::Fill(_) | Action::Select(_) | Action::Check(_) | Action::Uncheck(_) => {
                self.set_one(action, label).await
            }
            Action::Type(fill) => self.type_keys(fill, label).await,
            Action::Upload(upload) => self.upload(upload, label).await,
            Action::Press(press) => self.press(press, label).await,
            Action::Keypad(keypad) => self.keypad(keypad).await,
            Action::Read(read) => self.read(read, label).await,
            Action::ReadTable(read) => self.read_table(read, label).await,
            Action::Exists(exists) => self.exists(exists, label).await,
            Action::Wait(wait) => self.wait(wait).await,
            Action::Frame(frame) => self.frame(frame).await,
            Action::Window(window) => self.window(window).await,
            Action::Alert(alert) => self.alert(alert).await,
            Action::Download(download) => self.download(download, label).await,
            Action::Print(print) => self.print(print).await,
            Action::Screenshot(_) => {
                self.screenshot("step").await;
                Ok(())
            }
            Action::Set(set) => self.assign_tree(set),
            Action::When(when) => self.when(when).await,
            Action::ForEach(for_each) => self.for_each(for_each).await,
            Action::Enqueue(enqueue) => self.enqueue(enqueue).await,
            Action::HandOver(hand_over) => self.hand_over(hand_over),
            Action::Fail(fail) => self.fail(fail),
            Action::Http(http) => self.http(http).await,
            Action::Ssbtek(ssbtek) => self.ssbtek(ssbtek).await,
            Action::Mail(_) => Err(Stop::permanent("mail skickas bara under `commit`")),
            Action::Csv(csv) => self.csv(csv).await,
            Action::WriteFile(_) => Err(Stop::permanent("en fil lämnas bara under `commit`")),
        }
    }
}

/// How a step went that was done while its beginning was written down.
pub(super) enum Beside<T> {
    Done(T),
    /// The beginning could not be written down: the lease is lost, or the store is away.
    Unwritten(store::Error),
    /// The guard does not watch every browser any more.
    Unwatched,
}

/// Does a step while its beginning is written down; the step is cut off where that can't be.
pub(super) async fn beside<T>(
    written: impl Future<Output = store::Result<bool>>,
    done: impl Future<Output = T>,
) -> Beside<T> {
    let (mut written, mut done) = (pin!(written), pin!(done));
    let (written, early) = tokio::select! {
        biased;
        written = &mut written => (written, None),
        early = &mut done => (written.await, Some(early)),
    };
    match written {
        Err(error) => Beside::Unwritten(error),
        Ok(false) => Beside::Unwatched,
        Ok(true) => Beside::Done(match early {
            Some(result) => result,
            None => done.await,
        }),
    }
}

/// Whether a step only acts on a page: it writes nothing in the store itself, prolongs no lease and opens no browser.
fn writes_nothing(action: &Action) -> bool {
    matches!(
        action,
        Action::Open(_)
            | Action::Click(_)
            | Action::Fill(_)
            | Action::Select(_)
            | Action::Check(_)
            | Action::Uncheck(_)
            | Action::Type(_)
            | Action::Upload(_)
            | Action::Press(_)
            | Action::Keypad(_)
            | Action::Read(_)
            | Action::Exists(_)
            | Action::Wait(_)
            | Action::Alert(_)
    )
}

/// Whether the time of a step is time that other systems take.
fn waits_for_systems(action: &Action) -> bool {
    !matches!(
        action,
        Action::Set(_)
            | Action::When(_)
            | Action::ForEach(_)
            | Action::Enqueue(_)
            | Action::HandOver(_)
            | Action::Fail(_)
            | Action::Csv(_)
            | Action::Frame(_)
            | Action::Window(_)
    )
}
