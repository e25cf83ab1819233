//! `kollega run BOT`: one run now, by hand; with items given, only those.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use super::{Column, Format, Invalid, Table, print};
use crate::app::App;
use crate::bot::Bot;
use crate::config::Config;
use crate::model::{ItemState, RunId};
use crate::runner::{Worker, WorkerOptions, from_plain};
use crate::store::{Enqueued, ItemFilter, NewRun};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Robotens namn: mappen under bots/
    #[arg(value_name = "ROBOT")]
    bot: String,
    /// Ett ärende som JSON, i stället för att samla in
    #[arg(long, value_name = "JSON", conflicts_with = "items")]
    item: Option<String>,
    /// Ärenden från en CSV-fil med rubrikrad, i stället för att samla in
    #[arg(long, value_name = "FIL")]
    items: Option<PathBuf>,
    /// Visa webbläsaren på skärmen
    #[arg(long)]
    headed: bool,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const COLUMNS: &[Column] = &[Column::Text("Ärende"), Column::Text("Läge"), Column::Text("Kod")];

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let bot = load(config, &arguments.bot)?;
    let given = given(&arguments)?;
    let records = records(&bot, &given)?;
    let app = Arc::new(App::open(config.clone()).await?);
    let (trigger, actor) = ("hand".to_owned(), "person:cli".to_owned());
    let new = NewRun {
        bot: bot.bot.value.clone(),
        version: bot.version.clone(),
        trigger,
        schedule: None,
        nominal: None,
        pool: bot.pool().to_owned(),
        actor,
    };
    let run =
        if given.is_empty() { app.store.queue_run(&new).await? } else { app.store.queue_collected_run(&new).await? };
    for (reference, fields) in &records {
        if let Enqueued::Known(_) = app.store.enqueue(&run, &bot.bot.value, reference, fields).await? {
            super::print_error(&format!(
                "obs: {reference} fanns redan och läggs inte till igen; se `kollega why {reference}`"
            ));
        }
    }
    // Whoever starts it by hand here wants it done here, whatever pools this machine works for otherwise.
    let pools = vec![bot.pool().to_owned()];
    let options = WorkerOptions { headed: arguments.headed, until_done: true, pools, ..WorkerOptions::named() };
    Worker::start(Arc::clone(&app), options).await?.work().await?;
    tell(&app, &run, arguments.format).await
}

fn load(config: &Config, name: &str) -> anyhow::Result<Bot> {
    let file = config.bot_file(name);
    Bot::load(&file).map_err(|problems| {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        let text: Vec<String> = problems.iter().map(|problem| problem.render(&source)).collect();
        Invalid(format!("roboten {name} kan inte läsas\n{}", text.join("\n"))).into()
    })
}

/// The items as plain JSON objects.
fn given(arguments: &Arguments) -> anyhow::Result<Vec<Value>> {
    if let Some(text) = &arguments.item {
        let item = serde_json::from_str(text).map_err(|error| Invalid(format!("--item är inte rätt JSON: {error}")))?;
        return Ok(vec![item]);
    }
    match &arguments.items {
        Some(file) => from_csv(file),
        None => Ok(Vec::new()),
    }
}

fn from_csv(file: &Path) -> anyhow::Result<Vec<Value>> {
    let wrong = |error: &dyn std::fmt::Display| Invalid(format!("{} kan inte läsas: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let separator = if text.lines().next().unwrap_or_default().contains(';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut items = Vec::new();
    for row in reader.deserialize::<std::collections::BTreeMap<String, String>>() {
        let row = row.map_err(|error| wrong(&error))?;
        let filled = row.into_iter().filter(|(_, value)| !value.trim().is_empty());
        items.push(Value::Object(filled.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>()));
    }
    Ok(items)
}

/// Every item's reference and record; all of them right, or nothing is done.
fn records(bot: &Bot, given: &[Value]) -> anyhow::Result<Vec<(String, Value)>> {
    let mut records = Vec::new();
    let mut wrong = Vec::new();
    for (place, plain) in given.iter().enumerate() {
        let reference = plain[&bot.item.reference.value].as_str().map(str::to_owned);
        match (reference, from_plain(&bot.item.fields, plain)) {
            (Some(reference), Ok(record)) => records.push((reference, record.store())),
            (None, Ok(_)) => wrong.push(format!("ärende {}: fältet `{}` saknas", place + 1, bot.item.reference.value)),
            (_, Err(why)) => wrong.push(format!("ärende {}: {why}", place + 1)),
        }
    }
    if wrong.is_empty() {
        Ok(records)
    } else {
        Err(Invalid(format!("inget lades till:\n  {}", wrong.join("\n  "))).into())
    }
}

async fn tell(app: &App, run: &RunId, format: Format) -> anyhow::Result<ExitCode> {
    #[derive(serde::Serialize)]
    struct Row {
        reference: String,
        state: ItemState,
        code: Option<String>,
    }
    let items = app.store.items(&ItemFilter { run: Some(run.clone()), ..ItemFilter::default() }).await?;
    let rows: Vec<Row> =
        items.into_iter().map(|item| Row { reference: item.reference, state: item.state, code: item.code }).collect();
    let failed = rows.iter().any(|row| matches!(row.state, ItemState::Failed | ItemState::Uncertain));
    Table { columns: COLUMNS, records: &rows, empty: "Inga nya ärenden." }.print(format, |row| {
        vec![row.reference.clone(), wording::item_state(row.state).to_owned(), row.code.clone().unwrap_or_default()]
    })?;
    let ended = app.store.run(run).await?;
    if let Some(reason) = ended.and_then(|run| run.reason) {
        print(&format!("Körningen misslyckades: {reason}"));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::from(u8::from(failed)))
}
