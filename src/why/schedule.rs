//! Why a schedule starts or does not, read from the live state.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::config::Config;
use crate::model::{Circuit, Firing, Run, RunState, Watch, parse_time};
use crate::rulebook;
use crate::schedule::{Coming, Overlap, Schedule, due, preview};
use crate::scheduler;
use crate::script;
use crate::store::{Result, Store};
use crate::wording;

/// How long what should have happened may be late before something is said to be down.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);
/// How many of the latest times are told.
const FIRINGS: i64 = 20;

/// Why a schedule starts or does not.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleWhy {
    pub schedule: String,
    pub bot: Option<String>,
    /// `gone`, `unreadable`, `paused`, `not_approved`, `no_scheduler`, `no_worker`, `running`, `missed`, `skipped`, `waiting_for_time`,
    /// `waiting_for_start` or `never`.
    pub state: &'static str,
    /// In Swedish, for people.
    pub because: String,
    /// What to do, in Swedish.
    pub next: String,
    /// The next start by the clock, and the times before it that do not start.
    pub coming: Vec<Coming>,
    /// Runs that are queued or running.
    pub runs: Vec<String>,
    pub paused_at: Option<String>,
    pub paused_by: Option<String>,
    pub paused_reason: Option<String>,
    /// The latest times and what became of them, newest first.
    pub firings: Vec<Firing>,
}

/// Why the schedule of this name starts or does not; none when there is none and never was.
pub async fn schedule(store: &Store, config: &Config, name: &str) -> Result<Option<ScheduleWhy>> {
    let firings = store.firings(name, FIRINGS).await?;
    let now = store.now().await?;
    let read = scheduler::load(config, name, now);
    let is_gone = matches!(read, Err(scheduler::Error::Unknown(_)));
    if firings.is_empty() && is_gone {
        return Ok(None);
    }
    let watch = store.watch(name).await?;
    let open = store.open_runs(name).await?;
    let read = read.map_err(|error| error.to_string());
    let mut why = ScheduleWhy {
        schedule: name.to_owned(),
        bot: read.as_ref().ok().map(|schedule| schedule.bot.clone()),
        state: "",
        because: String::new(),
        next: String::new(),
        coming: read.as_ref().map(|schedule| preview(schedule, now, 1)).unwrap_or_default(),
        runs: open.iter().map(|run| run.id.0.clone()).collect(),
        paused_at: watch.as_ref().and_then(|watch| watch.paused_at.clone()),
        paused_by: watch.as_ref().and_then(|watch| watch.paused_by.clone()),
        paused_reason: watch.as_ref().and_then(|watch| watch.paused_reason.clone()),
        firings,
    };
    let (mut without_worker, mut circuit) = (Vec::new(), None);
    for run in &open {
        if circuit.is_none() {
            circuit = store.circuit_of_run(&run.id).await?.filter(Circuit::is_open);
        }
        if !store.has_worker(&run.pool).await? {
            without_worker.push(run.pool.clone());
        }
    }
    let is_dead = match open.first().and_then(|run| run.worker.as_deref()) {
        Some(worker) => store.dead_since(worker).await?.is_some(),
        None => false,
    };
    let watched = store.has_scheduler().await?;
    let not_approved = match &read {
        Ok(schedule) => not_approved(store, config, schedule).await?,
        Err(_) => None,
    };
    let last = match settled_last(&why.firings).and_then(|latest| latest.run.as_ref()) {
        Some(run) => store.run(run).await?,
        None => None,
    };
    let failed = last.filter(|run| matches!(run.state, RunState::Failed | RunState::Stopped));
    let timezone = wording::timezone(config);
    let state = State { now, watch, open, circuit, without_worker, is_dead, watched, not_approved, failed, timezone };
    match &read {
        Ok(schedule) => state.explain(schedule, &mut why),
        Err(_) if is_gone => {
            let because = "Schemats fil finns inte längre, så det startar inte.";
            why.say("gone", because, "Ingenting, om det är borttaget med flit. Lägg annars tillbaka filen.");
        }
        Err(problem) => {
            why.say(
                "unreadable",
                format!("Schemat startar inte: {problem}."),
                "Rätta filen: `kollega check` visar felen.",
            );
        }
    }
    Ok(Some(why))
}

/// A rule book of the schedule's bot that has no approved version: nothing starts before it has one.
async fn not_approved(store: &Store, config: &Config, schedule: &Schedule) -> Result<Option<String>> {
    let Ok(bot) = script::current(config, &schedule.bot) else { return Ok(None) };
    let approved = store.approved_rulebooks().await?;
    let missing = rulebook::names_of(&bot).find(|name| !approved.iter().any(|version| version.book == *name));
    Ok(missing.map(str::to_owned))
}

