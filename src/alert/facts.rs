//! What is wrong now, read from the store. Decides nothing about who is told, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};

use crate::app::App;
use crate::model::{AlertFact, AlertKind, RunState, parse_time, time_text};
use crate::schedule::{Expect, Nominal, Schedule};
use crate::scheduler;
use crate::store;

/// How many earlier ones say what is usual, and how few say nothing.
const EARLIER: i64 = 20;
const TOO_FEW: usize = 5;
/// What takes less than this is never slow by being longer than usual.
const QUICK: Duration = Duration::from_mins(10);
/// How long the nightly check may take.
const REPLAY_LATE: Duration = Duration::from_hours(6);
/// What it is about.
const REPLAYED: &str = "regelböcker";

/// Everything that is wrong.
pub(super) async fn facts(app: &App) -> anyhow::Result<Vec<AlertFact>> {
    let now = app.store.now().await?;
    let mut facts = failed(app, now).await?;
    facts.extend(uncertain(app).await?);
    facts.extend(slow(app, now).await?);
    facts.extend(not_started(app, now).await?);
    facts.extend(unreadable(app, now).await?);
    facts.extend(circuits(app).await?);
    facts.extend(disk(app, now));
    facts.extend(replay(app, now).await?);
    for file in scheduler::files(&app.config) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match scheduler::read(&app.config, &file, now) {
            Ok(schedule) => facts.extend(of_schedule(app, &schedule, now).await?),
            // Nothing of it starts until somebody has put it right.
            Err(_) => {
                facts.push(fact(AlertKind::Absent, &name, now, 1, json!({"schedule": name, "why": "unreadable"})));
            }
        }
    }
    Ok(joined(facts))
}

/// One fact of a kind about a subject: two ways to be absent are one absence.
fn joined(facts: Vec<AlertFact>) -> Vec<AlertFact> {
    let mut joined: Vec<AlertFact> = Vec::new();
    for fact in facts {
        if !joined.iter().any(|known| known.kind == fact.kind && known.subject == fact.subject) {
            joined.push(fact);
        }
    }
    joined
}

fn fact(kind: AlertKind, subject: &str, since: DateTime<Utc>, count: i64, detail: Value) -> AlertFact {
    AlertFact { kind, subject: subject.to_owned(), since: time_text(since), count, detail }
}

fn before(now: DateTime<Utc>, time: Duration) -> DateTime<Utc> {
    now - TimeDelta::from_std(time).unwrap_or_default()
}

/// Items that failed lately, and runs whose newest failed.
async fn failed(app: &App, now: DateTime<Utc>) -> store::Result<Vec<AlertFact>> {
    let after = before(now, app.config.alerts.recent);
    let mut facts: BTreeMap<String, AlertFact> = BTreeMap::new();
    for row in app.store.items_by_code("failed", after).await? {
        let fact = facts.entry(row.bot.clone()).or_insert_with(|| AlertFact {
            kind: AlertKind::Failed,
            subject: row.bot.clone(),
            since: row.oldest.clone(),
            count: 0,
            detail: json!({"bot": row.bot, "items": 0, "runs": 0, "codes": {}}),
        });
        fact.count += row.count;
        if row.oldest < fact.since {
            fact.since.clone_from(&row.oldest);
        }
        fact.detail["items"] = fact.count.into();
        fact.detail["codes"][row.code.as_deref().unwrap_or("-")] = row.count.into();
    }
    for bot in app.config.bot_names() {
        let runs = app.store.ended_runs(&bot, EARLIER).await?;
        let is_recent = |ended: &Option<String>| ended.as_deref().is_some_and(|at| at >= time_text(after).as_str());
        let failing: Vec<_> =
            runs.iter().take_while(|run| run.state != RunState::Done && is_recent(&run.ended_at)).collect();
        let Some(first) = failing.last() else { continue };
        let since = first.ended_at.clone().unwrap_or_else(|| first.created_at.clone());
        let count = i64::try_from(failing.len()).unwrap_or(i64::MAX);
        let fact = facts.entry(bot.clone()).or_insert_with(|| AlertFact {
            kind: AlertKind::Failed,
            subject: bot.clone(),
            since: since.clone(),
            count: 0,
            detail: json!({"bot": bot, "items": 0, "runs": 0, "codes": {}}),
        });
        fact.count += count;
        fact.detail["runs"] = count.into();
        if since < fact.since {
            fact.since = since;
        }
    }
    Ok(facts.into_values().collect())
}

