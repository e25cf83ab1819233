//! `kollega why`: why an item or a run waits, or why a schedule did not start its robot.

use std::process::ExitCode;

use clap::Args;

use super::{Column, Format, Invalid, Table, open_store, print, removed};
use crate::config::Config;
use crate::model::{Item, Run, RunId};
use crate::store::Store;
use crate::{why, wording};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Ärendets referens eller id, schemats namn, eller körningens id
    #[arg(value_name = "ÄRENDE|SCHEMA|KÖRNING")]
    what: String,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    match store.find_item(&arguments.what).await? {
        Some(found) => item(config, &store, &found, arguments.format).await?,
        None => match store.run(&RunId(arguments.what.clone())).await? {
            Some(found) => run_of(config, &store, &found, arguments.format).await?,
            None => schedule(config, &store, &arguments).await?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

async fn item(config: &Config, store: &Store, item: &Item, format: Format) -> anyhow::Result<()> {
    let why = why::item(store, config, item).await?;
    if format == Format::Json {
        print(&serde_json::to_string_pretty(&[why])?);
        return Ok(());
    }
    let since = wording::local_time(&why.since, wording::timezone(config));
    let stage = why.stage.as_deref().map(|stage| format!(", etapp {stage}")).unwrap_or_default();
    print(&format!("Ärende {}: {} sedan {since}{stage}.", why.reference, wording::item_state(item.state)));
    print(&why.because);
    print(&format!("Att göra: {}", why.next));
    Ok(())
}

async fn run_of(config: &Config, store: &Store, run: &Run, format: Format) -> anyhow::Result<()> {
    let why = why::run(store, config, run).await?;
    if format == Format::Json {
        print(&serde_json::to_string_pretty(&[why])?);
        return Ok(());
    }
    let since = wording::local_time(&why.since, wording::timezone(config));
    print(&format!("Körning {} av {}: {} sedan {since}.", why.run, why.bot, wording::run_state(run.state)));
    print(&why.because);
    print(&format!("Att göra: {}", why.next));
    Ok(())
}

/// Why the schedule does not start, and what became of its latest times.
async fn schedule(config: &Config, store: &Store, arguments: &Arguments) -> anyhow::Result<()> {
    let name = &arguments.what;
    let Some(why) = why::schedule(store, config, name).await? else {
        let none = format!("inget ärende och inget schema heter {name}: se `kollega items`");
        return Err(Invalid(removed(config, store, name).await?.unwrap_or(none)).into());
    };
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&[why])?);
        return Ok(());
    }
    print(&format!("Schema {name}: {}", why.because));
    print(&format!("Att göra: {}", why.next));
    print("");
    let columns = [Column::Text("Tidpunkt"), Column::Text("Resultat"), Column::Text("Varför"), Column::Text("Körning")];
    let empty = "Schemat har inte haft någon tidpunkt ännu.";
    let timezone = wording::timezone(config);
    Table { columns: &columns, records: &why.firings, empty }.print(arguments.format, |firing| {
        let time = match firing.trigger.as_str() {
            "schedule" => wording::wall_time(&firing.nominal),
            other => format!("{} ({})", wording::local_time(&firing.due_at, timezone), wording::trigger(other)),
        };
        vec![
            time,
            wording::firing(&firing.result).to_owned(),
            firing.reason.clone().unwrap_or_default(),
            firing.run.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]
    })
}
