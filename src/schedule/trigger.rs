//! What starts a schedule besides the clock: a queue that grows, another robot's run that ends, a call over HTTP.
//!
//! Types and what is wrong with them; whether a trigger has come is found out by the scheduler.

use chrono::TimeDelta;
use serde_saphyr::Spanned;

use super::check::read_duration;
use super::report::Report;
use super::written::{AfterWhen, WrittenAfter, WrittenHttp, WrittenQueue, WrittenTriggers};

/// What starts a schedule besides the clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triggers {
    pub queue: Option<QueueTrigger>,
    pub after: Option<AfterTrigger>,
    pub http: Option<HttpTrigger>,
}

/// So many items wait, or one has waited so long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTrigger {
    /// The bot whose items are counted.
    pub bot: String,
    /// How many items must wait.
    pub waiting: Option<u32>,
    /// How long the oldest must have waited.
    pub older_than: Option<TimeDelta>,
    /// How long after its last start the queue may start the schedule again.
    pub every: TimeDelta,
}

/// A run of another robot or schedule has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterTrigger {
    pub source: AfterSource,
    pub when: AfterWhen,
}

/// Whose run it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterSource {
    Bot(String),
    Schedule(String),
}

/// A call over HTTP with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTrigger {
    /// The name of the secret that the token must equal.
    pub token: String,
}

/// How long after its last start a queue may start a schedule again, where nothing else is said.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// The triggers as they are meant, for a schedule called `name` of `bot`.
pub(super) fn read(
    written: Option<&Spanned<WrittenTriggers>>,
    name: Option<&str>,
    bot: Option<&str>,
    report: &mut Report<'_>,
) -> Triggers {
    let Some(written) = written else { return Triggers::default() };
    let WrittenTriggers { queue, after, http } = &written.value;
    if queue.is_none() && after.is_none() && http.is_none() {
        let hint = "skriv t.ex. start_on: {after: {bot: annan-robot}}, eller ta bort fältet";
        report.wrong(written, "start_on säger inte vad som startar schemat".to_owned(), hint);
    }
    Triggers {
        queue: queue.as_ref().and_then(|queue| read_queue(queue, bot, report)),
        after: after.as_ref().and_then(|after| read_after(after, name, bot, report)),
        http: http.as_ref().and_then(|http| read_http(http, report)),
    }
}

fn read_http(http: &Spanned<WrittenHttp>, report: &mut Report<'_>) -> Option<HttpTrigger> {
    if http.value.token.is_none() {
        let hint = "skriv token: namnet på en hemlighet, och spara den med `kollega secret set`";
        report.wrong(http, "http saknar token".to_owned(), hint);
    }
    http.value.token.as_ref().map(|token| HttpTrigger { token: token.value.clone() })
}

fn read_queue(queue: &Spanned<WrittenQueue>, bot: Option<&str>, report: &mut Report<'_>) -> Option<QueueTrigger> {
    let WrittenQueue { bot: other, waiting, older_than, every } = &queue.value;
    if waiting.is_none() && older_than.is_none() {
        let hint = "skriv waiting: 20, older_than: 2h eller båda: det som inträffar först startar";
        report.wrong(queue, "queue säger inte när kön startar schemat".to_owned(), hint);
    }
    if let Some(waiting) = waiting.as_ref().filter(|waiting| waiting.value == 0) {
        report.wrong(waiting, "waiting kan inte vara 0".to_owned(), "skriv ett antal från 1");
    }
    Some(QueueTrigger {
        bot: other.as_ref().map(|other| other.value.as_str()).or(bot)?.to_owned(),
        waiting: waiting.as_ref().map(|waiting| waiting.value),
        older_than: read_duration(older_than.as_ref(), report),
        every: read_duration(every.as_ref(), report).unwrap_or(EVERY),
    })
}

fn read_after(
    after: &Spanned<WrittenAfter>,
    name: Option<&str>,
    bot: Option<&str>,
    report: &mut Report<'_>,
) -> Option<AfterTrigger> {
    let when = after.value.when.unwrap_or_default();
    let (source, own, at) = match (&after.value.bot, &after.value.schedule) {
        (Some(other), None) => (AfterSource::Bot(other.value.clone()), bot, other),
        (None, Some(other)) => (AfterSource::Schedule(other.value.clone()), name, other),
        _ => {
            let hint = "skriv after: {bot: annan-robot} eller after: {schedule: annat-schema}";
            report.wrong(after, "after ska nämna antingen en robot eller ett schema".to_owned(), hint);
            return None;
        }
    };
    if own == Some(at.value.as_str()) {
        let hint = "nämn en annan robot eller ett annat schema";
        report.wrong(at, "schemat skulle starta efter sig självt, om och om igen".to_owned(), hint);
    }
    Some(AfterTrigger { source, when })
}
