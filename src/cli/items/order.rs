//! What a signed-in person does to items: those named, or those a filter lets through, after a look at them.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::super::{Column, Format, Invalid, Table, open_store, print_error, sign_in};
use super::filter::Filter;
use crate::config::Config;
use crate::model::{Item, User};
use crate::store::{Operation, Store};
use crate::{deadline, operate, wording};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ärendenas referenser eller id; utelämnade gäller urvalet av flaggorna
    #[arg(value_name = "ÄRENDE")]
    items: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// Gör det med ett urval; utan flaggan visas bara vad som skulle hända
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    reason: sign_in::Reason,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Defer {
    /// Till när: 4h, 2d, 2026-12-01, "2026-12-01 08:30", eller now för att inte vänta längre
    #[arg(long, value_name = "TID")]
    until: String,
    #[command(flatten)]
    all: Arguments,
}

#[derive(Debug, Args)]
pub(super) struct Priority {
    /// Den nya prioriteten: högre går före, 0 är den vanliga
    #[arg(long, value_name = "TAL", allow_hyphen_values = true)]
    to: i64,
    #[command(flatten)]
    all: Arguments,
}

/// Carries out `items rerun`.
pub(super) async fn rerun(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    run(config, &store, arguments, Operation::Rerun).await
}

/// Carries out `items hand-over`.
pub(super) async fn hand_over(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    run(config, &store, arguments, Operation::HandOver).await
}

/// Carries out `items cancel`.
pub(super) async fn cancel(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    run(config, &store, arguments, Operation::Cancel).await
}

/// Carries out `items defer`.
pub(super) async fn defer(config: &Config, arguments: Defer) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let until = deadline::until(&arguments.until, store.now().await?, config).map_err(Invalid)?;
    run(config, &store, arguments.all, Operation::Defer { until }).await
}

/// Carries out `items priority`.
pub(super) async fn priority(config: &Config, arguments: Priority) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    run(config, &store, arguments.all, Operation::Priority(arguments.to)).await
}

/// What became of one item, or would.
#[derive(Serialize)]
struct Row {
    /// None where no item has the reference, or several have.
    id: Option<String>,
    reference: String,
    bot: Option<String>,
    /// The state it had before.
    state: Option<&'static str>,
    /// `done`, `asked`, `refused`, `unknown`, or, when nothing has been done yet, `would`.
    result: &'static str,
    /// In Swedish.
    text: String,
    #[serde(skip)]
    state_text: &'static str,
}

const COLUMNS: &[Column] =
    &[Column::Text("Ärende"), Column::Text("Robot"), Column::Text("Läge"), Column::Text("Resultat")];
const BEFORE: &[Column] =
    &[Column::Text("Ärende"), Column::Text("Robot"), Column::Text("Läge"), Column::Text("Vad som skulle hända")];

