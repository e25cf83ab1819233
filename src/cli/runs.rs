//! `kollega runs`: the runs, newest first.

use std::process::ExitCode;

use clap::Args;

use super::{Column, Format, Table, open_store};
use crate::config::Config;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Bara körningar av den här roboten
    #[arg(long, value_name = "ROBOT")]
    bot: Option<String>,
    /// Högst så många
    #[arg(long, value_name = "ANTAL", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const COLUMNS: &[Column] = &[
    Column::Text("Körning"),
    Column::Text("Robot"),
    Column::Text("Läge"),
    Column::Text("Startad av"),
    Column::Text("Började"),
    Column::Text("Slutade"),
    Column::Text("Orsak"),
];

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runs = open_store(config).await?.runs(arguments.bot.as_deref(), arguments.limit).await?;
    let timezone = wording::timezone(config);
    let local = |time: &Option<String>| time.as_deref().map(|at| wording::local_time(at, timezone)).unwrap_or_default();
    let empty = "Inga körningar ännu. Starta en med `kollega run ROBOT`.";
    Table { columns: COLUMNS, records: &runs, empty }.print(arguments.format, |run| {
        vec![
            run.id.0.clone(),
            run.bot.clone(),
            wording::run_state(run.state).to_owned(),
            run.schedule.clone().unwrap_or_else(|| wording::trigger(&run.trigger).to_owned()),
            local(&run.started_at),
            local(&run.ended_at),
            run.reason.clone().unwrap_or_default(),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}
