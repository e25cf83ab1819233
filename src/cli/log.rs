//! `kollega log`: what has happened to a run or an item, and with `--follow` what happens.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Column, Format, Invalid, Table, open_store, print};
use crate::config::Config;
use crate::model::{EventKind, ItemId, LoggedEvent, RunId, RunState};
use crate::screenshots::Screenshots;
use crate::store::Store;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Körningens id, eller ärendets referens eller id
    #[arg(value_name = "KÖRNING|ÄRENDE")]
    what: String,
    /// Fortsätt att visa händelser tills körningen eller ärendet är slut
    #[arg(long, conflicts_with = "format")]
    follow: bool,
    /// Hur loggen skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// How often the store is asked for news: it cannot tell another process by itself.
const NEWS: Duration = Duration::from_millis(500);

const COLUMNS: &[Column] = &[
    Column::Text("Tid"),
    Column::Text("Händelse"),
    Column::Text("Etapp"),
    Column::Text("Steg"),
    Column::Text("Vem"),
    Column::Number("ms"),
    Column::Text("Detalj"),
];

enum Subject {
    Run(RunId),
    Item(ItemId),
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let subject = find(config, &store, &arguments.what).await?;
    if arguments.follow {
        follow(config, &store, &subject).await?;
    } else {
        let records = events(&store, &subject).await?;
        let empty = "Inget har hänt ännu.";
        Table { columns: COLUMNS, records: &records, empty }.print(arguments.format, |event| cells(config, event))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(config: &Config, store: &Store, what: &str) -> anyhow::Result<Subject> {
    if let Some(run) = store.run(&RunId(what.to_owned())).await? {
        return Ok(Subject::Run(run.id));
    }
    if let Some(item) = store.find_item(what).await? {
        return Ok(Subject::Item(item.id));
    }
    let none = format!("ingen körning och inget ärende heter {what}: se `kollega runs` och `kollega items`");
    Err(Invalid(super::removed(config, store, what).await?.unwrap_or(none)).into())
}

async fn events(store: &Store, subject: &Subject) -> anyhow::Result<Vec<LoggedEvent>> {
    Ok(match subject {
        Subject::Run(run) => store.run_events(run).await?,
        Subject::Item(item) => store.item_events(item).await?,
    })
}

async fn follow(config: &Config, store: &Store, subject: &Subject) -> anyhow::Result<()> {
    let mut shown = HashSet::new();
    let mut news = tokio::time::interval(NEWS);
    loop {
        news.tick().await;
        // Asked first: what comes between the two is shown the next time.
        let ended = ended(store, subject).await?;
        let mut rows = Vec::new();
        for event in events(store, subject).await? {
            if shown.insert(event.id.clone()) {
                rows.push(cells(config, &event));
            }
        }
        for row in rows {
            print(&line(&row));
        }
        if ended {
            return Ok(());
        }
    }
}

/// One event without alignment: what comes later is not known.
fn line(cells: &[String]) -> String {
    cells.iter().filter(|cell| !cell.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ")
}

async fn ended(store: &Store, subject: &Subject) -> anyhow::Result<bool> {
    Ok(match subject {
        Subject::Run(run) => {
            let now = store.run(run).await?;
            now.is_none_or(|run| matches!(run.state, RunState::Done | RunState::Failed | RunState::Stopped))
        }
        Subject::Item(item) => store.find_item(&item.0).await?.is_none_or(|item| item.state.is_final()),
    })
}

/// What is to be said about an event, and of a picture that it is no longer there.
fn detail(config: &Config, event: &LoggedEvent) -> String {
    let text = event.detail.as_deref().map(|json| wording::detail(json, wording::timezone(config))).unwrap_or_default();
    let parts = event.detail.as_deref().filter(|_| event.kind == EventKind::Screenshot.as_str());
    let parts: Option<serde_json::Value> = parts.and_then(|json| serde_json::from_str(json).ok());
    match parts.as_ref().and_then(|parts| parts["file"].as_str()) {
        Some(name) if Screenshots::of(&config.data()).find(name).is_none() => {
            format!("{text} (bilden är borttagen eller ligger på en annan dator)")
        }
        _ => text,
    }
}

fn cells(config: &Config, event: &LoggedEvent) -> Vec<String> {
    vec![
        wording::local_seconds(&event.at, wording::timezone(config)),
        wording::event(&event.kind).to_owned(),
        event.stage.clone().unwrap_or_default(),
        event.step.clone().unwrap_or_default(),
        wording::actor(&event.actor),
        event.duration_ms.map(|duration| duration.to_string()).unwrap_or_default(),
        detail(config, event),
    ]
}