async fn run(config: &Config, store: &Store, arguments: Arguments, operation: Operation) -> anyhow::Result<ExitCode> {
    let user = sign_in::sign_in(store, &arguments.who).await?;
    operate::admit(&user, operation)?;
    let by_filter = arguments.items.is_empty();
    let (items, unknown) = if by_filter {
        if !arguments.filter.is_something() {
            return Err(Invalid("ange ärenden, eller ett urval till exempel med --state".into()).into());
        }
        let mut search = arguments.filter.search(config, store, Some(&user)).await?;
        search.filter.limit = i64::MAX;
        (search.items(store, Some(&user)).await?, Vec::new())
    } else if arguments.filter.is_more_than_a_bot() {
        return Err(Invalid("ange antingen ärenden eller ett urval, inte båda".into()).into());
    } else {
        found(store, &arguments.items, arguments.filter.bot.as_deref()).await?
    };
    if items.is_empty() && !unknown.is_empty() {
        return Err(nothing(&unknown));
    }
    let act = !by_filter || arguments.yes;
    let reason = if act { arguments.reason.read()? } else { String::new() };
    let mut rows = Vec::new();
    for item in &items {
        rows.push(if act {
            one(store, item, &user, operation, &reason).await?
        } else {
            would(store, item, operation).await?
        });
    }
    for Unknown { name, why } in unknown {
        let (reference, text) = (name, format!("fel: {why}"));
        rows.push(Row { id: None, reference, bot: None, state: None, result: "unknown", text, state_text: "" });
    }
    let columns = if act { COLUMNS } else { BEFORE };
    Table { columns, records: &rows, empty: "Inga ärenden passar urvalet." }.print(arguments.format, |row| {
        vec![row.reference.clone(), row.bot.clone().unwrap_or_default(), row.state_text.to_owned(), row.text.clone()]
    })?;
    let refused = rows.iter().filter(|row| matches!(row.result, "refused" | "unknown")).count();
    if !act && !rows.is_empty() {
        let can = rows.len() - refused;
        print_error(&format!("Ingenting är gjort. {can} av {} kan göras: lägg till --yes.", rows.len()));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

async fn one(store: &Store, item: &Item, user: &User, operation: Operation, reason: &str) -> anyhow::Result<Row> {
    match operate::order(store, item, user, operation, reason).await {
        Ok(operated) => {
            let result = if operated == crate::store::Operated::Done { "done" } else { "asked" };
            Ok(row(item, result, operate::done(operation, operated).into()))
        }
        // What has gone or changed meanwhile is told of; the others are done all the same.
        Err(operate::Refused::Hindered(why)) => Ok(row(item, "refused", why.to_string())),
        Err(operate::Refused::Store(
            error @ (crate::store::Error::Missing(_) | crate::store::Error::NotAllowed { .. }),
        )) => Ok(row(item, "refused", error.to_string())),
        Err(operate::Refused::NoReason) => Err(Invalid(operate::Refused::NoReason.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

async fn would(store: &Store, item: &Item, operation: Operation) -> anyhow::Result<Row> {
    Ok(match store.hindrance(item, operation).await? {
        Some(why) => row(item, "refused", format!("kan inte: {why}")),
        None => row(item, "would", operate::will(operation).into()),
    })
}

fn row(item: &Item, result: &'static str, text: String) -> Row {
    Row {
        id: Some(item.id.0.clone()),
        reference: item.reference.clone(),
        bot: Some(item.bot.clone()),
        state: Some(item.state.as_str()),
        result,
        text,
        state_text: wording::item_state(item.state),
    }
}

/// A name that is not one item's.
struct Unknown {
    name: String,
    why: String,
}

/// The items of these names; every name must be one item's, or nothing is done.
pub(super) async fn named(store: &Store, names: &[String], bot: Option<&str>) -> anyhow::Result<Vec<Item>> {
    let (items, unknown) = found(store, names, bot).await?;
    if unknown.is_empty() { Ok(items) } else { Err(nothing(&unknown)) }
}

/// The items of these names, and the names that are not one item's.
async fn found(store: &Store, names: &[String], bot: Option<&str>) -> anyhow::Result<(Vec<Item>, Vec<Unknown>)> {
    let (mut items, mut unknown): (Vec<Item>, Vec<Unknown>) = (Vec::new(), Vec::new());
    for name in names {
        let mut found = store.items_named(name).await?;
        found.retain(|item| bot.is_none_or(|bot| item.bot == bot));
        let why = match found.len() {
            0 => format!("ärendet {name} finns inte: se `kollega items`"),
            1 => {
                let is_new = |item: &Item| items.iter().all(|known| known.id != item.id);
                let new: Vec<Item> = found.into_iter().filter(is_new).collect();
                items.extend(new);
                continue;
            }
            _ => format!("ärendet {name} finns hos flera robotar: ange --bot"),
        };
        unknown.push(Unknown { name: name.clone(), why });
    }
    Ok((items, unknown))
}

fn nothing(unknown: &[Unknown]) -> anyhow::Error {
    let told: Vec<&str> = unknown.iter().map(|one| one.why.as_str()).collect();
    Invalid(told.join("\n     ")).into()
}
