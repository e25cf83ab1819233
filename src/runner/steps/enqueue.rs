//! The step `enqueue`: a piece of work into the queue, once whatever happens.

use super::super::error::Stop;
use super::super::record::Record;
use super::super::work::{Held, Work};
use chrono::{DateTime, Utc};

use crate::bot::Enqueue;
use crate::model::reference_fault;
use crate::store::NewItem;

impl Work<'_> {
    pub(super) async fn enqueue(&mut self, enqueue: &Enqueue) -> Result<(), Stop> {
        let Held::Run(lease) = &self.held else {
            return Err(Stop::permanent("`enqueue` används bara under `collect`"));
        };
        let reference = self.text(&enqueue.reference)?;
        if let Some(fault) = reference_fault(&reference) {
            return Err(Stop::permanent(fault));
        }
        let fields = &self.bot.item.fields;
        let mut record = Record::default();
        if let Some(tree) = &enqueue.fields {
            let value = self.tree(&tree.value)?;
            let map = value.as_record().ok_or_else(|| Stop::permanent("`fields` ska vara namngivna värden"))?;
            for (name, value) in map.fields() {
                record.set(fields, name, value).map_err(Stop::permanent)?;
            }
        }
        let named = expression::Value::from(reference.clone());
        record.set(fields, &self.bot.item.reference.value, &named).map_err(Stop::permanent)?;
        let run = lease.run.id.clone();
        let mut new = NewItem::new(&self.bot.bot.value, &reference, &record.store());
        new.priority = self.priority(enqueue)?;
        new.deadline_at = self.deadline(enqueue).await?;
        self.app.store.enqueue_item(&run, &new).await?;
        Ok(())
    }

    fn priority(&self, enqueue: &Enqueue) -> Result<i64, Stop> {
        let Some(text) = &enqueue.priority else { return Ok(0) };
        let written = self.text(text)?;
        written.trim().parse().map_err(|_| Stop::permanent("ärendets prioritet ska vara ett heltal"))
    }

    /// The step's own deadline, or the bot's; counted from the database's clock.
    async fn deadline(&self, enqueue: &Enqueue) -> Result<Option<DateTime<Utc>>, Stop> {
        let written = match (&enqueue.deadline, &self.bot.item.deadline) {
            (Some(text), _) => self.text(text)?,
            (None, Some(own)) => own.value.clone(),
            (None, None) => return Ok(None),
        };
        let now = self.app.store.now().await?;
        crate::deadline::parse(&written, now, &self.app.config).map(Some).map_err(Stop::permanent)
    }
}
