//! Alerts: the facts that they are decided from, what is wrong since when, and the messages about it.
//!
//! A message is written down in the transaction that marks its alerts as told, before anything is sent: it is neither
//! lost nor made twice by a crash. Whoever claims it sends it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Result, Store, Tx, made, now, query};
use crate::model::{Alert, AlertFact, AlertKind, AlertMessage, Run, new_id_at, parse_time, time_text};

/// So often is a message tried before later ones to the same receiver go first: what is over is told after what was wrong.
const IN_ORDER: i64 = 4;

/// How often alerts may be told.
#[derive(Debug, Clone, Copy)]
pub struct AlertPace {
    /// At most one telling in this time.
    pub window: Duration,
    /// What is still wrong is told again after this.
    pub remind: Duration,
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub channel: &'static str,
    pub target: String,
    pub subject: String,
    pub body: String,
}

/// How many items of a bot have failed with a code.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FailedItems {
    pub bot: String,
    pub code: Option<String>,
    pub count: i64,
    pub oldest: String,
}

/// An item that is worked on, since when.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Working {
    pub bot: String,
    pub claimed_at: String,
}

impl Store {
    /// The items in a state since this time, counted by bot and code.
    pub async fn items_by_code(&self, state: &str, after: DateTime<Utc>) -> Result<Vec<FailedItems>> {
        let sql = "select bot, code, count(*) as count, min(updated_at) as oldest from items
             where state = $1 and updated_at >= $2 group by bot, code order by bot, code";
        query(sql).bind(state).bind(time_text(after)).fetch_all(self).await
    }

    /// The newest runs of a bot that have ended, newest first.
    pub async fn ended_runs(&self, bot: &str, limit: i64) -> Result<Vec<Run>> {
        let sql = "select * from runs where bot = $1 and state in ('done', 'failed', 'stopped') order by created_at desc, id desc limit $2";
        query(sql).bind(bot).bind(limit).fetch_all(self).await
    }

    /// The runs that wait or go on, oldest first.
    pub async fn unended_runs(&self) -> Result<Vec<Run>> {
        query("select * from runs where state in ('queued', 'running') order by created_at, id").fetch_all(self).await
    }

    /// How many times of a schedule were missed since `recent`, and the first of them: those after its latest start, and
    /// those that were found missed since `just_now`.
    pub async fn missed(
        &self,
        schedule: &str,
        recent: DateTime<Utc>,
        just_now: DateTime<Utc>,
    ) -> Result<(i64, Option<String>)> {
        let sql = "select count(*), min(due_at) from firings where schedule = $1 and due_at >= $2 and result = 'missed'
             and (at >= $3
                  or due_at > coalesce((select max(due_at) from firings where schedule = $1 and result = 'fired'), ''))";
        query(sql).bind(schedule).bind(time_text(recent)).bind(time_text(just_now)).fetch_one(self).await
    }

    /// How many items the runs of a schedule have put in the queue since then.
    pub async fn enqueued_by(&self, schedule: &str, since: DateTime<Utc>) -> Result<i64> {
        let sql = "select count(*) from items join runs on runs.id = items.run
             where runs.schedule = $1 and runs.created_at >= $2 and items.created_at >= $2";
        query(sql).bind(schedule).bind(time_text(since)).fetch_value(self).await
    }

    /// How many runs of a schedule have found their work since then.
    pub async fn collected_by(&self, schedule: &str, since: DateTime<Utc>) -> Result<i64> {
        let sql = "select count(*) from runs where schedule = $1 and created_at >= $2 and collected";
        query(sql).bind(schedule).bind(time_text(since)).fetch_value(self).await
    }

    /// The items that have been worked on since before this.
    pub async fn working_since(&self, before: DateTime<Utc>) -> Result<Vec<Working>> {
        let sql = "select bot, claimed_at from items where state = 'in_progress' and claimed_at < $1 order by claimed_at limit 1000";
        query(sql).bind(time_text(before)).fetch_all(self).await
    }

    /// How long the newest items of a bot that are done took from their last claim, in milliseconds.
    pub async fn times_of_items(&self, bot: &str, limit: i64) -> Result<Vec<i64>> {
        let sql = "select claimed_at, updated_at from items
             where bot = $1 and state = 'done' and claimed_at is not null order by claimed_at desc limit $2";
        let times: Vec<(String, String)> = query(sql).bind(bot).bind(limit).fetch_all(self).await?;
        let length = |(from, to): (String, String)| Some((parse_time(&to)? - parse_time(&from)?).num_milliseconds());
        Ok(times.into_iter().filter_map(length).collect())
    }

