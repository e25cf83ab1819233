//! Stored suggestions to be answered again, page by page, and what the nightly check of them came to.

use std::time::Duration;

use super::{Error, Result, Store, now, query};
use crate::model::{Answered, Replay, time_text};

/// Which stored suggestions are answered again.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// Made at this time or later, UTC as the store writes it; empty: from the first.
    pub from: String,
    /// Made before this time; none: to the last.
    pub until: Option<String>,
    /// Only those that are in force: one for each item.
    pub in_force: bool,
}

impl Store {
    /// The next suggestions after the one with this id, oldest first, with their items' references.
    pub async fn suggestions_after(&self, after: &str, since: &Since, limit: i64) -> Result<Vec<Answered>> {
        query(
            "select suggestions.*, items.reference, items.bot from suggestions join items on items.id = suggestions.item
             where suggestions.id > $1 and suggestions.at >= $2 and ($3 = '' or suggestions.at < $3)
                 and ($4 = false or suggestions.superseded_at is null)
             order by suggestions.id limit $5",
        )
        .bind(after)
        .bind(&since.from)
        .bind(since.until.as_deref().unwrap_or_default())
        .bind(since.in_force)
        .bind(limit)
        .fetch_all(self)
        .await
    }

    /// How many suggestions there are to answer again.
    pub async fn suggestions_count(&self, since: &Since) -> Result<i64> {
        query(
            "select count(*) from suggestions
             where at >= $1 and ($2 = '' or at < $2) and ($3 = false or superseded_at is null)",
        )
        .bind(&since.from)
        .bind(since.until.as_deref().unwrap_or_default())
        .bind(since.in_force)
        .fetch_value(self)
        .await
    }

    /// Takes this night's check, if nobody has or whoever had it is gone.
    pub async fn claim_replay(&self, night: &str, worker: &str, lease: Duration) -> Result<Option<Replay>> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let taken = query(
            "insert into replays (night, worker, lease_until, started_at, detail) values ($1, $2, $3, $4, '[]')
             on conflict (night) do update set worker = $2, lease_until = $3, token = replays.token + 1
             where replays.ended_at is null and replays.lease_until < $4 returning *",
        )
        .bind(night)
        .bind(worker)
        .bind(time_text(now + lease))
        .bind(time_text(now))
        .fetch_optional(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Prolongs the lease of a check that goes on.
    pub async fn renew_replay(&self, replay: &Replay, lease: Duration) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        let until = time_text(now(&mut tx).await? + lease);
        query("update replays set lease_until = $1 where night = $2 and token = $3 and ended_at is null")
            .bind(until)
            .bind(&replay.night)
            .bind(replay.token)
            .must_change(&mut tx, Error::LeaseLost)
            .await?;
        tx.commit().await
    }

    /// Writes down what a check came to; `differing` are ids of suggestions, as many as are worth keeping.
    pub async fn end_replay(&self, replay: &Replay, answered: i64, count: i64, differing: &[String]) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "update replays set ended_at = $1, lease_until = null, answered = $2, differing = $3, detail = $4
             where night = $5 and token = $6 and ended_at is null",
        )
        .bind(at)
        .bind(answered)
        .bind(count)
        .bind(serde_json::json!(differing).to_string())
        .bind(&replay.night)
        .bind(replay.token)
        .must_change(&mut tx, Error::LeaseLost)
        .await?;
        tx.commit().await
    }

    /// The newest check that came to its end.
    pub async fn last_replay(&self) -> Result<Option<Replay>> {
        query("select * from replays where ended_at is not null order by night desc limit 1").fetch_optional(self).await
    }

    /// The oldest check after that which has begun and not ended.
    pub async fn unended_replay(&self) -> Result<Option<Replay>> {
        query(
            "select * from replays where ended_at is null
                 and night > coalesce((select max(night) from replays where ended_at is not null), '')
             order by night limit 1",
        )
        .fetch_optional(self)
        .await
    }

    /// The references of the items of these suggestions; of removed items there is none.
    pub async fn references_of(&self, suggestions: &[String]) -> Result<Vec<String>> {
        let sql = format!(
            "select distinct items.reference from suggestions join items on items.id = suggestions.item
             where suggestions.id in ({}) order by items.reference",
            super::places(1, suggestions.len())
        );
        super::made(sql).bind_all(suggestions).fetch_values(self).await
    }
}
