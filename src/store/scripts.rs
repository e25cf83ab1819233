//! The scripts that a person has approved, as they stood: what a schedule can be held to whatever the file says later.

use super::events::append;
use super::{Result, Store, now, query};
use crate::model::{Event, EventKind, Script, time_text};

impl Store {
    /// Keeps a script as approved by a person. Approved again, it is the newest.
    pub async fn approve(&self, bot: &str, version: &str, script: &str, person: &str, note: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "insert into scripts (bot, version, script, approved_at, approved_by, note) values ($1, $2, $3, $4, $5, $6)
             on conflict (bot, version) do update set approved_at = $4, approved_by = $5, note = $6",
        )
        .bind(bot)
        .bind(version)
        .bind(script)
        .bind(at)
        .bind(person)
        .bind(note)
        .execute(&mut tx)
        .await?;
        let mut event = Event::new(EventKind::Approved, format!("person:{person}"));
        event.bot = Some(bot.to_owned());
        append(&mut tx, &[event.detail(serde_json::json!({"version": version}))]).await?;
        tx.commit().await
    }

    /// The script of a bot that was approved last.
    pub async fn newest_approved(&self, bot: &str) -> Result<Option<Script>> {
        query("select * from scripts where bot = $1 order by approved_at desc, version limit 1")
            .bind(bot)
            .fetch_optional(self)
            .await
    }

    /// The approved scripts of a bot whose SHA-256 begins so.
    pub async fn approved(&self, bot: &str, beginning: &str) -> Result<Vec<Script>> {
        query("select * from scripts where bot = $1 and substr(version, 1, length($2)) = $2 order by approved_at desc")
            .bind(bot)
            .bind(beginning)
            .fetch_all(self)
            .await
    }
}
