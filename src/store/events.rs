//! Events: appended once, read by the log, the console and `why`.

use super::{Result, Store, Tx, made, now, places, query};
use crate::model::{Event, ItemId, LoggedEvent, RunId, new_id_at, time_text};

impl Store {
    /// Appends events on their own.
    pub async fn append(&self, events: &[Event]) -> Result<()> {
        let mut tx = self.begin().await?;
        append(&mut tx, events).await?;
        tx.commit().await
    }

    /// The events of an item, oldest first.
    pub async fn item_events(&self, item: &ItemId) -> Result<Vec<LoggedEvent>> {
        query("select * from events where item = $1 order by id").bind(item).fetch_all(self).await
    }

    /// The events of a run, oldest first.
    pub async fn run_events(&self, run: &RunId) -> Result<Vec<LoggedEvent>> {
        query("select * from events where run = $1 order by id").bind(run).fetch_all(self).await
    }

    /// The newest events, oldest first.
    pub async fn latest_events(&self, count: i64) -> Result<Vec<LoggedEvent>> {
        let sql = "select * from (select * from events order by id desc limit $1) as newest order by id";
        query(sql).bind(count).fetch_all(self).await
    }

    /// The events that came after this one, oldest first.
    pub async fn events_after(&self, id: &str) -> Result<Vec<LoggedEvent>> {
        query("select * from events where id > $1 order by id limit 1000").bind(id).fetch_all(self).await
    }

    /// The files of the pictures of items that have not come to an end, as those that wait for a person.
    pub async fn pictures_of_open_items(&self) -> Result<Vec<String>> {
        let sql = "select events.detail from events join items on items.id = events.item
             where events.kind = 'screenshot' and events.detail is not null
                and items.state not in ('done', 'handed_over', 'failed', 'cancelled')";
        let details: Vec<String> = query(sql).fetch_values(self).await?;
        let file = |detail: &String| {
            let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
            detail["file"].as_str().map(str::to_owned)
        };
        Ok(details.iter().filter_map(file).collect())
    }
}

/// Appends events inside a transaction, in order: ids made in one call ascend.
pub(super) async fn append(tx: &mut Tx, events: &[Event]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let now = now(tx).await?;
    let at = time_text(now);
    // One statement for all: each is a round trip. Databases limit how many values it may have.
    for events in events.chunks(100) {
        let rows: Vec<String> = (0..events.len()).map(|row| format!("({})", places(row * 12 + 1, 12))).collect();
        let mut insert = made(format!(
            "insert into events (id, at, run, item, bot, attempt, actor, kind, stage, step, duration_ms, detail) values {}",
            rows.join(", ")
        ));
        for event in events {
            insert = insert
                .bind(new_id_at(now))
                .bind(&at)
                .bind(&event.run)
                .bind(&event.item)
                .bind(&event.bot)
                .bind(event.attempt)
                .bind(&event.actor)
                .bind(event.kind.as_str())
                .bind(&event.stage)
                .bind(&event.step)
                .bind(event.duration_ms)
                .bind(event.detail.as_ref().map(ToString::to_string));
        }
        insert.execute_soon(tx).await?;
    }
    Ok(())
}
