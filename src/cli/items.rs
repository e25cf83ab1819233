//! `kollega items`: the items as a list that can be searched; and what can be done to them. Nothing personal is printed.

mod add;
mod attempts;
mod filter;
mod order;
mod remove;

use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{Column, Format, Table, open_store, print_error, sign_in};
use crate::config::Config;
use crate::model::{Item, ItemState};
use crate::store::ItemOrder;
use crate::wording;
pub(super) use add::{all_faults, read};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(flatten)]
    filter: filter::Filter,
    /// Vad listan sorteras efter
    #[arg(long, value_name = "VAD", default_value = "created")]
    sort: Sort,
    /// Störst, senast eller sist först
    #[arg(long)]
    descending: bool,
    /// Högst så många; 0 är alla
    #[arg(long, value_name = "ANTAL", default_value = "1000")]
    limit: u32,
    #[command(flatten)]
    who: sign_in::MaybeAs,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lägg till ärenden från en CSV-fil eller arbetsbok
    Add(add::Arguments),
    /// Visa ett ärendes försök: när, hur de slutade och varför
    Attempts(attempts::Arguments),
    /// Kör om avslutade ärenden i nya försök
    Rerun(order::Arguments),
    /// Lämna över ärenden till en person
    HandOver(order::Arguments),
    /// Avbryt ärenden
    Cancel(order::Arguments),
    /// Skjut upp ärenden till en tid
    Defer(order::Defer),
    /// Ge ärenden en annan prioritet
    Priority(order::Priority),
    /// Ta bort avslutade ärenden helt, med alla uppgifter
    Remove(remove::Arguments),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    /// När ärendet skapades
    Created,
    /// När det senast ändrades
    Updated,
    /// Prioritet
    Priority,
    /// Frist; de utan frist sist
    Deadline,
    /// Referens
    Reference,
    /// Läge
    State,
}

impl From<Sort> for ItemOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => Self::Created,
            Sort::Updated => Self::Updated,
            Sort::Priority => Self::Priority,
            Sort::Deadline => Self::Deadline,
            Sort::Reference => Self::Reference,
            Sort::State => Self::State,
        }
    }
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
    priority: i64,
    not_before: Option<String>,
    due_at: Option<String>,
    deadline_at: Option<String>,
    overdue: bool,
    created_at: String,
    updated_at: String,
    #[serde(skip)]
    state_text: &'static str,
}

const COLUMNS: [Column; 10] = [
    Column::Text("Ärende"),
    Column::Text("Robot"),
    Column::Text("Läge"),
    Column::Text("Etapp"),
    Column::Text("Kod"),
    Column::Number("Försök"),
    Column::Text("Skapat"),
    Column::Text("Ändrat"),
    Column::Number("Prioritet"),
    Column::Text("Frist"),
];
/// How many of them are shown where no item has a priority or a deadline.
const WITHOUT: usize = 8;

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        None => list(config, arguments).await,
        Some(Command::Add(arguments)) => Box::pin(add::run(config, arguments)).await,
        Some(Command::Attempts(arguments)) => attempts::run(config, arguments).await,
        Some(Command::Rerun(arguments)) => order::rerun(config, arguments).await,
        Some(Command::HandOver(arguments)) => order::hand_over(config, arguments).await,
        Some(Command::Cancel(arguments)) => order::cancel(config, arguments).await,
        Some(Command::Defer(arguments)) => order::defer(config, arguments).await,
        Some(Command::Priority(arguments)) => order::priority(config, arguments).await,
        Some(Command::Remove(arguments)) => remove::run(config, arguments).await,
    }
}

async fn list(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let user = arguments.who.sign_in(&store).await?;
    let filtered = arguments.filter.is_something();
    let mut search = arguments.filter.search(config, &store, user.as_ref()).await?;
    search.filter.order = arguments.sort.into();
    search.filter.descending = arguments.descending;
    let all = arguments.limit == 0;
    // One more than is shown tells whether there are more.
    search.filter.limit = if all { i64::MAX } else { i64::from(arguments.limit) + 1 };
    let mut items = search.items(&store, user.as_ref()).await?;
    let limit = usize::try_from(arguments.limit)?;
    if !all && items.len() > limit {
        items.truncate(limit);
        print_error(&format!("obs: bara de {limit} första visas; se fler med --limit, eller begränsa urvalet"));
    }
    let now = store.now().await?;
    let records: Vec<Row> = items.into_iter().map(|item| row(item, now)).collect();
    let timezone = wording::timezone(config);
    let empty = if filtered {
        "Inga ärenden passar urvalet."
    } else {
        "Inga ärenden ännu. De kommer när en robot har hämtat arbete: starta en med `kollega run ROBOT`."
    };
    // The two columns that most do without are there when any item has something in them.
    let ordered = records.iter().any(|row| row.deadline_at.is_some() || row.priority != 0);
    let columns = if ordered { &COLUMNS[..] } else { &COLUMNS[..WITHOUT] };
    Table { columns, records: &records, empty }.print(arguments.format, |row| {
        let mut cells = vec![
            row.reference.clone(),
            row.bot.clone(),
            row.state_text.to_owned(),
            row.stage.clone().unwrap_or_default(),
            row.code.clone().unwrap_or_default(),
            row.attempt.to_string(),
            wording::local_time(&row.created_at, timezone),
            wording::local_time(&row.updated_at, timezone),
        ];
        if ordered {
            let late = if row.overdue { " försenat" } else { "" };
            let deadline = row.deadline_at.as_deref().map(|at| wording::local_time(at, timezone));
            cells.extend([row.priority.to_string(), format!("{}{late}", deadline.unwrap_or_default())]);
        }
        cells
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(item: Item, now: chrono::DateTime<chrono::Utc>) -> Row {
    Row {
        overdue: item.is_overdue(now),
        id: item.id.0,
        bot: item.bot,
        reference: item.reference,
        run: item.run.0,
        state: item.state.as_str(),
        stage: item.stage,
        code: item.code,
        attempt: item.attempt,
        tries: item.tries,
        priority: item.priority,
        not_before: item.not_before,
        due_at: item.due_at,
        deadline_at: item.deadline_at,
        created_at: item.created_at,
        updated_at: item.updated_at,
        state_text: wording::item_state(item.state),
    }
}
