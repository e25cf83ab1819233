//! Firings: one row for each nominal time of a schedule, with what became of it.

use chrono::{DateTime, Utc};

use super::runs::insert_run;
use super::{Error, NewRun, Result, Store, now, query};
use crate::model::{Firing, RunId, time_text};

impl Store {
    /// Writes down what became of a nominal time and, where it fires, queues its run in the same transaction.
    /// None when the time was handled before, by this node or another.
    pub async fn fire(&self, firing: &Firing, run: Option<&NewRun>) -> Result<Option<Option<RunId>>> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let inserted = query(
            "insert into firings (schedule, nominal, fold, due_at, result, reason, at) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (schedule, nominal, fold) do nothing",
        )
        .bind(&firing.schedule)
        .bind(&firing.nominal)
        .bind(firing.fold)
        .bind(&firing.due_at)
        .bind(&firing.result)
        .bind(&firing.reason)
        .bind(at)
        .execute(&mut tx)
        .await?;
        if inserted == 0 {
            tx.roll_back().await?;
            return Ok(None);
        }
        let id = match run {
            Some(new) => Some(insert_run(&mut tx, new).await?),
            None => None,
        };
        query("update firings set run = $1 where schedule = $2 and nominal = $3 and fold = $4")
            .bind(&id)
            .bind(&firing.schedule)
            .bind(&firing.nominal)
            .bind(firing.fold)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// The newest firings of a schedule, newest first.
    pub async fn firings(&self, schedule: &str, limit: i64) -> Result<Vec<Firing>> {
        let sql = "select * from firings where schedule = $1 order by due_at desc, fold desc limit $2";
        query(sql).bind(schedule).bind(limit).fetch_all(self).await
    }

    /// Until when a schedule's times have been handled; a schedule seen for the first time begins now.
    pub async fn handled_until(&self, schedule: &str) -> Result<DateTime<Utc>> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        query("insert into watches (schedule, handled_until) values ($1, $2) on conflict (schedule) do nothing")
            .bind(schedule)
            .bind(time_text(now))
            .execute(&mut tx)
            .await?;
        let until: String =
            query("select handled_until from watches where schedule = $1").bind(schedule).fetch_value(&mut tx).await?;
        tx.commit().await?;
        crate::model::parse_time(&until)
            .ok_or_else(|| Error::Corrupt(format!("schemat {schedule} har tiden `{until}`")))
    }

    /// Moves that time on; never back.
    pub async fn set_handled_until(&self, schedule: &str, until: DateTime<Utc>) -> Result<()> {
        query("update watches set handled_until = $1 where schedule = $2 and handled_until < $1")
            .bind(time_text(until))
            .bind(schedule)
            .execute(self)
            .await?;
        Ok(())
    }
}
