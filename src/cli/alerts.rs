//! `kollega alerts`: what is wrong now and what has been; `test` sends a trial to everybody who is told.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Column, Format, Invalid, Table, open_store, print};
use crate::app::App;
use crate::config::Config;
use crate::{alert, wording};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Högst så många, de som inte är över först
    #[arg(long, value_name = "ANTAL", default_value = "50")]
    limit: i64,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Skicka ett prov till alla som får larm, och säg hur det gick
    Test(Test),
}

#[derive(Debug, Args)]
struct Test {
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.action {
        Some(Action::Test(test)) => try_channels(config, test.format).await,
        None => show(config, &arguments).await,
    }
}

async fn show(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let alerts = store.alerts(arguments.limit).await?;
    let timezone = wording::timezone(config);
    let columns = [
        Column::Text("Larm"),
        Column::Text("Om"),
        Column::Number("Antal"),
        Column::Text("Sedan"),
        Column::Text("Över"),
        Column::Text("Meddelat"),
    ];
    let empty = "Inga larm: ingenting är fel, och ingenting har varit det.";
    Table { columns: &columns, records: &alerts, empty }.print(arguments.format, |alert| {
        let time = |time: &Option<String>| time.as_deref().map(|at| wording::local_time(at, timezone));
        vec![
            wording::alert(alert.kind).to_owned(),
            alert.subject.clone(),
            alert.count.to_string(),
            wording::local_time(&alert.since, timezone),
            time(&alert.closed_at).unwrap_or_default(),
            time(&alert.told_at).unwrap_or_else(|| "inte ännu".to_owned()),
        ]
    })?;
    if arguments.format == Format::Table {
        for message in store.alert_messages(20).await?.iter().filter(|message| message.state != "sent") {
            let error = message.error.as_deref().unwrap_or("skickas strax");
            let given_up = if message.state == "given_up" { " Det prövas inte igen." } else { "" };
            print(&format!("Ett meddelande ({}) har inte gått fram: {error}.{given_up}", message.channel));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn try_channels(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let app = App::open(config.clone()).await?;
    let tried = alert::try_channels(&app).await?;
    if tried.is_empty() {
        let told = "ingen får larm: ange mail eller webhook under [alerts] i kollega.toml, eller alert i ett schema";
        return Err(Invalid(told.into()).into());
    }
    let columns = [Column::Text("Sätt"), Column::Text("Till"), Column::Text("Hur det gick")];
    Table { columns: &columns, records: &tried, empty: "" }.print(format, |one| {
        let went = one.error.as_ref().map_or_else(|| "skickat".to_owned(), |error| format!("gick inte: {error}"));
        vec![one.channel.to_owned(), one.target.clone(), went]
    })?;
    Ok(ExitCode::from(u8::from(tried.iter().any(|one| one.error.is_some()))))
}
