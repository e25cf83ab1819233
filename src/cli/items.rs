//! `kollega items`: the items, oldest first. Nothing personal.

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde::Serialize;

use super::{Column, Format, Table, open_store};
use crate::config::Config;
use crate::model::{Item, ItemState};
use crate::store::ItemFilter;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Bara ärenden i det här läget
    #[arg(long, value_name = "LÄGE", value_parser = state())]
    state: Option<ItemState>,
    /// Bara den här robotens ärenden
    #[arg(long, value_name = "ROBOT")]
    bot: Option<String>,
    /// Bara ärenden vars referens innehåller detta
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

fn state() -> impl TypedValueParser<Value = ItemState> {
    PossibleValuesParser::new(ItemState::ALL.iter().map(|state| state.as_str())).try_map(ItemState::try_from)
}

/// An item as a row: never its fields, never the reason.
#[derive(Serialize)]
struct Row {
    id: String,
    bot: String,
    reference: String,
    run: String,
    state: &'static str,
    stage: Option<String>,
    code: Option<String>,
    attempt: i64,
    tries: i64,
    not_before: Option<String>,
    due_at: Option<String>,
    created_at: String,
    updated_at: String,
    #[serde(skip)]
    state_text: &'static str,
}

const COLUMNS: &[Column] = &[
    Column::Text("Ärende"),
    Column::Text("Robot"),
    Column::Text("Läge"),
    Column::Text("Etapp"),
    Column::Text("Kod"),
    Column::Number("Försök"),
    Column::Text("Skapat"),
    Column::Text("Ändrat"),
];

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let filtered = arguments.state.is_some() || arguments.bot.is_some() || arguments.reference.is_some();
    let filter = ItemFilter {
        bot: arguments.bot,
        state: arguments.state,
        reference: arguments.reference,
        run: None,
        limit: i64::MAX,
    };
    let records: Vec<Row> = open_store(config).await?.items(&filter).await?.into_iter().map(row).collect();
    let timezone = wording::timezone(config);
    let empty = if filtered {
        "Inga ärenden passar urvalet."
    } else {
        "Inga ärenden ännu. De kommer när en robot har hämtat arbete: starta en med `kollega run ROBOT`."
    };
    Table { columns: COLUMNS, records: &records, empty }.print(arguments.format, |row| {
        vec![
            row.reference.clone(),
            row.bot.clone(),
            row.state_text.to_owned(),
            row.stage.clone().unwrap_or_default(),
            row.code.clone().unwrap_or_default(),
            row.attempt.to_string(),
            wording::local_time(&row.created_at, timezone),
            wording::local_time(&row.updated_at, timezone),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(item: Item) -> Row {
    Row {
        id: item.id.0,
        bot: item.bot,
        reference: item.reference,
        run: item.run.0,
        state: item.state.as_str(),
        stage: item.stage,
        code: item.code,
        attempt: item.attempt,
        tries: item.tries,
        not_before: item.not_before,
        due_at: item.due_at,
        created_at: item.created_at,
        updated_at: item.updated_at,
        state_text: wording::item_state(item.state),
    }
}
