//! The step `enqueue`: a piece of work into the queue, once whatever happens.

use super::super::error::Stop;
use super::super::record::Record;
use super::super::work::{Held, Work};
use crate::bot::Enqueue;

impl Work<'_> {
    pub(super) async fn enqueue(&mut self, enqueue: &Enqueue) -> Result<(), Stop> {
        let Held::Run(lease) = &self.held else {
            return Err(Stop::permanent("`enqueue` används bara under `collect`"));
        };
        let reference = self.text(&enqueue.reference)?;
        let fields = &self.bot.item.fields;
        let mut record = Record::default();
        if let Some(tree) = &enqueue.fields {
            let value = self.tree(&tree.value)?;
            let map =
                value.read_lock::<rhai::Map>().ok_or_else(|| Stop::permanent("`fields` ska vara namngivna värden"))?;
            for (name, value) in map.iter() {
                record.set(fields, name, value).map_err(Stop::permanent)?;
            }
        }
        let named = expression::Value::from(reference.clone());
        record.set(fields, &self.bot.item.reference.value, &named).map_err(Stop::permanent)?;
        self.app.store.enqueue(&lease.run.id, &self.bot.bot.value, &reference, &record.store()).await?;
        Ok(())
    }
}