async fn uncertain(app: &App) -> store::Result<Vec<AlertFact>> {
    let rows = app.store.items_by_code("uncertain", DateTime::UNIX_EPOCH).await?;
    let mut facts: BTreeMap<String, AlertFact> = BTreeMap::new();
    for row in rows {
        let fact = facts.entry(row.bot.clone()).or_insert_with(|| AlertFact {
            kind: AlertKind::Uncertain,
            subject: row.bot.clone(),
            since: row.oldest.clone(),
            count: 0,
            detail: json!({"bot": row.bot}),
        });
        fact.count += row.count;
    }
    Ok(facts.into_values().collect())
}

/// Runs and items that take longer than a limit, or much longer than usual.
async fn slow(app: &App, now: DateTime<Utc>) -> store::Result<Vec<AlertFact>> {
    let config = &app.config.alerts;
    let mut facts: BTreeMap<String, AlertFact> = BTreeMap::new();
    let mut add = |bot: &str, schedule: Option<&String>, what: &str, since: DateTime<Utc>, limit: Duration| {
        let fact = facts.entry(bot.to_owned()).or_insert_with(|| {
            let detail = json!({"bot": bot, "schedule": schedule, "runs": 0, "items": 0, "limit_s": limit.as_secs()});
            fact(AlertKind::Slow, bot, since, 0, detail)
        });
        fact.count += 1;
        let known = fact.detail[what].as_i64().unwrap_or_default();
        fact.detail[what] = (known + 1).into();
    };
    let mut limits: BTreeMap<String, Option<Duration>> = BTreeMap::new();
    for run in app.store.unended_runs().await?.into_iter().filter(|run| run.state == RunState::Running) {
        let Some(started) = run.started_at.as_deref().and_then(parse_time) else { continue };
        if !limits.contains_key(&run.bot) {
            let ended = app.store.ended_runs(&run.bot, EARLIER).await?;
            let done = ended.iter().filter(|one| one.state == RunState::Done);
            let times = done.filter_map(|one| {
                let from = one.started_at.as_deref().and_then(parse_time)?;
                Some((one.ended_at.as_deref().and_then(parse_time)? - from).num_milliseconds())
            });
            limits.insert(run.bot.clone(), limit(config.slow_run, config.slow_factor, times.collect()));
        }
        if let Some(limit) = limits[&run.bot].filter(|limit| started < before(now, *limit)) {
            add(&run.bot, run.schedule.as_ref(), "runs", started, limit);
        }
    }
    let mut limits: BTreeMap<String, Option<Duration>> = BTreeMap::new();
    let shortest = if config.slow_item.is_zero() { QUICK } else { config.slow_item.min(QUICK) };
    for item in app.store.working_since(before(now, shortest)).await? {
        let Some(claimed) = parse_time(&item.claimed_at) else { continue };
        if !limits.contains_key(&item.bot) {
            let times = app.store.times_of_items(&item.bot, EARLIER).await?;
            limits.insert(item.bot.clone(), limit(config.slow_item, config.slow_factor, times));
        }
        if let Some(limit) = limits[&item.bot].filter(|limit| claimed < before(now, *limit)) {
            add(&item.bot, None, "items", claimed, limit);
        }
    }
    Ok(facts.into_values().collect())
}

/// From when on it is slow: the limit that is set, or some times what is usual, whichever is shorter.
fn limit(set: Duration, factor: u32, mut times: Vec<i64>) -> Option<Duration> {
    let set = (!set.is_zero()).then_some(set);
    if times.len() < TOO_FEW || factor == 0 {
        return set;
    }
    times.sort_unstable();
    let median = Duration::from_millis(u64::try_from(times[times.len() / 2]).unwrap_or_default());
    let usual = (median * factor).max(QUICK);
    Some(set.map_or(usual, |set| set.min(usual)))
}

/// Runs that wait for a worker for long. Those that wait for a system are told of as that.
async fn not_started(app: &App, now: DateTime<Utc>) -> store::Result<Vec<AlertFact>> {
    let late = time_text(before(now, app.config.alerts.late));
    let mut facts: BTreeMap<String, AlertFact> = BTreeMap::new();
    for run in app.store.unended_runs().await? {
        if run.state != RunState::Queued || run.created_at > late || app.store.circuit_of_run(&run.id).await?.is_some()
        {
            continue;
        }
        let is_unread = app.store.read_by_none(&run).await?.is_some();
        // That the bot can't be read is told of; those who are told of the schedule alone hear that its run has not come.
        if is_unread && run.schedule.is_none() {
            continue;
        }
        let why = if is_unread { "unread" } else { "no_worker" };
        let subject = run.schedule.clone().unwrap_or_else(|| run.bot.clone());
        let fact = facts.entry(subject.clone()).or_insert_with(|| AlertFact {
            kind: AlertKind::Absent,
            subject,
            since: run.created_at.clone(),
            count: 0,
            detail: json!({"bot": run.bot, "schedule": run.schedule, "why": why}),
        });
        fact.count += 1;
    }
    Ok(facts.into_values().collect())
}