    /// Takes note of what is wrong now: opens new alerts, brings known ones up to date, closes those that are over.
    /// Only alerts for which `ours` holds are closed: another machine knows of its own disk.
    pub async fn see_alerts(&self, facts: &[AlertFact], ours: impl Fn(&Alert) -> bool) -> Result<()> {
        if same(&self.open_alerts().await?, facts, &ours) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.one_at_a_time("alerts").await?;
        let now = now(&mut tx).await?;
        let open: Vec<Alert> = query(OPEN).fetch_all(&mut tx).await?;
        for fact in facts {
            match open.iter().find(|alert| is_about(alert, fact)) {
                Some(alert) => update(&mut tx, alert, fact, now).await?,
                None => insert(&mut tx, fact, now).await?,
            }
        }
        for alert in open.iter().filter(|alert| ours(alert) && !facts.iter().any(|fact| is_about(alert, fact))) {
            query("update alerts set closed_at = $1 where id = $2")
                .bind(time_text(now))
                .bind(&alert.id)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await
    }

    /// Writes down the messages about what is to be told now, and that it is told; how many messages that were.
    pub async fn tell_alerts(
        &self,
        pace: AlertPace,
        compose: impl Fn(&[Alert], DateTime<Utc>) -> Vec<NewMessage> + Send,
    ) -> Result<usize> {
        if self.untold(pace).await?.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        tx.one_at_a_time("alerts").await?;
        let now = now(&mut tx).await?;
        let last: Option<String> = query("select max(created_at) from alert_messages").fetch_value(&mut tx).await?;
        if last.as_deref().and_then(parse_time).is_some_and(|last| now - last < delta(pace.window)) {
            tx.roll_back().await?;
            return Ok(0);
        }
        let alerts: Vec<Alert> = query(UNTOLD).fetch_all(&mut tx).await?;
        let alerts: Vec<Alert> = alerts.into_iter().filter(|alert| is_due(alert, pace, now)).collect();
        if alerts.is_empty() {
            tx.roll_back().await?;
            return Ok(0);
        }
        let messages = compose(&alerts, now);
        for message in &messages {
            query(
                "insert into alert_messages (id, channel, target, subject, body, state, next_at, created_at)
                 values ($1, $2, $3, $4, $5, 'waiting', $6, $6)",
            )
            .bind(new_id_at(now))
            .bind(message.channel)
            .bind(&message.target)
            .bind(&message.subject)
            .bind(&message.body)
            .bind(time_text(now))
            .execute(&mut tx)
            .await?;
        }
        for alert in &alerts {
            query("update alerts set told_at = $1, told_count = count, clear_told = $2 where id = $3")
                .bind(time_text(now))
                .bind(alert.closed_at.is_some())
                .bind(&alert.id)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(messages.len())
    }

    async fn untold(&self, pace: AlertPace) -> Result<Vec<Alert>> {
        let now = self.now().await?;
        let alerts: Vec<Alert> = query(UNTOLD).fetch_all(self).await?;
        Ok(alerts.into_iter().filter(|alert| is_due(alert, pace, now)).collect())
    }

    /// Claims the next message that is to be sent this way, for as long as the lease.
    pub async fn claim_message(&self, channel: &str, lease: Duration) -> Result<Option<AlertMessage>> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        let sql = format!(
            "update alert_messages set token = token + 1, lease_until = $1
             where id = (select id from alert_messages
                         where state = 'waiting' and channel = $3 and next_at <= $2 and (lease_until is null or lease_until < $2)
                           and not exists (select 1 from alert_messages earlier
                                           where earlier.state = 'waiting' and earlier.channel = alert_messages.channel
                                             and earlier.target = alert_messages.target and earlier.tries < {IN_ORDER}
                                             and (earlier.created_at, earlier.id) < (alert_messages.created_at, alert_messages.id))
                         order by created_at, id limit 1{})
             returning *",
            tx.for_update_skip_locked()
        );
        let message =
            made(sql).bind(time_text(now + lease)).bind(time_text(now)).bind(channel).fetch_optional(&mut tx).await?;
        tx.commit().await?;
        Ok(message)
    }

    /// The message was taken.
    pub async fn message_sent(&self, message: &AlertMessage) -> Result<()> {
        self.let_go_of(message, "sent", None, Duration::ZERO).await
    }

    /// The message did not go; it is tried again after `wait`, or never where there is none.
    pub async fn message_failed(&self, message: &AlertMessage, error: &str, wait: Option<Duration>) -> Result<()> {
        let state = if wait.is_some() { "waiting" } else { "given_up" };
        self.let_go_of(message, state, Some(error), wait.unwrap_or_default()).await
    }

    async fn let_go_of(&self, message: &AlertMessage, state: &str, error: Option<&str>, wait: Duration) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        query(
            "update alert_messages set state = $1, error = $2, next_at = $3, tries = tries + 1, lease_until = null,
                 sent_at = case when $1 = 'sent' then $4 else null end
             where id = $5 and token = $6",
        )
        .bind(state)
        .bind(error)
        .bind(time_text(now + wait))
        .bind(time_text(now))
        .bind(&message.id)
        .bind(message.token)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// The alerts that are not over, oldest first.
    pub async fn open_alerts(&self) -> Result<Vec<Alert>> {
        query(OPEN).fetch_all(self).await
    }

    /// The newest alerts, those that are not over first.
    pub async fn alerts(&self, limit: i64) -> Result<Vec<Alert>> {
        let sql = "select * from alerts order by closed_at is not null, opened_at desc, id desc limit $1";
        query(sql).bind(limit).fetch_all(self).await
    }

    /// The newest messages about alerts, newest first.
    pub async fn alert_messages(&self, limit: i64) -> Result<Vec<AlertMessage>> {
        query("select * from alert_messages order by created_at desc, id desc limit $1")
            .bind(limit)
            .fetch_all(self)
            .await
    }
}

const OPEN: &str = "select * from alerts where closed_at is null order by opened_at, id";
const UNTOLD: &str = "select * from alerts where closed_at is null or not clear_told order by opened_at, id";

/// Whether an alert is to be told: it is new, it is over, it has grown, or it has been wrong for long.
fn is_due(alert: &Alert, pace: AlertPace, now: DateTime<Utc>) -> bool {
    if alert.closed_at.is_some() {
        return !alert.clear_told;
    }
    let Some(told) = alert.told_at.as_deref().and_then(parse_time) else { return true };
    let counts = matches!(alert.kind, AlertKind::Failed | AlertKind::Uncertain | AlertKind::Missed | AlertKind::Slow);
    let grown = counts && alert.count >= alert.told_count.max(1) * 2;
    grown || now - told >= delta(pace.remind)
}

fn delta(time: Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(time).unwrap_or(chrono::TimeDelta::MAX)
}

fn is_about(alert: &Alert, fact: &AlertFact) -> bool {
    alert.kind == fact.kind && alert.subject == fact.subject
}

/// Whether nothing has changed.
fn same(open: &[Alert], facts: &[AlertFact], ours: &impl Fn(&Alert) -> bool) -> bool {
    let unchanged = |fact: &AlertFact| {
        let known = open.iter().find(|alert| is_about(alert, fact));
        known.is_some_and(|alert| alert.count == fact.count && alert.detail.0 == fact.detail)
    };
    let stands = |alert: &Alert| !ours(alert) || facts.iter().any(|fact| is_about(alert, fact));
    facts.iter().all(unchanged) && open.iter().all(stands)
}

async fn update(tx: &mut Tx, alert: &Alert, fact: &AlertFact, now: DateTime<Utc>) -> Result<()> {
    query("update alerts set seen_at = $1, count = $2, detail = $3 where id = $4")
        .bind(time_text(now))
        .bind(fact.count)
        .bind(fact.detail.to_string())
        .bind(&alert.id)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert(tx: &mut Tx, fact: &AlertFact, now: DateTime<Utc>) -> Result<()> {
    query(
        "insert into alerts (id, kind, subject, opened_at, seen_at, since, count, detail)
         values ($1, $2, $3, $4, $4, $5, $6, $7)",
    )
    .bind(new_id_at(now))
    .bind(fact.kind.as_str())
    .bind(&fact.subject)
    .bind(time_text(now))
    .bind(&fact.since)
    .bind(fact.count)
    .bind(fact.detail.to_string())
    .execute(tx)
    .await?;
    Ok(())
}
