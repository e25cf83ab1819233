//! What to do after a look at a schedule: a pure judgement, made while the store holds the schedule's row.

use chrono::{DateTime, TimeDelta, Utc};

use super::choice::{Chosen, Found};
use crate::config::Config;
use crate::model::{Firing, Run, parse_time, time_text};
use crate::schedule::{MissedReason, Nominal, Overlap, QueueTrigger, Schedule, Verdict, due, write_duration};
use crate::store::{NewRun, Plan, Seen, Start};
use crate::wording;

/// Something else than the clock that starts a schedule.
#[derive(Debug, Clone)]
pub struct Cause {
    /// `http` or `hand`.
    pub trigger: &'static str,
    /// What makes the start one: the same key again starts nothing.
    pub key: String,
    /// Who or what did it.
    pub actor: String,
}

/// How often it is written down that nothing was due. A schedule that is changed starts by what it says now of times so
/// far back: no more than what is late anyway.
const MARK_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What to do about everything that has come.
pub(super) fn plan(schedule: &Schedule, config: &Config, script: &Found, cause: Option<&Cause>, seen: &Seen) -> Plan {
    let pause = too_many_failures(schedule, seen);
    let paused = seen.watch.paused_at.as_ref().and(seen.watch.paused_reason.clone()).or_else(|| pause.clone());
    let mut planner =
        Planner { schedule, config, script, seen, paused, busy: seen.open_runs > 0, waits: false, rows: Vec::new() };
    planner.release();
    let times = due(schedule, seen.handled_until, seen.now);
    for (nominal, verdict) in &times {
        planner.time(nominal, verdict);
    }
    for run in &seen.ended {
        planner.after(run);
    }
    planner.queue();
    if let Some(cause) = cause {
        planner.cause(cause);
    }
    // A time far back is not looked at again at every turn.
    let mark = !times.is_empty() || seen.now - seen.handled_until > MARK_EVERY;
    Plan { rows: planner.rows, pause, handled_until: mark.then_some(seen.now) }
}

fn too_many_failures(schedule: &Schedule, seen: &Seen) -> Option<String> {
    let limit = schedule.pause_after?;
    let many = seen.watch.paused_at.is_none() && seen.failures >= i64::from(limit);
    let runs = if limit == 1 { "körning misslyckades".to_owned() } else { "körningar i rad misslyckades".to_owned() };
    many.then(|| format!("{limit} {runs} (pause_after: {limit})"))
}

struct Planner<'a> {
    schedule: &'a Schedule,
    config: &'a Config,
    script: &'a Found,
    seen: &'a Seen,
    paused: Option<String>,
    /// Whether a run of the schedule goes on.
    busy: bool,
    /// Whether a start waits for it to end.
    waits: bool,
    rows: Vec<(Firing, Option<Start>)>,
}

/// What becomes of a start.
struct Outcome {
    result: &'static str,
    reason: String,
    chosen: Option<Chosen>,
}

impl Outcome {
    fn new(result: &'static str, reason: impl Into<String>) -> Self {
        Self { result, reason: reason.into(), chosen: None }
    }

    /// Missed before the pause, and not made up for because of it.
    fn too_late_for(pause: &str) -> Self {
        Self::new("missed", format!("schemat pausades innan starten kunde tas igen: {pause}"))
    }

    fn paused(why: &str) -> Self {
        Self::new("skipped", format!("{}{why}", Firing::PAUSED))
    }
}