/// Bots that a living node can't read: it leaves their work undone.
async fn unreadable(app: &App, now: DateTime<Utc>) -> store::Result<Vec<AlertFact>> {
    let mut facts: BTreeMap<String, AlertFact> = BTreeMap::new();
    for node in app.store.nodes().await?.into_iter().filter(|node| node.state == "alive").map(|node| node.node) {
        // One fault a node: several runs of a bot may be held to scripts that can't be read.
        let bots: BTreeMap<String, String> = node.unreadable().into_iter().map(|one| (one.bot, one.why)).collect();
        for (bot, why) in bots {
            let detail = json!({"bot": bot, "node": node.name, "why": why});
            let fact = facts.entry(bot.clone()).or_insert_with(|| fact(AlertKind::Unreadable, &bot, now, 0, detail));
            fact.count += 1;
        }
    }
    Ok(facts.into_values().collect())
}

async fn circuits(app: &App) -> store::Result<Vec<AlertFact>> {
    let mut facts = Vec::new();
    for circuit in app.store.open_circuits().await? {
        let waiting = app.store.waiting_for_circuit(&circuit.circuit_id()).await?;
        let since = circuit.opened_at.as_deref().and_then(parse_time).unwrap_or_default();
        let detail = json!({"system": circuit.system, "kind": circuit.kind});
        facts.push(fact(AlertKind::Circuit, &circuit.system, since, waiting, detail));
    }
    Ok(facts)
}

/// The name of this machine.
pub(super) fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// What the nightly check came to, or that it does not come to its end.
async fn replay(app: &App, now: DateTime<Utc>) -> store::Result<Option<AlertFact>> {
    if app.config.replay.at.is_none() {
        return Ok(None);
    }
    let late = time_text(before(now, REPLAY_LATE));
    if let Some(begun) = app.store.unended_replay().await?.filter(|begun| begun.started_at < late) {
        let since = parse_time(&begun.started_at).unwrap_or(now);
        return Ok(Some(fact(AlertKind::ReplayDiffers, REPLAYED, since, 1, json!({"why": "not_done"}))));
    }
    let last = app.store.last_replay().await?;
    let Some(last) = last.filter(|last| last.differing > 0) else { return Ok(None) };
    let since = last.ended_at.as_deref().and_then(parse_time).unwrap_or(now);
    let detail = json!({"night": last.night, "answered": last.answered});
    Ok(Some(fact(AlertKind::ReplayDiffers, REPLAYED, since, last.differing, detail)))
}

/// The disk of the data folder.
fn disk(app: &App, now: DateTime<Utc>) -> Option<AlertFact> {
    let disk = rustix::fs::statvfs(app.config.data()).ok()?;
    let free = disk.f_bavail * 100 / disk.f_blocks.max(1);
    // The count is told as it was when it was noted: it changes all the time.
    (free < app.config.alerts.disk_free)
        .then(|| fact(AlertKind::Disk, &machine(), now, 1, json!({"limit_percent": app.config.alerts.disk_free})))
}

/// What a schedule should have started and did not.
async fn of_schedule(app: &App, schedule: &Schedule, now: DateTime<Utc>) -> store::Result<Vec<AlertFact>> {
    let mut facts = Vec::new();
    facts.extend(missed(app, schedule, now).await?);
    facts.extend(unhandled(app, schedule, now).await?);
    facts.extend(paused(app, schedule).await?);
    if let Some(expect) = schedule.alert.as_ref().and_then(|alert| alert.expect) {
        facts.extend(expected(app, schedule, expect, now).await?);
    }
    Ok(facts)
}

/// Times that were missed lately, until one has started again; told also where that was at once.
async fn missed(app: &App, schedule: &Schedule, now: DateTime<Utc>) -> store::Result<Option<AlertFact>> {
    let config = &app.config.alerts;
    let (recent, just_now) = (before(now, config.recent), before(now, config.late));
    let (count, first) = app.store.missed(&schedule.name, recent, just_now).await?;
    let Some(since) = first else { return Ok(None) };
    Ok(Some(AlertFact {
        kind: AlertKind::Missed,
        subject: schedule.name.clone(),
        since,
        count,
        detail: json!({"schedule": schedule.name, "bot": schedule.bot}),
    }))
}

