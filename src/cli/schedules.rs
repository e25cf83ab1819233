//! `kollega schedules`: what is scheduled and when it starts next, and what a person does to a schedule.

use std::process::ExitCode;

use anyhow::bail;
use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store, print, sign_in};
use crate::config::Config;
use crate::model::{Firing, User, Watch, new_id};
use crate::schedule::{Coming, Schedule, preview};
use crate::scheduler::{self, Cause};
use crate::store::Store;
use crate::{desk, wording};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    act: Option<Act>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Visa schemats kommande tider, med sommartid och lediga dagar
    Preview(PreviewArguments),
    /// Pausa schemat: dess tider hoppas över tills det återupptas
    Pause(PauseArguments),
    /// Återuppta ett pausat schema
    Resume(ResumeArguments),
    /// Starta schemat nu, utöver dess tider
    Start(StartArguments),
}

#[derive(Debug, Args)]
struct PreviewArguments {
    /// Schemats namn
    #[arg(value_name = "SCHEMA")]
    schedule: String,
    /// Hur många starter
    #[arg(long, value_name = "ANTAL", default_value_t = 20)]
    count: usize,
    /// Från denna tid i stället för från nu, som 2026-12-20T00:00:00Z
    #[arg(long, value_name = "TID")]
    from: Option<DateTime<Utc>>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct PauseArguments {
    /// Schemats namn
    #[arg(value_name = "SCHEMA")]
    schedule: String,
    /// Varför; visas av `kollega why`
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: sign_in::As,
}

#[derive(Debug, Args)]
struct ResumeArguments {
    /// Schemats namn
    #[arg(value_name = "SCHEMA")]
    schedule: String,
    #[command(flatten)]
    who: sign_in::As,
}

#[derive(Debug, Args)]
struct StartArguments {
    /// Schemats namn
    #[arg(value_name = "SCHEMA")]
    schedule: String,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        None => list(config, arguments.format).await,
        Some(Act::Preview(arguments)) => show_preview(config, &arguments).await,
        Some(Act::Pause(arguments)) => pause(config, &arguments).await,
        Some(Act::Resume(arguments)) => resume(config, &arguments).await,
        Some(Act::Start(arguments)) => start(config, &arguments).await,
    }
}

/// The schedule of this name, as it stands in its file.
fn load(config: &Config, name: &str, now: DateTime<Utc>) -> anyhow::Result<Schedule> {
    scheduler::load(config, name, now).map_err(|error| Invalid(error.to_string()).into())
}

async fn show_preview(config: &Config, arguments: &PreviewArguments) -> anyhow::Result<ExitCode> {
    // The clock that starts the schedule is the database's.
    let now = open_store(config).await?.now().await?;
    let schedule = load(config, &arguments.schedule, now)?;
    let coming = preview(&schedule, arguments.from.unwrap_or(now), arguments.count);
    let columns = &[Column::Text("Tid"), Column::Text("Från UTC"), Column::Text("Startar"), Column::Text("Anmärkning")];
    let empty = match schedule.cron {
        Some(_) => "Schemat startar aldrig mer: den sista tiden har passerat.",
        None => "Schemat har inga tider: det startas av det som står under start_on.",
    };
    Table { columns, records: &coming, empty }.print(arguments.format, |one: &Coming| {
        let starts = if one.starts { "ja" } else { "nej" };
        vec![with_weekday(&one.local), one.offset.clone(), starts.to_owned(), one.note.clone()]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A time on the wall with its Swedish weekday: `tis 2026-12-22 06:00`.
fn with_weekday(local: &str) -> String {
    const DAYS: [&str; 7] = ["mån", "tis", "ons", "tor", "fre", "lör", "sön"];
    let Ok(time) = local.parse::<NaiveDateTime>() else { return local.to_owned() };
    let day = DAYS[time.weekday() as usize];
    let shown = time.format("%Y-%m-%d %H:%M:%S").to_string();
    format!("{day} {}", shown.strip_suffix(":00").unwrap_or(&shown))
}

/// The signed-in person, if they may operate.
async fn operator(store: &Store, who: &sign_in::As) -> anyhow::Result<User> {
    let user = sign_in::sign_in(store, who).await?;
    if !desk::may_operate(&user) {
        bail!("{} får inte göra detta: det kräver rollen {}", user.name, wording::any_role(desk::OPERATORS));
    }
    Ok(user)
}

async fn pause(config: &Config, arguments: &PauseArguments) -> anyhow::Result<ExitCode> {
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Invalid("skälet är tomt: skriv varför schemat pausas, med --reason".into()).into());
    }
    let store = open_store(config).await?;
    let schedule = known(config, &store, &arguments.schedule).await?;
    let user = operator(&store, &arguments.who).await?;
    if !store.pause_schedule(schedule, &user.name, reason).await? {
        bail!("schemat {schedule} är redan pausat: se `kollega why {schedule}`");
    }
    print(&format!(
        "Schemat {schedule} är pausat. En körning som pågår fortsätter. Återuppta med `kollega schedules resume {schedule}`."
    ));
    Ok(ExitCode::SUCCESS)
}

async fn resume(config: &Config, arguments: &ResumeArguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let schedule = known(config, &store, &arguments.schedule).await?;
    let user = operator(&store, &arguments.who).await?;
    if !scheduler::resume(&store, config, schedule, &user.name).await? {
        bail!("schemat {schedule} är inte pausat");
    }
    print(&format!("Schemat {schedule} är återupptaget."));
    Ok(ExitCode::SUCCESS)
}

/// The name, if there is such a file; what is wrong in it does not matter here.
async fn known<'a>(config: &Config, store: &Store, name: &'a str) -> anyhow::Result<&'a str> {
    match scheduler::load(config, name, store.now().await?) {
        Err(error @ scheduler::Error::Unknown(_)) => Err(Invalid(error.to_string()).into()),
        _ => Ok(name),
    }
}

