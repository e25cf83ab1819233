//! `kollega rules replay`: stored suggestions answered again. Prints references, outcomes and amounts, nothing personal.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::{NaiveDate, TimeZone, Utc};
use clap::Args;
use rust_decimal::Decimal;

use super::named::named;
use crate::cli::{Column, Format, Invalid, Progress, aligned, open_store, print};
use crate::config::Config;
use crate::model::time_text;
use crate::replay::{Checked, Difference, Moved, Sums, WithBook, WithTheirOwn};
use crate::rulebook::short;
use crate::store::{Since, Store};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Förslag från och med den dagen: 2025-12-01; utelämnat alla
    #[arg(long, value_name = "DATUM", value_parser = date)]
    since: Option<NaiveDate>,
    /// Förslag till och med den dagen
    #[arg(long, value_name = "DATUM", value_parser = date)]
    until: Option<NaiveDate>,
    /// Räkna om med den här versionen i stället: namn, mapp, etikett eller kontrollsumma
    #[arg(long, value_name = "REGELBOK")]
    with: Option<String>,
    /// Visa vad den senaste nattliga kontrollen kom fram till, utan att räkna om
    #[arg(long, conflicts_with_all = ["since", "until", "with"])]
    last: bool,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("`{text}` är inget datum: skriv till exempel 2025-12-01"))
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    if arguments.last {
        return last(config, &store, arguments.format).await;
    }
    let since = since(config, arguments)?;
    let total = store.suggestions_count(&since).await?;
    let rows = |count: i64| usize::try_from(count).unwrap_or_default();
    let progress = Progress::begin();
    let seen = |done: i64| progress.at("räknat om", rows(done), rows(total));
    match &arguments.with {
        None => check(config, &store, since, arguments.format, seen).await,
        Some(name) => {
            let (book, told) = named(config, name).await?;
            compare(&store, (Arc::new(book), &told), since, arguments.format, seen).await
        }
    }
}

/// The days asked for, from midnight to midnight on the wall.
fn since(config: &Config, arguments: &Arguments) -> anyhow::Result<Since> {
    let timezone = wording::timezone(config);
    let midnight = |day: NaiveDate| {
        let at = timezone.from_local_datetime(&day.and_time(chrono::NaiveTime::MIN)).earliest();
        at.map(|at| time_text(at.with_timezone(&Utc))).ok_or_else(|| Invalid(format!("{day} börjar inte vid midnatt")))
    };
    let from = arguments.since.map(midnight).transpose()?.unwrap_or_default();
    let until = arguments.until.and_then(|day| day.succ_opt()).map(midnight).transpose()?;
    if until.as_ref().is_some_and(|until| *until <= from) {
        return Err(Invalid("--until är före --since".into()).into());
    }
    Ok(Since { from, until, in_force: arguments.with.is_some() })
}

/// Every answer must be the same.
async fn check(
    config: &Config,
    store: &Store,
    since: Since,
    format: Format,
    seen: impl Fn(i64),
) -> anyhow::Result<ExitCode> {
    let mut list = List::new("differing");
    let mut pages = WithTheirOwn::new(store, since);
    while let Some(page) = pages.page().await? {
        for difference in page {
            match format {
                Format::Json => list.add(&serde_json::json!(difference)),
                Format::Table => print(&told_difference(config, &difference)),
            }
        }
        seen(pages.checked.answered);
    }
    let Checked { answered, same, differing, unknown } = pages.checked;
    if format == Format::Json {
        list.end(&[("answered", answered.into()), ("same", same.into()), ("unknown", unknown.into())]);
    } else {
        print(&format!(
            "{answered} förslag omräknade med sin egen version: {same} med samma svar, {differing} med ett annat."
        ));
        if unknown > 0 {
            print(&format!("{unknown} är från tiden innan versioner sparades och kan inte räknas om."));
        }
    }
    Ok(ExitCode::from(u8::from(differing > 0)))
}

fn told_difference(config: &Config, difference: &Difference) -> String {
    let program = difference.program.as_ref().map(|program| format!(", Kollega {program}")).unwrap_or_default();
    format!(
        "fel: {} (förslag {} {}, {} {}{program}): {}",
        difference.reference,
        difference.suggestion,
        wording::local_time(&difference.at, wording::timezone(config)),
        difference.rulebook,
        short(&difference.sha256),
        difference.why
    )
}

/// A JSON object whose list is written as it comes, however long it is.
struct List {
    name: &'static str,
    begun: bool,
}

impl List {
    fn new(name: &'static str) -> Self {
        Self { name, begun: false }
    }

    fn add(&mut self, one: &serde_json::Value) {
        let before = if self.begun { ", ".to_owned() } else { format!("{{\"{}\": [\n  ", self.name) };
        self.begun = true;
        print(&format!("{before}{one}"));
    }

