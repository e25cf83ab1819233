//! Steps that steer: set, when, for_each, hand_over, fail.

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::{Fail, ForEach, HandOver, Set, When};

impl Work<'_> {
    pub(super) fn assign_tree(&mut self, set: &Set) -> Result<(), Stop> {
        let value = self.tree(&set.to)?;
        self.assign(&set.into.value, &value)
    }

    pub(super) async fn when(&mut self, when: &When) -> Result<(), Stop> {
        let steps = if self.holds(&when.is)? { &when.steps } else { &when.otherwise };
        self.run_steps(steps).await
    }

    pub(super) async fn for_each(&mut self, for_each: &ForEach) -> Result<(), Stop> {
        let list = self.list(&for_each.list)?;
        let outer = self.scope.get(&for_each.name.value).cloned();
        for element in list {
            self.scope.set(for_each.name.value.as_str(), element);
            self.run_steps(&for_each.steps).await?;
        }
        match outer {
            Some(value) => self.scope.set(for_each.name.value.as_str(), value),
            None => drop(self.scope.remove(&for_each.name.value)),
        }
        Ok(())
    }

    pub(super) fn hand_over(&self, hand_over: &HandOver) -> Result<(), Stop> {
        if let Some(when) = &hand_over.when
            && !self.holds(when)?
        {
            return Ok(());
        }
        Err(Stop::HandOver { code: hand_over.code.value.clone(), reason: self.text(&hand_over.reason)? })
    }

    pub(super) fn fail(&self, fail: &Fail) -> Result<(), Stop> {
        if let Some(when) = &fail.when
            && !self.holds(when)?
        {
            return Ok(());
        }
        Err(Stop::permanent(self.text(&fail.reason)?))
    }
}
