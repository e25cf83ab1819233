//! Fields set by script: fill, select, check and uncheck, many in one round trip, each logged as its own step.

use std::time::Instant;

use super::super::error::Stop;
use super::super::work::Work;
use super::{beside, label};
use crate::bot::{Action, Step, Targets};
use crate::browser::{Found, Set, SetKind};

/// How many steps from the first on can travel together.
pub(super) fn batch(steps: &[Step]) -> usize {
    steps.iter().take_while(|step| is_setting(&step.action)).count()
}

fn is_setting(action: &Action) -> bool {
    matches!(action, Action::Fill(_) | Action::Select(_) | Action::Check(_) | Action::Uncheck(_))
}

impl Work<'_> {
    /// Sets the fields of several steps in one round trip.
    pub(super) async fn set_together(&mut self, steps: &[Step]) -> Result<(), Stop> {
        let sets = steps.iter().map(|step| self.set_of(&step.action)).collect::<Result<Vec<_>, _>>()?;
        let labels: Vec<String> = steps.iter().map(|step| label(&step.action)).collect();
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let (time, fallback) = (self.timeout() * (count + 1), !self.committing);
        // A browser that is gone is told before anything is taken to be written beside.
        self.session()?;
        let renewal = self.begin_step(&labels[0], time, true).await?;
        let started = Instant::now();
        let app = self.app;
        let set = self.session()?.set(&sets, fallback);
        let result = match renewal {
            Some(renewal) => {
                let done = beside(renewal.write(&app.store), set).await;
                self.begun(renewal, done).await?
            }
            None => set.await,
        };
        let took = started.elapsed();
        self.waited += took;
        let (done, failed): (Vec<Found>, _) = match result {
            Ok(done) => (done, None),
            Err(error) => (error.done.clone(), Some(Stop::from(error.error))),
        };
        for (place, found) in done.iter().enumerate() {
            if place > 0 {
                let mut event = self.event(crate::model::EventKind::StepStarted);
                event.step = Some(labels[place].clone());
                self.note(event);
            }
            self.drift(&labels[place], *found);
            self.end_step(&labels[place], took / count, Ok(())).await?;
        }
        match failed {
            Some(stop) => self.end_step(&labels[done.len().min(labels.len() - 1)], took, Err(stop)).await,
            None => Ok(()),
        }
    }

    /// Sets the field of one step.
    pub(super) async fn set_one(&mut self, action: &Action, label: &str) -> Result<(), Stop> {
        let (set, fallback) = (self.set_of(action)?, !self.committing);
        let found = self.session()?.set(&[set], fallback).await.map_err(|error| Stop::from(error.error))?;
        if let Some(found) = found.first() {
            self.drift(label, *found);
        }
        Ok(())
    }

    fn set_of(&self, action: &Action) -> Result<Set, Stop> {
        let set = |at: &Targets, kind: SetKind, value: String| Ok(Set { targets: self.targets(at)?, kind, value });
        match action {
            Action::Fill(fill) => set(&fill.at, SetKind::Fill, self.filled(fill)?),
            Action::Select(select) => set(&select.at, SetKind::Select, self.text(&select.with)?),
            Action::Check(body) => set(&body.at, SetKind::Check, String::new()),
            Action::Uncheck(body) => set(&body.at, SetKind::Uncheck, String::new()),
            _ => Err(Stop::permanent("steget sätter inget fält")),
        }
    }
}
