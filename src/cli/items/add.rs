//! `kollega items add`: items from a file into the queue, every row checked first; all of them or each by itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::super::{Column, Format, Invalid, Progress, Table, load_bot, open_store, print, print_error};
use crate::bot::Bot;
use crate::config::Config;
use crate::deadline;
use crate::intake::{self, Checked, Fault};
use crate::store::{Enqueued, NewItem, NewRun, Store};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Robotens namn: mappen under bots/
    #[arg(value_name = "ROBOT")]
    bot: String,
    /// En CSV-fil eller arbetsbok (.xlsx, .xls, .ods) med fältens namn som rubriker
    #[arg(value_name = "FIL")]
    file: PathBuf,
    /// Är något fel läggs ingenting till; gäller om inget annat sägs
    #[arg(long, conflicts_with = "each")]
    all_or_nothing: bool,
    /// Varje rad för sig: de som är rätt läggs till, med ett resultat för varje rad
    #[arg(long)]
    each: bool,
    /// Arbetsbokens blad; annars det första
    #[arg(long, value_name = "BLAD")]
    sheet: Option<String>,
    /// Ärendenas prioritet: högre går före, 0 är den vanliga
    #[arg(long, value_name = "TAL", default_value = "0", allow_hyphen_values = true)]
    priority: i64,
    /// Ärendenas frist, i stället för robotens: "5 working days", 4h eller 2026-12-01
    #[arg(long, value_name = "FRIST")]
    deadline: Option<String>,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// What became of one row.
#[derive(Serialize)]
struct Told {
    row: usize,
    reference: Option<String>,
    /// `added`, `known`, `removed` or `wrong`.
    result: &'static str,
    faults: Vec<Fault>,
}

const COLUMNS: &[Column] =
    &[Column::Number("Rad"), Column::Text("Ärende"), Column::Text("Resultat"), Column::Text("Fel")];

/// Carries the command out.
pub(super) async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let bot = load_bot(config, &arguments.bot)?;
    let mut checked = read(&bot, &arguments.file, arguments.sheet.as_deref())?;
    let store = open_store(config).await?;
    let order = Order {
        priority: arguments.priority,
        deadline_at: deadline_of(config, &bot, arguments.deadline.as_deref(), store.now().await?)?,
    };
    check_size(&store, &bot, &mut checked);
    let wrong = checked.faults().count();
    if wrong > 0 && (!arguments.each || !checked.header.is_empty()) {
        return refuse(&checked, arguments.format);
    }
    let told = if arguments.each {
        each(&store, &bot, &checked, &order).await?
    } else {
        all(&store, &bot, &checked, &order).await?
    };
    tell(&told, arguments.each, arguments.format)?;
    Ok(ExitCode::from(u8::from(wrong > 0)))
}

/// The rows of a file, checked against the bot, with a line of progress for long ones.
pub(in crate::cli) fn read(bot: &Bot, file: &Path, sheet: Option<&str>) -> anyhow::Result<Checked> {
    let sheet = intake::read(file, sheet).map_err(|error| Invalid(error.to_string()))?;
    for note in &sheet.notes {
        print_error(&format!("obs: {note}"));
    }
    let progress = Progress::begin();
    Ok(intake::check(bot, &sheet, |done| progress.at("kontrollerat", done, sheet.lines.len())))
}

/// Everything that is wrong, in one list; nothing has been added.
fn refuse(checked: &Checked, format: Format) -> anyhow::Result<ExitCode> {
    let faults: Vec<&Fault> = checked.faults().collect();
    if format == Format::Json {
        print(&serde_json::to_string_pretty(&faults)?);
        return Ok(ExitCode::from(2));
    }
    Err(Invalid(all_faults(checked)).into())
}

/// The list of faults as text.
pub(in crate::cli) fn all_faults(checked: &Checked) -> String {
    let faults: Vec<String> = checked.faults().map(|fault| format!("\n  {fault}")).collect();
    format!("{} fel, och inget lades till:{}", faults.len(), faults.concat())
}

/// A row that is more than the store takes is a fault like others.
fn check_size(store: &Store, bot: &Bot, checked: &mut Checked) {
    for row in &mut checked.rows {
        if let Err(error) = store.check_payload(&row.fields) {
            let fault = Fault {
                row: row.number,
                column: bot.item.reference.value.clone(),
                message: "raden är för stor".into(),
                hint: error.to_string(),
            };
            row.faults.push(fault);
        }
    }
}

struct Order {
    priority: i64,
    deadline_at: Option<DateTime<Utc>>,
}

