//! `kollega bots`: the robots, and approving a version of one.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store, print, sign_in};
use crate::bot::Bot;
use crate::check::check_paths;
use crate::config::Config;
use crate::desk;
use crate::model::Script;
use crate::wording;

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
    /// Godkänn robotens skript som det står nu, för scheman med version: newest_approved
    Approve(ApproveArguments),
}

#[derive(Debug, Args)]
struct ApproveArguments {
    /// Robotens namn: mappen under bots/
    #[arg(value_name = "ROBOT")]
    bot: String,
    /// Vad som är nytt, eller vem som har granskat
    #[arg(long, value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    who: sign_in::As,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        None => list(config, arguments.format).await,
        Some(Act::Approve(arguments)) => approve(config, &arguments).await,
    }
}

async fn approve(config: &Config, arguments: &ApproveArguments) -> anyhow::Result<ExitCode> {
    let name = &arguments.bot;
    let file = config.bot_file(name);
    if !file.is_file() {
        return Err(Invalid(format!("roboten {name} finns inte: se `kollega bots`")).into());
    }
    let report = check_paths(std::slice::from_ref(&file), config);
    if !report.is_clean() {
        return Err(
            Invalid(format!("roboten {name} har fel och kan inte godkännas\n{}", report.render().trim_end())).into()
        );
    }
    let source = std::fs::read_to_string(&file).with_context(|| format!("{} kan inte läsas", file.display()))?;
    let Ok(bot) = Bot::read(&file, &source) else { bail!("roboten {name} ändrades just nu: försök igen") };
    let store = open_store(config).await?;
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    if !desk::may_approve(&user) {
        bail!("{} får inte godkänna robotar: det kräver rollen {}", user.name, wording::any_role(desk::APPROVERS));
    }
    store.approve(name, &bot.version, &source, &user.name, arguments.note.trim()).await?;
    print(&format!("Version {} av {name} är godkänd.", short(&bot.version)));
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct BotRow {
    bot: String,
    title: String,
    owner: String,
    stages: usize,
    version: String,
    /// What was approved last.
    approved: Option<Script>,
    problem: Option<String>,
}

async fn list(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let folders = std::fs::read_dir(config.path(&config.bots)).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| config.bot_file(name).is_file());
    names.sort();
    let mut rows = Vec::new();
    for name in names {
        let approved = store.newest_approved(&name).await?;
        rows.push(row(config, name, approved));
    }
    let columns = &[
        Column::Text("Robot"),
        Column::Text("Titel"),
        Column::Text("Ägare"),
        Column::Number("Etapper"),
        Column::Text("Version"),
        Column::Text("Godkänd"),
    ];
    let empty = "Inga robotar. Lägg en i bots/<namn>/bot.yaml.";
    Table { columns, records: &rows, empty }.print(format, |row| {
        let title = row.problem.as_ref().map_or_else(|| row.title.clone(), |why| format!("fel: {why}"));
        let approved = match &row.approved {
            Some(script) if script.version == row.version => "ja".to_owned(),
            Some(script) => short(&script.version),
            None => String::new(),
        };
        vec![row.bot.clone(), title, row.owner.clone(), row.stages.to_string(), short(&row.version), approved]
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(config: &Config, name: String, approved: Option<Script>) -> BotRow {
    match Bot::load(&config.bot_file(&name)) {
        Ok(bot) => BotRow {
            bot: name,
            title: bot.title,
            owner: bot.owner,
            stages: bot.stages.len(),
            version: bot.version,
            approved,
            problem: None,
        },
        Err(problems) => BotRow {
            bot: name,
            title: String::new(),
            owner: String::new(),
            stages: 0,
            version: String::new(),
            approved,
            problem: problems.first().map(ToString::to_string),
        },
    }
}

/// As much of a version as people need.
fn short(version: &str) -> String {
    version.chars().take(12).collect()
}
