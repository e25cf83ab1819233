//! The scheduler: starts runs at their nominal times, once however many nodes run it.
//!
//! What is due is judged by `schedule`; what became of each nominal time is kept by the store, where a unique row makes
//! sure that it fires once. This loop adds what only a living system knows: whether the run before still goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::app::App;
use crate::bot::Bot;
use crate::config::Config;
use crate::model::{Firing, time_text};
use crate::schedule::{Context, Nominal, Overlap, Schedule, Verdict, due};
use crate::store::{self, NewRun};

/// How often the schedules are looked at.
const POLL: Duration = Duration::from_secs(1);

/// Starts runs until it is told to stop.
pub async fn serve(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        for file in files(&app.config) {
            if let Err(error) = look_at(&app, &file).await {
                tracing::error!(%error, schedule = %file.display(), "failed to handle a schedule");
            }
        }
        let pause = tokio::time::timeout(POLL, stop.changed()).await;
        if matches!(pause, Ok(Err(_))) {
            return;
        }
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

/// A schedule as it stands in its file, or what is wrong with it in one line.
pub fn read(config: &Config, file: &Path, now: DateTime<Utc>) -> Result<Schedule, String> {
    let source = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let context = Context { calendar: Some(&config.calendar), ..Context::at(now) };
    Schedule::read(file, &source, context)
        .map_err(|problems| problems.first().map(ToString::to_string).unwrap_or_default())
}

async fn look_at(app: &App, file: &Path) -> anyhow::Result<()> {
    let now = app.store.now().await?;
    let schedule = read(&app.config, file, now).map_err(anyhow::Error::msg)?;
    let handled = app.store.handled_until(&schedule.name).await?;
    let times = due(&schedule, handled, now);
    for (nominal, verdict) in &times {
        handle(app, &schedule, nominal, verdict).await?;
    }
    // A time far back is not looked at again at every turn, and none between is lost.
    if !times.is_empty() || now - handled > chrono::TimeDelta::minutes(10) {
        app.store.set_handled_until(&schedule.name, now).await?;
    }
    Ok(())
}

/// Fires a nominal time or writes down why not.
async fn handle(app: &App, schedule: &Schedule, nominal: &Nominal, verdict: &Verdict) -> store::Result<()> {
    let (result, reason, run) = match verdict {
        Verdict::Missed { reason } => ("missed", reason.to_string(), None),
        Verdict::Skipped { reason } => ("skipped", reason.to_string(), None),
        Verdict::Fire => start(app, schedule, nominal).await?,
    };
    let firing = Firing {
        schedule: schedule.name.clone(),
        nominal: nominal.local.format("%Y-%m-%dT%H:%M:%S").to_string(),
        fold: i64::from(nominal.fold),
        due_at: time_text(nominal.utc),
        result: result.into(),
        reason: (!reason.is_empty()).then_some(reason),
        run: None,
        at: String::new(),
    };
    app.store.fire(&firing, run.as_ref()).await?;
    Ok(())
}

/// The run of a time that fires, unless the one before still goes on or the bot can't be read.
async fn start(
    app: &App,
    schedule: &Schedule,
    nominal: &Nominal,
) -> store::Result<(&'static str, String, Option<NewRun>)> {
    if schedule.overlap == Overlap::Skip && app.store.schedule_is_running(&schedule.name).await? {
        return Ok(("skipped", "förra körningen pågår ännu".into(), None));
    }
    let bot = match Bot::load(&app.config.bot_file(&schedule.bot)) {
        Ok(bot) => bot,
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            return Ok(("missed", format!("roboten kan inte läsas: {first}"), None));
        }
    };
    let run = NewRun {
        bot: schedule.bot.clone(),
        version: bot.version,
        trigger: "schedule".into(),
        schedule: Some(schedule.name.clone()),
        nominal: Some(nominal.local.format("%Y-%m-%dT%H:%M:%S").to_string()),
        actor: format!("schedule:{}", schedule.name),
    };
    Ok(("fired", nominal.remark(), Some(run)))
}