impl Planner<'_> {
    /// The start that waits for the run before to end.
    fn release(&mut self) {
        let Some(waiting) = &self.seen.waiting else { return };
        let due_at = parse_time(&waiting.due_at).unwrap_or(self.seen.now);
        let late = self.seen.now - due_at;
        let too_late = self.schedule.max_late.filter(|limit| late > *limit);
        let outcome = match (&self.paused, too_late) {
            (Some(why), _) => Outcome::paused(why),
            (None, Some(limit)) => Outcome::new(
                "missed",
                format!(
                    "förra körningen tog slut {} för sent, max_late är {}",
                    write_duration(late),
                    write_duration(limit)
                ),
            ),
            (None, None) if self.busy && self.schedule.overlap != Overlap::Allow => {
                self.waits = true;
                return;
            }
            (None, None) => self.fire(format!("väntade {} på förra körningen", write_duration(late))),
        };
        let firing = Firing { at: String::new(), run: None, ..waiting.clone() };
        let nominal = (firing.trigger == "schedule").then(|| firing.nominal.clone());
        self.write(firing, nominal, None, outcome);
    }

    /// A nominal time that has come.
    fn time(&mut self, nominal: &Nominal, verdict: &Verdict) {
        let since = self.seen.watch.paused_since();
        let outcome = match (verdict, &self.paused) {
            (Verdict::Skipped { reason }, _) => Outcome::new("skipped", reason.to_string()),
            // Also where no scheduler was up then: nothing was to start.
            (_, Some(why)) if since.is_some_and(|since| nominal.utc >= since) => Outcome::paused(why),
            (Verdict::Missed { reason: MissedReason::LaterOneStarts }, Some(why)) => Outcome::too_late_for(why),
            (Verdict::Fire, Some(why)) if since.is_some() => Outcome::too_late_for(why),
            (Verdict::Missed { reason }, _) => Outcome::new("missed", reason.to_string()),
            (Verdict::Fire, _) => self.start(nominal.remark()),
        };
        let local = nominal.local.format("%Y-%m-%dT%H:%M:%S").to_string();
        let firing = self.firing("schedule", local.clone(), nominal.utc);
        self.write(Firing { fold: i64::from(nominal.fold), ..firing }, Some(local), None, outcome);
    }

    /// Another run has ended.
    fn after(&mut self, run: &Run) {
        let outcome = self.start(format!("efter körning {} av {}", run.id, run.bot));
        let ended = run.ended_at.as_deref().and_then(parse_time).unwrap_or(self.seen.now);
        let firing = self.firing("after", format!("run:{}", run.id), ended);
        self.write(firing, None, None, outcome);
    }

    /// A queue has grown. What would only be skipped is not written down each second.
    fn queue(&mut self) {
        let Some(queue) = &self.schedule.triggers.queue else { return };
        let lately = self.seen.last_by_queue.is_some_and(|last| self.seen.now - last < queue.every);
        if self.busy || self.waits || self.paused.is_some() || lately {
            return;
        }
        let Some(why) = grown(queue, self.seen) else { return };
        let outcome = self.start(why);
        let firing = self.firing("queue", format!("queue:{}", time_text(self.seen.now)), self.seen.now);
        self.write(firing, None, None, outcome);
    }

    /// Something or somebody asks for a start.
    fn cause(&mut self, cause: &Cause) {
        if let Some(waiting) = self.seen.waiting.as_ref().filter(|waiting| waiting.nominal == cause.key) {
            // The same again, while the first still waits.
            if !self.rows.iter().any(|(row, _)| row.nominal == cause.key) {
                self.rows.push((waiting.clone(), None));
            }
            return;
        }
        let outcome = self.start(String::new());
        let firing = self.firing(cause.trigger, cause.key.clone(), self.seen.now);
        self.write(firing, None, Some(cause.actor.clone()), outcome);
    }

    /// What becomes of a start: paused, in the way of the run before, or a run.
    fn start(&mut self, remark: String) -> Outcome {
        if let Some(why) = &self.paused {
            return Outcome::paused(why);
        }
        match self.schedule.overlap {
            Overlap::Skip if self.busy => Outcome::new("skipped", "förra körningen pågår ännu"),
            Overlap::Queue if self.waits => {
                Outcome::new("skipped", "förra körningen pågår ännu och en start väntar redan på att den tar slut")
            }
            Overlap::Queue if self.busy => {
                self.waits = true;
                Outcome::new("waiting", "väntar på att förra körningen tar slut")
            }
            _ => self.fire(remark),
        }
    }

    fn fire(&mut self, remark: String) -> Outcome {
        match self.script.choose(self.config, self.schedule) {
            Ok(chosen) => {
                self.busy = true;
                Outcome { result: "fired", reason: remark, chosen: Some(chosen) }
            }
            Err(why) => Outcome::new("missed", why),
        }
    }

    fn firing(&self, trigger: &str, nominal: String, due_at: DateTime<Utc>) -> Firing {
        Firing {
            schedule: self.schedule.name.clone(),
            trigger: trigger.to_owned(),
            nominal,
            fold: 0,
            due_at: time_text(due_at),
            result: String::new(),
            reason: None,
            run: None,
            at: String::new(),
        }
    }

    fn write(&mut self, firing: Firing, nominal: Option<String>, actor: Option<String>, outcome: Outcome) {
        let reason = Some(outcome.reason).filter(|reason| !reason.is_empty());
        let start = outcome.chosen.map(|Chosen { version, pool, pin, rulebooks }| Start {
            run: NewRun {
                bot: self.schedule.bot.clone(),
                version,
                trigger: firing.trigger.clone(),
                schedule: Some(self.schedule.name.clone()),
                nominal,
                pool,
                actor: actor.unwrap_or_else(|| format!("schedule:{}", self.schedule.name)),
            },
            pin,
            rulebooks,
            max_runtime: self.schedule.max_runtime,
            stop_grace: self.schedule.stop_grace,
        });
        self.rows.push((Firing { result: outcome.result.to_owned(), reason, ..firing }, start));
    }
}

/// Why the queue starts the schedule, if it does.
fn grown(queue: &QueueTrigger, seen: &Seen) -> Option<String> {
    if queue.waiting.is_some_and(|waiting| seen.queued >= i64::from(waiting)) {
        let items = wording::count(seen.queued, "ärende", "ärenden");
        return Some(format!("{items} väntar i kön till {}", queue.bot));
    }
    let waited = seen.oldest_queued.map(|oldest| seen.now - oldest)?;
    let limit = queue.older_than.filter(|limit| waited >= *limit)?;
    Some(format!("ett ärende har väntat i kön till {} i mer än {}", queue.bot, write_duration(limit)))
}