impl ScheduleWhy {
    fn say(&mut self, state: &'static str, because: impl Into<String>, next: impl Into<String>) {
        self.state = state;
        self.because = because.into();
        self.next = next.into();
    }
}

/// What is so now.
struct State {
    now: DateTime<Utc>,
    watch: Option<Watch>,
    open: Vec<Run>,
    /// The open circuit of the system that one of those runs waits for.
    circuit: Option<Circuit>,
    /// The pools of those runs that no living worker takes.
    without_worker: Vec<String>,
    /// Whether the worker that has the first of those runs is dead.
    is_dead: bool,
    /// Whether a scheduler is up.
    watched: bool,
    /// A rule book that has no approved version.
    not_approved: Option<String>,
    /// The run that it started last, where that was not done.
    failed: Option<Run>,
    timezone: chrono_tz::Tz,
}

impl State {
    /// The first of what keeps it from starting that is so.
    fn explain(&self, schedule: &Schedule, why: &mut ScheduleWhy) {
        if why.paused_at.is_some() {
            self.paused(why);
        } else if let (Some(book), true) = (&self.not_approved, self.open.is_empty()) {
            let because = format!("Regelboken {book} har ingen godkänd version, och utan den startar schemat inte.");
            let next = format!("Läs igenom regelboken och kör `kollega rules approve {book} --note \"…\"`.");
            why.say("not_approved", because, next);
        } else if let Some(late) = self.unhandled(schedule) {
            let because = format!("Tiden {late} har kommit, men ingen schemaläggare har sett den.");
            why.say("no_scheduler", because, "Se till att `kollega serve` är i gång.");
        } else if let Some(circuit) = &self.circuit {
            let told = wording::circuit(circuit, self.timezone);
            let because = format!("Körningen väntar: kretsbrytaren för {} är {told}.", circuit.system);
            let next = format!(
                "Ingenting, om systemet är på väg tillbaka. Är det lagat nu: `kollega systems reset {}`.",
                circuit.system
            );
            why.say("circuit_open", because, next);
        } else if let Some(run) = self.open.iter().find(|run| self.is_untaken(run)) {
            self.no_worker(run, why);
        } else if let Some(run) = self.open.first() {
            self.running(run, schedule, why);
        } else {
            self.idle(schedule, why);
        }
    }

    fn local(&self, stored: &str) -> String {
        wording::local_time(stored, self.timezone)
    }

    fn paused(&self, why: &mut ScheduleWhy) {
        let at = self.local(why.paused_at.as_deref().unwrap_or_default());
        let reason = why.paused_reason.clone().unwrap_or_default();
        let who = match why.paused_by.as_deref() {
            Some("schedule") | None => "Schemat pausade sig självt".to_owned(),
            Some(person) => format!("Schemat pausades av {}", wording::actor(person)),
        };
        let next = format!("Åtgärda orsaken och kör `kollega schedules resume {}`.", why.schedule);
        why.say("paused", format!("{who} {at}: {reason}."), next);
    }

    /// The oldest time that should have been handled by now and is not.
    fn unhandled(&self, schedule: &Schedule) -> Option<String> {
        let handled = parse_time(&self.watch.as_ref()?.handled_until)?;
        let (oldest, _) = due(schedule, handled, self.now - PATIENCE).into_iter().next()?;
        Some(oldest.local.format("%Y-%m-%d %H:%M").to_string())
    }

    /// Whether a run waits for a worker: none has taken it, or the one that had it is silent.
    fn is_untaken(&self, run: &Run) -> bool {
        let since = match run.state {
            RunState::Queued => Some(&run.created_at),
            _ => run.lease_until.as_ref(),
        };
        let waits_long = since.and_then(|since| parse_time(since)).is_some_and(|since| self.now - since > PATIENCE);
        waits_long || run.state == RunState::Queued && self.without_worker.contains(&run.pool)
    }

    fn no_worker(&self, run: &Run, why: &mut ScheduleWhy) {
        let because = match (&run.state, &run.worker) {
            (RunState::Queued, _) | (_, None) if self.without_worker.contains(&run.pool) => {
                format!(
                    "Körningen {} står i kö sedan {}, men ingen arbetare är i gång för poolen {}.",
                    run.id,
                    self.local(&run.created_at),
                    run.pool
                )
            }
            (RunState::Queued, _) | (_, None) => {
                format!(
                    "Körningen {} står i kö sedan {}, men ingen arbetare har tagit den.",
                    run.id,
                    self.local(&run.created_at)
                )
            }
            (_, Some(worker)) => {
                let until = self.local(run.lease_until.as_deref().unwrap_or_default());
                format!(
                    "Arbetaren {worker} hade körningen {} till {until} men har inte hört av sig sedan dess.",
                    run.id
                )
            }
        };
        let because = because + Self::waiting_told(why);
        let next = "Se till att `kollega serve` eller `kollega worker` är i gång för den; se `kollega nodes`.";
        why.say("no_worker", because, next);
    }

