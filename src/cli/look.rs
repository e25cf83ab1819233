//! `kollega bots|systems`: what is configured here.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Column, Format, Table};
use crate::bot::{Bot, System};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
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
