//! `kollega schedules|bots|systems`: what is configured here.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Column, Format, Table, open_store};
use crate::bot::{Bot, System};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
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

/// Carries out `schedules`.
pub async fn schedules(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = store.now().await?;
    let mut rows = Vec::new();
    for file in crate::scheduler::files(config) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let last = store.firings(&name, 1).await?.pop();
        let (last_result, last) = last.map(|firing| (firing.result, firing.nominal)).unzip();
        let read = crate::scheduler::read(&file, now);
        let (schedule, problem) = (read.as_ref().ok(), read.as_ref().err().cloned());
        rows.push(ScheduleRow {
            bot: schedule.map(|one| one.bot.clone()).unwrap_or_default(),
            cron: schedule.map(|one| one.cron.source().to_owned()).unwrap_or_default(),
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
    Table { columns, records: &rows, empty }.print(arguments.format, |row| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let next = row.problem.as_ref().map_or_else(|| text(&row.next), |why| format!("fel: {why}"));
        vec![row.schedule.clone(), row.bot.clone(), row.cron.clone(), next, text(&row.last), text(&row.last_result)]
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct BotRow {
    bot: String,
    title: String,
    owner: String,
    stages: usize,
    version: String,
    problem: Option<String>,
}

/// Carries out `bots`.
pub fn bots(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folders = std::fs::read_dir(config.path(&config.bots)).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| config.bot_file(name).is_file());
    names.sort();
    let rows: Vec<BotRow> = names.into_iter().map(|name| bot_row(config, name)).collect();
    let columns = &[
        Column::Text("Robot"),
        Column::Text("Titel"),
        Column::Text("Ägare"),
        Column::Number("Etapper"),
        Column::Text("Version"),
    ];
    let empty = "Inga robotar. Lägg en i bots/<namn>/bot.yaml.";
    Table { columns, records: &rows, empty }.print(arguments.format, |row| {
        let title = row.problem.as_ref().map_or_else(|| row.title.clone(), |why| format!("fel: {why}"));
        let version = row.version.chars().take(12).collect();
        vec![row.bot.clone(), title, row.owner.clone(), row.stages.to_string(), version]
    })?;
    Ok(ExitCode::SUCCESS)
}

fn bot_row(config: &Config, name: String) -> BotRow {
    match Bot::load(&config.bot_file(&name)) {
        Ok(bot) => BotRow {
            bot: name,
            title: bot.title,
            owner: bot.owner,
            stages: bot.stages.len(),
            version: bot.version,
            problem: None,
        },
        Err(problems) => BotRow {
            bot: name,
            title: String::new(),
            owner: String::new(),
            stages: 0,
            version: String::new(),
            problem: problems.first().map(ToString::to_string),
        },
    }
}

#[derive(Serialize)]
struct SystemRow {
    system: String,
    title: String,
    url: String,
    timeout_s: u64,
    settle_s: u64,
    problem: Option<String>,
}

/// Carries out `systems`.
pub fn systems(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let rows: Vec<SystemRow> = config
        .systems
        .iter()
        .map(|(name, own)| {
            let file = System::load(&config.system_file(name));
            SystemRow {
                system: name.clone(),
                title: file.as_ref().ok().and_then(|file| file.title.clone()).unwrap_or_default(),
                url: own.url.clone(),
                timeout_s: own.timeout.as_secs(),
                settle_s: own.settle.as_secs(),
                problem: file.err().and_then(|problems| problems.first().map(ToString::to_string)),
            }
        })
        .collect();
    let columns = &[
        Column::Text("System"),
        Column::Text("Titel"),
        Column::Text("Adress"),
        Column::Number("Tidsgräns (s)"),
        Column::Number("Lugn tid (s)"),
    ];
    let empty = "Inga system. Lägg till [systems.<namn>] med url i kollega.toml.";
    Table { columns, records: &rows, empty }.print(arguments.format, |row| {
        let title = row.problem.as_ref().map_or_else(|| row.title.clone(), |why| format!("fel: {why}"));
        vec![row.system.clone(), title, row.url.clone(), row.timeout_s.to_string(), row.settle_s.to_string()]
    })?;
    Ok(ExitCode::SUCCESS)
}
