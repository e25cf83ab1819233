//! `kollega schedules`: what is scheduled and when it starts next, and what a person does to a schedule.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store};
use crate::config::Config;
use crate::schedule::{Coming, Schedule, preview};
use crate::scheduler;

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
    /// Visa schemats kommande tider, med sommartid och helgdagar
    Preview(PreviewArguments),
}

#[derive(Debug, Args)]
struct PreviewArguments {
    /// Schemats namn
    #[arg(value_name = "SCHEMA")]
    name: String,
    /// Hur många starter
    #[arg(long, value_name = "ANTAL", default_value_t = 20)]
    count: usize,
    /// Från denna tid i stället för från nu, som 2026-12-20T00:00:00Z
    #[arg(long, value_name = "TID")]
    from: Option<chrono::DateTime<chrono::Utc>>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        None => list(config, arguments.format).await,
        Some(Act::Preview(arguments)) => show_preview(config, &arguments),
    }
}

/// The schedule of this name, as it stands in its file.
fn load(config: &Config, name: &str) -> anyhow::Result<Schedule> {
    let file: PathBuf = scheduler::file(config, name);
    if !file.is_file() {
        return Err(Invalid(format!("schemat {name} finns inte: se `kollega schedules`")).into());
    }
    scheduler::read(config, &file, chrono::Utc::now()).map_err(|why| {
        Invalid(format!("schemat {name} kan inte läsas: {why}; kör `kollega check {}`", file.display())).into()
    })
}

fn show_preview(config: &Config, arguments: &PreviewArguments) -> anyhow::Result<ExitCode> {
    let schedule = load(config, &arguments.name)?;
    let from = arguments.from.unwrap_or_else(chrono::Utc::now);
    let coming = preview(&schedule, from, arguments.count);
    let columns = &[Column::Text("Tid"), Column::Text("Från UTC"), Column::Text("Startar"), Column::Text("Anmärkning")];
    let empty = match schedule.cron {
        Some(_) => "Schemat startar aldrig mer: den sista tiden har passerat.",
        None => "Schemat har inga tider: det startas av det som står under start_on.",
    };
    Table { columns, records: &coming, empty }.print(arguments.format, |one: &Coming| {
        let starts = if one.starts { "ja" } else { "nej" };
        vec![weekday(&one.local), one.offset.clone(), starts.to_owned(), one.note.clone()]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A time on the wall with its Swedish weekday: `tis 2026-12-22 06:00`.
fn weekday(local: &str) -> String {
    let Ok(time) = local.parse::<chrono::NaiveDateTime>() else { return local.to_owned() };
    let day = ["mån", "tis", "ons", "tor", "fre", "lör", "sön"]
        [chrono::Datelike::weekday(&time).num_days_from_monday() as usize];
    let seconds = if time.and_utc().timestamp() % 60 == 0 { "%H:%M" } else { "%H:%M:%S" };
    format!("{day} {} {}", time.format("%Y-%m-%d"), time.format(seconds))
}

#[derive(Serialize)]
struct ScheduleRow {
    schedule: String,
    bot: String,
    cron: String,
    next: Option<String>,
    last: Option<String>,
    last_result: Option<String>,
    problem: Option<String>,
}

async fn list(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = store.now().await?;
    let mut rows = Vec::new();
    for file in scheduler::files(config) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let last = store.firings(&name, 1).await?.pop();
        let (last_result, last) = last.map(|firing| (firing.result, firing.nominal)).unzip();
        let read = scheduler::read(config, &file, now);
        let (schedule, problem) = (read.as_ref().ok(), read.as_ref().err().cloned());
        rows.push(ScheduleRow {
            bot: schedule.map(|one| one.bot.clone()).unwrap_or_default(),
            cron: schedule.and_then(|one| Some(one.cron.as_ref()?.source().to_owned())).unwrap_or_default(),
            next: schedule
                .and_then(|one| one.next_start(now))
                .map(|next| next.local.format("%Y-%m-%d %H:%M").to_string()),
            schedule: name,
            last,
            last_result,
            problem,
        });
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
        let next = row.problem.as_ref().map_or_else(|| text(&row.next), |why| format!("fel: {why}"));
        vec![row.schedule.clone(), row.bot.clone(), row.cron.clone(), next, text(&row.last), text(&row.last_result)]
    })?;
    Ok(ExitCode::SUCCESS)
}