/// A schedule that paused itself after failures: nothing starts until a person resumes it. A person's own pause is known.
async fn paused(app: &App, schedule: &Schedule) -> store::Result<Option<AlertFact>> {
    let watch = app.store.watch(&schedule.name).await?;
    let Some(watch) = watch.filter(|watch| watch.paused_by.as_deref() == Some("schedule")) else { return Ok(None) };
    let Some(since) = watch.paused_since() else { return Ok(None) };
    let detail = json!({"schedule": schedule.name, "bot": schedule.bot, "why": "paused"});
    Ok(Some(fact(AlertKind::Absent, &schedule.name, since, 1, detail)))
}

/// A time that came and that nobody has looked at: no scheduler runs, or it fails.
async fn unhandled(app: &App, schedule: &Schedule, now: DateTime<Utc>) -> store::Result<Option<AlertFact>> {
    let Some(watch) = app.store.watch(&schedule.name).await? else { return Ok(None) };
    let Some(handled) = parse_time(&watch.handled_until) else { return Ok(None) };
    let late = before(now, app.config.alerts.late);
    // Nothing is to start while it is paused.
    let until = watch.paused_since().map_or(late, |since| late.min(since - TimeDelta::milliseconds(1)));
    let Some(next) = schedule.nominal_times(handled, until).into_iter().find(Nominal::starts) else {
        return Ok(None);
    };
    let detail = json!({"schedule": schedule.name, "bot": schedule.bot, "why": "not_looked_at"});
    Ok(Some(fact(AlertKind::Absent, &schedule.name, next.utc, 1, detail)))
}

/// How many of a schedule's latest times are looked at for a pause.
const LAST: i64 = 50;

/// Whether what should have come today has, once it is time; only on days when the schedule starts.
async fn expected(
    app: &App,
    schedule: &Schedule,
    expect: Expect,
    now: DateTime<Utc>,
) -> store::Result<Option<AlertFact>> {
    let zone = schedule.timezone;
    let today = now.with_timezone(&zone).date_naive();
    let at =
        |time: NaiveTime| zone.from_local_datetime(&today.and_time(time)).earliest().map(|at| at.with_timezone(&Utc));
    let (Some(midnight), Some(by)) = (at(NaiveTime::MIN), at(expect.by)) else { return Ok(None) };
    let times = schedule.nominal_times(midnight - TimeDelta::milliseconds(1), by);
    if now < by || !times.iter().any(Nominal::starts) {
        return Ok(None);
    }
    // What came while it was paused was not to start.
    let paused_since = app.store.watch(&schedule.name).await?.and_then(|watch| watch.paused_since());
    let firings = app.store.firings(&schedule.name, LAST).await?;
    let was_paused = |one: &Nominal| {
        let at = time_text(one.utc);
        paused_since.is_some_and(|since| one.utc >= since)
            || firings.iter().any(|firing| firing.due_at == at && firing.was_paused())
    };
    if !times.iter().any(|one| one.starts() && !was_paused(one)) {
        return Ok(None);
    }
    let (why, came) = if expect.at_least == 0 {
        ("no_run", app.store.collected_by(&schedule.name, midnight).await?)
    } else {
        ("too_few", app.store.enqueued_by(&schedule.name, midnight).await?)
    };
    if came >= i64::from(expect.at_least.max(1)) {
        return Ok(None);
    }
    let detail = json!({
        "schedule": schedule.name, "bot": schedule.bot, "why": why, "expected": expect.at_least,
        "by": expect.by.format("%H:%M").to_string(),
    });
    Ok(Some(fact(AlertKind::Absent, &schedule.name, by, came, detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_some_times_the_usual_but_never_longer_than_the_limit() {
        let minute = 60_000;
        let usual = vec![20 * minute; 5];
        assert_eq!(limit(Duration::ZERO, 3, usual.clone()), Some(Duration::from_hours(1)));
        assert_eq!(limit(Duration::from_mins(30), 3, usual.clone()), Some(Duration::from_mins(30)));
        assert_eq!(limit(Duration::ZERO, 3, vec![1000; 5]), Some(QUICK), "what is quick may take ten minutes");
        assert_eq!(limit(Duration::ZERO, 3, usual[..4].to_vec()), None, "four say nothing");
        assert_eq!(limit(Duration::from_mins(30), 0, usual), Some(Duration::from_mins(30)));
    }
}