    fn end(&self, rest: &[(&str, serde_json::Value)]) {
        let before = if self.begun { String::new() } else { format!("{{\"{}\": [", self.name) };
        let rest: Vec<String> = rest.iter().map(|(name, value)| format!(", \"{name}\": {value}")).collect();
        print(&format!("{before}]{}}}", rest.concat()));
    }
}

/// The columns of an application that changes; fixed, since they are printed as they come.
const WIDTHS: [usize; 6] = [18, 24, 11, 24, 11, 11];

/// Whose outcome and amount would change.
async fn compare(
    store: &Store,
    (book, told): (Arc<decision::RuleBook>, &str),
    since: Since,
    format: Format,
    seen: impl Fn(i64),
) -> anyhow::Result<ExitCode> {
    let mut list = List::new("changes");
    let with = serde_json::json!({"name": book.name(), "version": book.version(), "sha256": book.sha256()});
    let (mut pages, mut first) = (WithBook::new(store, book, since), true);
    while let Some(page) = pages.page().await? {
        for moved in page {
            if format == Format::Json {
                list.add(&serde_json::json!(moved));
                continue;
            }
            if std::mem::take(&mut first) {
                let header = ["Ärende", "Utfall", "Kronor", "Blir", "Kronor", "Skillnad"];
                print(&columns(&header.map(str::to_owned), "Regler"));
            }
            print(&row(&moved));
        }
        seen(pages.sums.answered + pages.sums.other_books);
    }
    if format == Format::Json {
        list.end(&[("with", with), ("sums", serde_json::json!(pages.sums))]);
    } else {
        print(&told_sums(&pages.sums, told));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(moved: &Moved) -> String {
    let rules: Vec<&str> = moved.rules.keys().map(String::as_str).collect();
    let cells = [
        moved.reference.clone(),
        wording::outcome(&moved.outcome_before).to_owned(),
        kronor(moved.amount_before),
        wording::outcome(&moved.outcome_after).to_owned(),
        kronor(moved.amount_after),
        signed(moved.difference()),
    ];
    columns(&cells, &rules.join(", "))
}

fn columns(row: &[String; 6], last: &str) -> String {
    let cells = row.iter().zip(WIDTHS).enumerate().map(|(place, (cell, width))| {
        if matches!(place, 2 | 4 | 5) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    format!("{}  {last}", cells.collect::<Vec<_>>().join("  "))
}

fn kronor(amount: Option<Decimal>) -> String {
    amount.map_or_else(|| "okänt".to_owned(), expression::money::kr)
}

fn signed(amount: Option<Decimal>) -> String {
    match amount {
        None => String::new(),
        Some(amount) if amount > Decimal::ZERO => format!("+{}", expression::money::kr(amount)),
        Some(amount) => expression::money::kr(amount),
    }
}

fn told_sums(sums: &Sums, told: &str) -> String {
    let mut lines = vec![format!(
        "\n{} förslag omräknade med {told}: {} ändras ({} får ett annat utfall, {} mer, {} mindre).",
        sums.answered, sums.changed, sums.outcome_changed, sums.more, sums.less
    )];
    if sums.other_books > 0 {
        lines.push(format!("{} förslag kom från en annan regelbok och räknades inte om.", sums.other_books));
    }
    lines.push(format!(
        "Summa där beloppet går att veta både före och efter: {} kr före, {} kr efter, skillnad {} kr.",
        kronor(Some(sums.amount_before)),
        kronor(Some(sums.amount_after)),
        signed(Some(sums.amount_after - sums.amount_before))
    ));
    if !sums.rules.is_empty() {
        let header = [Column::Text("Regel"), Column::Number("Ärenden"), Column::Number("Kronor")];
        let rows: Vec<Vec<String>> = sums
            .rules
            .iter()
            .map(|(rule, sum)| vec![rule.clone(), sum.items.to_string(), signed(Some(sum.kronor))])
            .collect();
        lines.push(format!(
            "\nPer regel (refer: ett skäl som tillkommer eller försvinner)\n{}",
            aligned(&header, &rows)
        ));
    }
    lines.join("\n")
}

/// What the last nightly check came to.
async fn last(config: &Config, store: &Store, format: Format) -> anyhow::Result<ExitCode> {
    let last = store.last_replay().await?;
    if format == Format::Json {
        print(&serde_json::to_string_pretty(&last)?);
    } else if let Some(last) = &last {
        let ended = wording::local_time(last.ended_at.as_deref().unwrap_or_default(), wording::timezone(config));
        print(&format!(
            "Natten {}, klar {ended}: {} förslag omräknade, {} med ett annat svar.",
            last.night, last.answered, last.differing
        ));
        let ids: Vec<String> = serde_json::from_value(last.detail.0.clone()).unwrap_or_default();
        if !ids.is_empty() {
            print(&format!("Ärenden: {}", store.references_of(&ids).await?.join(", ")));
        }
    } else {
        print("Ingen nattlig kontroll har blivit klar ännu; den görs av `kollega serve`.");
    }
    Ok(ExitCode::from(u8::from(last.is_some_and(|last| last.differing > 0))))
}