async fn start(config: &Config, arguments: &StartArguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    load(config, &arguments.schedule, store.now().await?)?;
    let user = operator(&store, &arguments.who).await?;
    let key = format!("hand:{}", new_id());
    let cause = Cause { trigger: "hand", key, actor: format!("person:{}", user.name) };
    let firing = scheduler::start(&store, config, &arguments.schedule, &cause).await?;
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&[&firing])?);
    } else {
        print(&told(&firing));
    }
    Ok(ExitCode::from(u8::from(!matches!(firing.result.as_str(), "fired" | "waiting"))))
}

fn told(firing: &Firing) -> String {
    let reason = firing.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match &firing.run {
        Some(run) => format!("Körningen {run} är i kö."),
        None if firing.result == "waiting" => format!("Starten står i kö{reason}."),
        None => format!("Schemat {} startades inte{reason}.", firing.schedule),
    }
}

#[derive(Serialize)]
struct Paused {
    at: String,
    by: Option<String>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct ScheduleRow {
    schedule: String,
    bot: String,
    cron: String,
    /// What starts it besides the clock.
    start_on: Vec<&'static str>,
    next: Option<String>,
    last: Option<String>,
    last_result: Option<String>,
    last_reason: Option<String>,
    paused: Option<Paused>,
    problem: Option<String>,
}

async fn list(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = store.now().await?;
    let timezone = wording::timezone(config);
    let mut rows = Vec::new();
    for file in scheduler::files(config) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let last = store.firings(&name, 1).await?.pop();
        let watch = store.watch(&name).await?;
        let read = scheduler::read(config, &file, now);
        rows.push(row(name, read, last, watch, now));
    }
    let columns = &[
        Column::Text("Schema"),
        Column::Text("Robot"),
        Column::Text("Cron"),
        Column::Text("Nästa"),
        Column::Text("Senaste"),
        Column::Text("Utfall"),
    ];
    let empty = "Inga scheman. Lägg ett i schedules/; se docs/handbok/schemalagga.md.";
    Table { columns, records: &rows, empty }.print(format, |row| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let next = match (&row.problem, &row.paused) {
            (Some(why), _) => format!("fel: {why}"),
            (None, Some(paused)) => format!("pausat: {}", text(&paused.reason)),
            (None, None) if row.cron.is_empty() => {
                row.start_on.iter().map(|on| wording::trigger(on)).collect::<Vec<_>>().join(", ")
            }
            (None, None) => text(&row.next),
        };
        let result = row.last_result.as_deref().map(wording::firing).unwrap_or_default().to_owned();
        // The time of a start that no clock made is kept in UTC; a nominal one stands as it is.
        let last =
            row.last.as_ref().map(|at| wording::wall_time(&wording::local_time(at, timezone))).unwrap_or_default();
        vec![row.schedule.clone(), row.bot.clone(), row.cron.clone(), next, last, result]
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(
    name: String,
    read: Result<Schedule, String>,
    last: Option<Firing>,
    watch: Option<Watch>,
    now: DateTime<Utc>,
) -> ScheduleRow {
    let paused =
        watch.and_then(|watch| Some(Paused { at: watch.paused_at?, by: watch.paused_by, reason: watch.paused_reason }));
    let (last_result, last_reason) = last.as_ref().map(|last| (last.result.clone(), last.reason.clone())).unzip();
    let last = last.map(|last| if last.trigger == "schedule" { last.nominal } else { last.due_at });
    let (schedule, problem) = match read {
        Ok(schedule) => (Some(schedule), None),
        Err(why) => (None, Some(why)),
    };
    let triggers = schedule.as_ref().map(|one| &one.triggers);
    let on = |is: Option<bool>, name| is.unwrap_or_default().then_some(name);
    ScheduleRow {
        schedule: name,
        bot: schedule.as_ref().map(|one| one.bot.clone()).unwrap_or_default(),
        cron: schedule.as_ref().and_then(|one| Some(one.cron.as_ref()?.source().to_owned())).unwrap_or_default(),
        start_on: [
            on(triggers.map(|it| it.queue.is_some()), "queue"),
            on(triggers.map(|it| it.after.is_some()), "after"),
            on(triggers.map(|it| it.http.is_some()), "http"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        next: schedule.and_then(|one| one.next_start(now)).map(|next| next.local.format("%Y-%m-%d %H:%M").to_string()),
        last,
        last_result,
        last_reason: last_reason.flatten(),
        paused,
        problem,
    }
}
