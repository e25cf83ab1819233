//! The scheduler: starts runs at their nominal times, and by what else starts a schedule, once however many nodes run it.
//!
//! What is due is judged by `schedule`; what became of each nominal time is kept by the store, under the lock of the
//! schedule's row. This loop adds what only a living system knows: whether the run before still goes on, whether the
//! schedule is paused, what waits in a queue. It also asks runs that take too long to stop.

mod choice;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub use plan::Cause;

use crate::app::App;
use crate::config::Config;
use crate::model::Firing;
use crate::outage::Outage;
use crate::schedule::{AfterSource, AfterWhen, Context, Schedule};
use crate::store::{self, After, Ask, Store};

/// How often the schedules are looked at.
const POLL: Duration = Duration::from_secs(1);

/// Starts runs until it is told to stop. While the database is away nothing is looked at; what came meanwhile is handled
/// when it is back, here or by another node.
pub async fn serve(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut told = Told::default();
    while !*stop.borrow() {
        match app.store.now().await {
            Ok(_) => {
                app.outage.is_over();
                turn_telling(&app.store, &app.config, Some(&app.outage), &mut told).await;
            }
            Err(error) if app.outage.is_why(&error) => {}
            Err(error) => told.tell("", Some(error.to_string())),
        }
        let pause = tokio::time::timeout(POLL, stop.changed()).await;
        if matches!(pause, Ok(Err(_))) {
            return;
        }
    }
}

/// One turn: every schedule is looked at, and runs that take too long are stopped. A fault in one keeps none from it.
pub async fn turn(store: &Store, config: &Config) {
    turn_telling(store, config, None, &mut Told::default()).await;
}

async fn turn_telling(store: &Store, config: &Config, outage: Option<&Outage>, told: &mut Told) {
    let is_outage = |error: &anyhow::Error| {
        let error = error.downcast_ref::<store::Error>();
        outage.zip(error).is_some_and(|(outage, error)| outage.is_why(error))
    };
    for file in files(config) {
        match look(store, config, &file).await {
            Err(error) if is_outage(&error) => return,
            result => told.tell(&file.display().to_string(), result.err().map(|error| error.to_string())),
        }
    }
    let stopped = store.stop_runs().await.map_err(anyhow::Error::from);
    if !stopped.as_ref().is_err_and(is_outage) {
        told.tell("stop", stopped.err().map(|error| error.to_string()));
    }
}

/// What has been told of what fails, so that it is told once and not each second.
#[derive(Default)]
struct Told(BTreeMap<String, String>);

impl Told {
    fn tell(&mut self, what: &str, error: Option<String>) {
        let Some(error) = error else {
            self.0.remove(what);
            return;
        };
        if self.0.get(what) != Some(&error) {
            tracing::error!(%error, schedule = what, "failed to handle a schedule");
            self.0.insert(what.to_owned(), error);
        }
    }
}

async fn look(store: &Store, config: &Config, file: &Path) -> anyhow::Result<()> {
    let now = store.now().await?;
    let schedule = read(config, file, now).map_err(anyhow::Error::msg)?;
    look_at(store, config, &schedule, None).await?;
    Ok(())
}

/// Why a schedule was not started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("schemat {0} finns inte: se `kollega schedules`")]
    Unknown(String),
    #[error("schemat {name} kan inte läsas: {why}; kör `kollega check`")]
    Unreadable { name: String, why: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Starts a schedule for another reason than the clock; the same cause again starts nothing and is answered the same.
pub async fn start(store: &Store, config: &Config, name: &str, cause: &Cause) -> Result<Firing, Error> {
    let schedule = load(config, name, store.now().await?)?;
    let rows = look_at(store, config, &schedule, Some(cause)).await?;
    rows.into_iter()
        .find(|row| row.nominal == cause.key)
        .ok_or_else(|| Error::Store(store::Error::Corrupt(format!("starten av {name} skrevs inte"))))
}

/// Resumes a schedule. What came while it was paused is written down first: nobody could tell that afterwards, where no
/// scheduler was up. False when it was not paused.
pub async fn resume(store: &Store, config: &Config, name: &str, person: &str) -> Result<bool, Error> {
    let watch = store.watch(name).await?;
    // Of a schedule that can't be read nobody knows the times.
    if watch.is_some_and(|watch| watch.paused_at.is_some())
        && let Ok(schedule) = load(config, name, store.now().await?)
    {
        look_at(store, config, &schedule, None).await?;
    }
    Ok(store.resume_schedule(name, person).await?)
}

async fn look_at(
    store: &Store,
    config: &Config,
    schedule: &Schedule,
    cause: Option<&Cause>,
) -> store::Result<Vec<Firing>> {
    let script = choice::look_up(store, schedule).await?;
    let ask = ask_of(schedule);
    store.look_at(&schedule.name, &ask, |seen| plan::plan(schedule, config, &script, cause, seen)).await
}

/// What must be known of a schedule to say what starts.
fn ask_of(schedule: &Schedule) -> Ask {
    let after = schedule.triggers.after.as_ref().map(|after| {
        let states: &[&str] = match after.when {
            AfterWhen::Done => &["done"],
            AfterWhen::Failed => &["failed", "stopped"],
            AfterWhen::Any => &["done", "failed", "stopped"],
        };
        match after.source.clone() {
            AfterSource::Bot(bot) => After { bot: Some(bot), schedule: None, states },
            AfterSource::Schedule(schedule) => After { bot: None, schedule: Some(schedule), states },
        }
    });
    Ask {
        last_runs: schedule.pause_after.map_or(0, i64::from),
        after,
        queue: schedule.triggers.queue.as_ref().map(|queue| queue.bot.clone()),
    }
}

/// The schedule files, by name.
pub fn files(config: &Config) -> Vec<PathBuf> {
    let folder = config.path(&config.schedules);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|file| file.extension().is_some_and(|ending| ending == "yaml")).collect();
    files.sort();
    files
}

/// The file of the schedule of this name.
pub fn file(config: &Config, name: &str) -> PathBuf {
    config.path(&config.schedules).join(format!("{name}.yaml"))
}

/// The schedule of this name as it stands in its file.
pub fn load(config: &Config, name: &str, now: DateTime<Utc>) -> Result<Schedule, Error> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let file = file(config, name);
    if !is_name || !file.is_file() {
        return Err(Error::Unknown(name.to_owned()));
    }
    read(config, &file, now).map_err(|why| Error::Unreadable { name: name.to_owned(), why })
}

/// A schedule as it stands in its file, or what is wrong with it in one line.
pub fn read(config: &Config, file: &Path, now: DateTime<Utc>) -> Result<Schedule, String> {
    let source = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let context = Context { calendar: Some(&config.calendar), ..Context::at(now) };
    Schedule::read(file, &source, context)
        .map_err(|problems| problems.first().map(ToString::to_string).unwrap_or_default())
}