fn deadline_of(
    config: &Config,
    bot: &Bot,
    given: Option<&str>,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let written = given.or(bot.item.deadline.as_ref().map(|deadline| deadline.value.as_str()));
    Ok(written.map(|text| deadline::parse(text, now, config)).transpose().map_err(Invalid)?)
}

fn new_item(bot: &Bot, reference: &str, fields: &serde_json::Value, order: &Order) -> NewItem {
    NewItem {
        priority: order.priority,
        deadline_at: order.deadline_at,
        ..NewItem::new(&bot.bot.value, reference, fields)
    }
}

fn new_run(bot: &Bot) -> NewRun {
    NewRun {
        bot: bot.bot.value.clone(),
        version: bot.version.clone(),
        trigger: "hand".into(),
        schedule: None,
        nominal: None,
        pool: bot.pool().to_owned(),
        actor: "person:cli".into(),
    }
}

/// Every row in one transaction.
async fn all(store: &Store, bot: &Bot, checked: &Checked, order: &Order) -> anyhow::Result<Vec<Told>> {
    let rows = &checked.rows;
    let items: Vec<NewItem> = rows
        .iter()
        .map(|row| new_item(bot, row.reference.as_deref().unwrap_or_default(), &row.fields, order))
        .collect();
    let progress = Progress::begin();
    let seen = |done| progress.at("lagt till", done, items.len());
    let (_, enqueued) = store.enqueue_all(&new_run(bot), &items, seen).await?;
    let told = rows.iter().zip(&enqueued).map(|(row, enqueued)| told(row, result(enqueued)));
    Ok(told.collect())
}

/// Every row by itself: what is wrong with one keeps no other out.
async fn each(store: &Store, bot: &Bot, checked: &Checked, order: &Order) -> anyhow::Result<Vec<Told>> {
    let (mut all, mut run) = (Vec::new(), None);
    let progress = Progress::begin();
    for row in &checked.rows {
        let Some(reference) = row.reference.as_deref().filter(|_| row.faults.is_empty()) else {
            all.push(told(row, "wrong"));
            continue;
        };
        let run = match &run {
            Some(run) => run,
            None => run.insert(store.queue_collected_run(&new_run(bot)).await?),
        };
        let enqueued = store.enqueue_item(run, &new_item(bot, reference, &row.fields, order)).await?;
        all.push(told(row, result(&enqueued)));
        progress.at("lagt till", all.len(), checked.rows.len());
    }
    Ok(all)
}

fn result(enqueued: &Enqueued) -> &'static str {
    match enqueued {
        Enqueued::New(_) => "added",
        Enqueued::Known(_) => "known",
        Enqueued::Removed => "removed",
    }
}

fn told(row: &intake::Row, result: &'static str) -> Told {
    Told { row: row.number, reference: row.reference.clone(), result, faults: row.faults.clone() }
}

fn tell(told: &[Told], each: bool, format: Format) -> anyhow::Result<()> {
    if each || format == Format::Json {
        Table { columns: COLUMNS, records: told, empty: "Filen har inga rader under rubrikerna." }.print(
            format,
            |row| {
                let faults: Vec<String> = row
                    .faults
                    .iter()
                    .map(|fault| format!("{}: {}; {}", fault.column, fault.message, fault.hint))
                    .collect();
                let reference = row.reference.clone().unwrap_or_default();
                vec![row.row.to_string(), reference, word(row.result).to_owned(), faults.join(" · ")]
            },
        )?;
    } else {
        for row in told.iter().filter(|row| row.result != "added") {
            let reference = row.reference.as_deref().unwrap_or_default();
            print_error(&format!("obs: rad {}: {reference} {} och läggs inte till igen", row.row, word(row.result)));
        }
    }
    if format == Format::Table {
        let count = |result: &str| told.iter().filter(|row| row.result == result).count();
        let parts =
            [("added", "lades till"), ("known", "fanns redan"), ("removed", "har tagits bort"), ("wrong", "är fel")];
        let parts = parts.iter().map(|(result, text)| (count(result), text));
        let parts: Vec<String> = parts
            .filter(|(count, text)| *count > 0 || **text == "lades till")
            .map(|(count, text)| format!("{count} {text}"))
            .collect();
        print(&format!("{}.", parts.join(", ")));
    }
    Ok(())
}

fn word(result: &str) -> &'static str {
    match result {
        "added" => "lades till",
        "known" => "fanns redan",
        "removed" => "har funnits och tagits bort",
        _ => "fel",
    }
}
