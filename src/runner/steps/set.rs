//! Fields set by script: fill, select, check and uncheck, many in one round trip, each logged as its own step.

use std::time::Instant;

use super::super::error::Stop;
use super::super::work::Work;
use super::label;
use crate::bot::{Action, Step, Targets};
use crate::browser::{Found, Set, SetKind};

/// How many steps from the first on can travel together.
pub(super) fn batch(steps: &[Step]) -> usize {
    steps.iter().take_while(|step| is_setting(&step.action)).count()
}

fn is_setting(action: &Action) -> bool {
    matches!(action, Action::Fill(_) | Action::Select(_) | Action::Check(_) | Action::Uncheck(_))
}

/// What the step after them clicks on, if it does.
pub(super) fn clicked(step: Option<&Step>) -> Option<&Targets> {
    match &step?.action {
        Action::Click(body) => Some(&body.at),
        _ => None,
    }
}

impl Work<'_> {
    /// Sets the fields of several steps in one round trip, and looks on the way at what is clicked on `next`.
    pub(super) async fn set_together(&mut self, steps: &[Step], next: Option<&Targets>) -> Result<(), Stop> {
        // A target that can't be told is for its own step to say.
        let next = next.and_then(|next| self.targets(next).ok()).unwrap_or_default();
        let sets = steps.iter().map(|step| self.set_of(&step.action)).collect::<Result<Vec<_>, _>>()?;
        let labels: Vec<String> = steps.iter().map(|step| label(&step.action)).collect();
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        self.begin_step(&labels[0], self.timeout() * (count + 1)).await?;
        let (started, fallback) = (Instant::now(), !self.committing);
        let result = self.session()?.set_before_click(&sets, &next, fallback).await;
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
