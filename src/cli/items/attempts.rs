//! `kollega items attempts`: an item's attempts, one after the other. Why, in words, may be personal: the console shows it.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::super::{Column, Format, Table, open_store};
use super::order::named;
use crate::config::Config;
use crate::model::ItemState;
use crate::wording;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ärendets referens eller id
    #[arg(value_name = "ÄRENDE")]
    item: String,
    /// Bara den här robotens ärende
    #[arg(long, value_name = "ROBOT")]
    bot: Option<String>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    attempt: i64,
    began_at: String,
    ended_at: Option<String>,
    state: ItemState,
    stage: Option<String>,
    code: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column::Number("Försök"),
    Column::Text("Började"),
    Column::Text("Slutade"),
    Column::Text("Läge"),
    Column::Text("Etapp"),
    Column::Text("Kod"),
];

/// Carries the command out.
pub(super) async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let mut rows = Vec::new();
    for item in named(&store, &[arguments.item], arguments.bot.as_deref()).await? {
        for attempt in store.attempts(&item.id).await? {
            let crate::model::Attempt { attempt, began_at, ended_at, state, stage, code, .. } = attempt;
            rows.push(Row { attempt, began_at, ended_at: Some(ended_at), state, stage, code });
        }
        rows.push(Row {
            attempt: item.attempt,
            began_at: item.began_at.unwrap_or(item.created_at),
            ended_at: item.state.is_final().then_some(item.updated_at),
            state: item.state,
            stage: item.stage,
            code: item.code,
        });
    }
    let timezone = wording::timezone(config);
    Table { columns: COLUMNS, records: &rows, empty: "" }.print(arguments.format, |row| {
        vec![
            row.attempt.to_string(),
            wording::local_time(&row.began_at, timezone),
            row.ended_at.as_deref().map(|at| wording::local_time(at, timezone)).unwrap_or_default(),
            wording::item_state(row.state).to_owned(),
            row.stage.clone().unwrap_or_default(),
            row.code.clone().unwrap_or_default(),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}
