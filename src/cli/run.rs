//! `kollega run BOT`: one run now, by hand; with items given, only those.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::{Column, Format, Invalid, Progress, Table, items, load_bot, print, print_error, serve};
use crate::app::App;
use crate::bot::Bot;
use crate::config::Config;
use crate::model::{ItemState, RunId, RunState, reference_fault};
use crate::rulebook;
use crate::runner::{Worker, WorkerOptions, from_plain};
use crate::store::{Enqueued, ItemFilter, NewItem, NewRun, Whose};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Robotens namn: mappen under bots/
    #[arg(value_name = "ROBOT")]
    bot: String,
    /// Ett ärende som JSON, i stället för att samla in
    #[arg(long, value_name = "JSON", conflicts_with = "items")]
    item: Option<String>,
    /// Ärenden från en CSV-fil eller arbetsbok med rubrikrad, i stället för att samla in
    #[arg(long, value_name = "FIL")]
    items: Option<PathBuf>,
    /// Visa webbläsaren på skärmen
    #[arg(long)]
    headed: bool,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// The exit code of a run that was left before its end.
const NOT_DONE: u8 = 3;

const COLUMNS: &[Column] = &[Column::Text("Ärende"), Column::Text("Läge"), Column::Text("Kod")];

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let bot = load_bot(config, &arguments.bot)?;
    let given = given(&bot, &arguments)?;
    // Nothing is begun that a rule book can't answer.
    for name in rulebook::names_of(&bot) {
        rulebook::current(config, name).map_err(|why| Invalid(format!("{why}; se `kollega rules check {name}`")))?;
    }
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
        if given.is_none() { app.store.queue_run(&new).await? } else { app.store.queue_collected_run(&new).await? };
    let deadline = bot.item.deadline.as_ref().map(|deadline| deadline.value.as_str());
    let now = app.store.now().await?;
    let deadline_at = deadline.map(|text| crate::deadline::parse(text, now, config)).transpose().map_err(Invalid)?;
    for (reference, fields) in given.iter().flatten() {
        let new = NewItem { deadline_at, ..NewItem::new(&bot.bot.value, reference, fields) };
        match app.store.enqueue_item(&run, &new).await? {
            Enqueued::New(_) => {}
            Enqueued::Known(_) => print_error(&format!(
                "obs: {reference} fanns redan och läggs inte till igen; se `kollega why {reference}`"
            )),
            Enqueued::Removed => {
                print_error(&format!("obs: {reference} har funnits och tagits bort, och läggs inte till igen"));
            }
        }
    }
    say_what_is_not_approved(&app, &bot).await?;
    // Whoever starts it by hand here wants it done here, whatever pools this machine works for otherwise.
    let pools = vec![bot.pool().to_owned()];
    let options = WorkerOptions {
        headed: arguments.headed,
        until_done: true,
        run: Some(run.clone()),
        pools,
        ..WorkerOptions::named()
    };
    let worker = Worker::start(Arc::clone(&app), options).await?;
    let signal = tokio::spawn(serve::end_at_signals(Arc::clone(&worker)));
    tokio::select! {
        worked = worker.work() => worked?,
        () = show_progress(&app, &run) => {}
    }
    signal.abort();
    serve::tell_what_waits(&app.config, &worker).await?;
    tell(&app, &run, arguments.format).await
}

/// Says every now and then how far the run has come, and which systems it waits for; never ends.
async fn show_progress(app: &App, run: &RunId) {
    let progress = Progress::begin();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if !progress.is_due() {
            continue;
        }
        // What can't be read now is read next time.
        let (Ok(counts), Ok(circuits), Ok(waits)) = (
            app.store.item_counts(Some(run)).await,
            app.store.open_circuits().await,
            app.store.waits(Whose::Run(run), true).await,
        ) else {
            continue;
        };
        let mut told: Vec<String> =
            counts.iter().map(|one| format!("{} {}", ItemState::stored_in_words(&one.state), one.count)).collect();
        let timezone = wording::timezone(&app.config);
        told.extend(
            circuits
                .iter()
                .map(|one| format!("kretsbrytaren för {} är {}", one.system, wording::circuit(one, timezone))),
        );
        told.extend(waits.map(|waits| {
            let others = if waits.count > 1 { format!(" och {} till", waits.count - 1) } else { String::new() };
            format!("väntar på {}{others} till {}", waits.reference, wording::local_seconds(&waits.first, timezone))
        }));
        if !told.is_empty() {
            progress.say(|| told.join(", "));
        }
    }
}

/// Says which rule books will answer by files that nobody has approved.
async fn say_what_is_not_approved(app: &App, bot: &Bot) -> anyhow::Result<()> {
    for name in rulebook::names_of(bot) {
        let Ok(book) = rulebook::current(&app.config, name) else { continue };
        let known = app.store.rulebook(book.name(), book.sha256()).await?;
        if known.is_none_or(|version| version.approved_at.is_none()) {
            print_error(&format!(
                "obs: regelboken {name} {} ({}) är inte godkänd; förslagen märks så. Scheman använder bara godkända versioner.",
                book.version(),
                rulebook::short(book.sha256())
            ));
        }
    }
    Ok(())
}

/// The items given: every one's reference and record; all of them right, or nothing is done.
fn given(bot: &Bot, arguments: &Arguments) -> anyhow::Result<Option<Vec<(String, Value)>>> {
    if let Some(text) = &arguments.item {
        let told = |error| format!("--item är inte rätt JSON: {}", decision::strict_json::in_swedish(&error));
        let item = serde_json::from_str(text).map_err(|error| Invalid(told(error)))?;
        return Ok(Some(vec![record(bot, &item)?]));
    }
    let Some(file) = &arguments.items else { return Ok(None) };
    let checked = items::read(bot, file, None)?;
    if checked.faults().next().is_some() {
        return Err(Invalid(items::all_faults(&checked)).into());
    }
    Ok(Some(checked.rows.into_iter().filter_map(|row| Some((row.reference?, row.fields))).collect()))
}

/// An item from plain JSON.
fn record(bot: &Bot, plain: &Value) -> anyhow::Result<(String, Value)> {
    let reference = plain[&bot.item.reference.value].as_str().map(str::to_owned);
    let wrong = match (reference, from_plain(&bot.item.fields, plain)) {
        (Some(reference), Ok(record)) => match reference_fault(&reference) {
            None => return Ok((reference, record.store())),
            Some(fault) => fault,
        },
        (None, Ok(_)) => format!("fältet `{}` saknas", bot.item.reference.value),
        (_, Err(why)) => why,
    };
    Err(Invalid(format!("inget lades till:\n  ärende 1: {wrong}")).into())
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
    if ended.as_ref().is_some_and(|run| matches!(run.state, RunState::Queued | RunState::Running)) {
        print_error("Körningen är inte klar: `kollega serve` eller `kollega worker` fortsätter den där den är.");
        return Ok(ExitCode::from(NOT_DONE));
    }
    if let Some(reason) = ended.and_then(|run| run.reason) {
        print(&format!("Körningen misslyckades: {reason}"));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::from(u8::from(failed)))
}