    fn running(&self, run: &Run, schedule: &Schedule, why: &mut ScheduleWhy) {
        let since = self.local(run.started_at.as_ref().unwrap_or(&run.created_at));
        let mut because = match &run.worker {
            Some(worker) if self.is_dead => format!(
                "Körningen {} pågår sedan {since}, men arbetaren {worker} har slutat höra av sig. Den har körningen till {}, sedan tar en annan över.",
                run.id,
                self.local(run.lease_until.as_deref().unwrap_or_default())
            ),
            Some(worker) => format!("Körningen {} pågår sedan {since} hos arbetaren {worker}.", run.id),
            None => format!("Körningen {} står i kö sedan {since}.", run.id),
        };
        if let Some(asked) = &run.stop_at {
            let reason = run.stop_reason.as_deref().unwrap_or_default();
            because = format!("{because} Den ombads stanna {}: {reason}.", self.local(asked));
        }
        because += Self::waiting_told(why);
        let next = match schedule.overlap {
            Overlap::Skip => "Ingenting. Tider som kommer medan den pågår hoppas över (overlap: skip).",
            _ => "Ingenting.",
        };
        why.say("running", because, next);
    }

    fn waiting_told(why: &ScheduleWhy) -> &'static str {
        let waits = why.firings.iter().any(|firing| firing.result == "waiting");
        if waits { " En start väntar på att den tar slut." } else { "" }
    }

    /// Nothing goes on: what became of the latest time, and when the next comes.
    fn idle(&self, schedule: &Schedule, why: &mut ScheduleWhy) {
        let latest = settled_last(&why.firings).filter(|latest| latest.result != "fired").cloned();
        let coming = Self::coming_told(why, schedule.cron.is_some());
        if let Some(latest) = latest {
            let state = if latest.result == "missed" { "missed" } else { "skipped" };
            let reason = latest.reason.as_deref().unwrap_or("okänd orsak");
            let because = format!("{} {}: {reason}. {coming}", nominal(&latest), wording::firing(&latest.result));
            let because = because.trim_end();
            why.say(state, because, "Ingenting, om orsaken är väntad. Starta nu: `kollega schedules start`.");
        } else if !why.coming.iter().any(|one| one.starts) && schedule.cron.is_none() {
            why.say(
                "waiting_for_start",
                "Schemat har inga tider: det väntar på det som står under start_on.",
                "Ingenting.",
            );
        } else if !why.coming.iter().any(|one| one.starts) {
            why.say("never", coming, "Ändra schemats tider, eller ta bort det.");
        } else {
            why.say("waiting_for_time", coming, "Ingenting: det startar av sig självt.");
        }
        if let Some(run) = &self.failed {
            let reason = run.reason.as_deref().unwrap_or("okänd orsak");
            why.because = format!("Den senaste körningen blev inte färdig: {reason}. {}", why.because);
            why.next = format!("Läs `kollega log {}` och åtgärda felet.", run.id);
        }
        if !self.watched && why.state != "never" {
            "Starta `kollega serve`: ingen schemaläggare är i gång nu.".clone_into(&mut why.next);
        }
    }

    /// The next start, and why the times before it do not start.
    fn coming_told(why: &ScheduleWhy, has_times: bool) -> String {
        let shown = |one: &Coming| {
            let note = if one.note.is_empty() { String::new() } else { format!(" ({})", one.note) };
            format!("{}{note}", wording::wall_time(&one.local))
        };
        let (starts, skipped): (Vec<&Coming>, Vec<&Coming>) = why.coming.iter().partition(|one| one.starts);
        let Some(next) = starts.first() else {
            let ended = if has_times { "Schemat startar aldrig mer av klockan." } else { "" };
            return ended.to_owned();
        };
        let before = skipped.first().map(|one| format!(" Dessförinnan: {}.", shown(one))).unwrap_or_default();
        format!("Nästa tid är {}.{before}", shown(next))
    }
}

/// What was settled last: a start that waited is settled after later ones that were skipped.
fn settled_last(firings: &[Firing]) -> Option<&Firing> {
    firings.iter().rev().max_by(|a, b| (&a.at, &a.due_at).cmp(&(&b.at, &b.due_at)))
}

/// A firing's time, or what started it.
fn nominal(firing: &Firing) -> String {
    if firing.trigger == "schedule" {
        format!("Tiden {}", wording::wall_time(&firing.nominal))
    } else {
        format!("Starten ({})", wording::trigger(&firing.trigger))
    }
}
