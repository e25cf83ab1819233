//! `kollega rules amounts`: a year's amounts, typed in by two people without seeing each other's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use decision::{Agreement, CellState, CellStatus, Turn, Typed};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::{Column, Format, Invalid, aligned, check, print, suggest};
use crate::config::Config;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Skriv in ett års belopp, som den första av två personer
    Enter(EntryArguments),
    /// Skriv in samma belopp en gång till, som den andra personen, utan att ha sett den förstas
    Confirm(EntryArguments),
    /// Visa hur långt varje belopp har kommit; ett belopp som bara en person har skrivit in visas inte
    Show {
        /// Regelbokens namn under rulebooks/, eller dess mapp
        #[arg(value_name = "REGELBOK")]
        rulebook: String,
        /// Året
        #[arg(value_name = "ÅR")]
        year: i32,
        /// Hur listan skrivs
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct EntryArguments {
    /// Regelbokens namn under rulebooks/, eller dess mapp
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// Året
    #[arg(value_name = "ÅR")]
    year: i32,
    /// Belopp i kronor, till exempel adults.single=3910
    #[arg(value_name = "CELL=BELOPP")]
    cells: Vec<String>,
    /// En CSV-fil med en rad för varje cell: namn och belopp
    #[arg(long, value_name = "FIL")]
    from: Option<PathBuf>,
    /// Författningen som beloppen är lästa i
    #[arg(long, value_name = "KÄLLA")]
    source: String,
    /// Den som skriver in
    #[arg(long = "as", value_name = "NAMN")]
    by: String,
    /// Årets uppräkning i procent, när tabellen är ny; bara för rimlighetskontroll
    #[arg(long, value_name = "PROCENT")]
    uplift: Option<String>,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const COLUMNS: &[Column] =
    &[Column::Text("Cell"), Column::Number("Kronor"), Column::Text("Läge"), Column::Text("Inskrivet av")];

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Enter(arguments) => type_in(config, arguments, Turn::First),
        Command::Confirm(arguments) => type_in(config, arguments, Turn::Second),
        Command::Show { rulebook, year, format } => show(config, rulebook, *year, *format),
    }
}

fn type_in(config: &Config, arguments: &EntryArguments, turn: Turn) -> anyhow::Result<ExitCode> {
    let folder = suggest::folder(config, &arguments.rulebook)?;
    let mut cells = match &arguments.from {
        Some(file) => read(file)?,
        None => BTreeMap::new(),
    };
    for pair in &arguments.cells {
        let (cell, amount) = pair.split_once('=').ok_or_else(|| Invalid(format!("`{pair}` är inte CELL=BELOPP")))?;
        put(&mut cells, cell, amount)?;
    }
    if cells.is_empty() {
        return Err(Invalid("inga belopp att skriva in: skriv CELL=BELOPP eller --from FIL.csv".into()).into());
    }
    let uplift_percent = arguments.uplift.as_deref().map(|percent| {
        percent.replace(',', ".").parse::<Decimal>().map_err(|_| Invalid(format!("--uplift {percent} är inget tal")))
    });
    let typed = Typed {
        by: arguments.by.clone(),
        at: chrono::Utc::now().with_timezone(&wording::timezone(config)).date_naive(),
        source: arguments.source.clone(),
        cells,
        uplift_percent: uplift_percent.transpose()?,
    };
    let agreement = decision::type_in(&folder, arguments.year, turn, &typed).map_err(|problems| {
        let text: Vec<String> = problems.iter().map(check::rendered).collect();
        Invalid(format!("beloppen skrivs inte in\n{}", text.join("\n")))
    })?;
    save(&agreement)?;
    match arguments.format {
        Format::Json => print(&serde_json::to_string_pretty(&json_of(&agreement))?),
        Format::Table => tell(&agreement),
    }
    Ok(ExitCode::from(u8::from(!agreement.differing.is_empty())))
}

/// The whole table, or nothing of it: a half-written one could be read.
fn save(agreement: &Agreement) -> anyhow::Result<()> {
    let path = &agreement.path;
    let beside = path.with_extension("yaml.ny");
    let saved = std::fs::write(&beside, &agreement.text).and_then(|()| std::fs::rename(&beside, path));
    saved.with_context(|| format!("{} kan inte skrivas", path.display()))
}

fn tell(agreement: &Agreement) {
    for difference in &agreement.differing {
        let amounts: Vec<String> =
            difference.amounts.iter().map(|(by, amount)| format!("{by} {}", amount.normalize())).collect();
        print(&format!("skiljer sig: {}: {}", difference.cell, amounts.join(", ")));
    }
    for warning in &agreement.warnings {
        let hint = warning.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        print(&format!("varning: {}{hint}", warning.message));
    }
    if !agreement.waiting.is_empty() {
        print(&format!(
            "{} belopp väntar på att en annan person skriver in dem: kollega rules amounts confirm",
            agreement.waiting.len()
        ));
    }
    if !agreement.differing.is_empty() {
        print("Läs författningen en gång till. Den som skrev fel skriver in sitt belopp på nytt med enter.");
    }
    print(&format!(
        "{}: {}, {} skiljer sig",
        agreement.path.display(),
        wording::count(agreement.verified.len(), "verifierat", "verifierade"),
        agreement.differing.len()
    ));
}

fn json_of(agreement: &Agreement) -> Json {
    let differing = agreement.differing.iter().map(|difference| {
        let amounts =
            difference.amounts.iter().map(|(by, amount)| json!({"by": by, "amount": amount.normalize().to_string()}));
        json!({"cell": difference.cell, "amounts": amounts.collect::<Vec<_>>()})
    });
    let warnings = agreement.warnings.iter().map(|warning| json!({"message": warning.message, "hint": warning.hint}));
    json!({
        "file": agreement.path,
        "verified": agreement.verified,
        "waiting": agreement.waiting,
        "differing": differing.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}

/// A CSV file with a cell and an amount in each row, with or without a header.
fn read(file: &Path) -> anyhow::Result<BTreeMap<String, Decimal>> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Invalid(format!("{} kan inte läsas: {error}", file.display())))?;
    let text = text.trim_start_matches('\u{feff}');
    let delimiter = if text.lines().next().is_some_and(|line| line.contains(';')) { b';' } else { b',' };
    let mut rows =
        csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let mut cells = BTreeMap::new();
    for (index, row) in rows.records().enumerate() {
        let row = row.map_err(|error| Invalid(format!("{} är inte rätt CSV: {error}", file.display())))?;
        let (Some(cell), Some(amount)) = (row.get(0), row.get(1)) else {
            return Err(Invalid(format!("{} rad {}: cell och belopp väntas", file.display(), index + 1)).into());
        };
        let is_header = index == 0 && !amount.contains(|c: char| c.is_ascii_digit());
        if !is_header {
            put(&mut cells, cell, amount)?;
        }
    }
    Ok(cells)
}

fn put(cells: &mut BTreeMap<String, Decimal>, cell: &str, amount: &str) -> Result<(), Invalid> {
    let (cell, written) = (cell.trim(), amount.trim());
    let amount = expression::money::parse(written).map_err(|why| Invalid(format!("{cell}: {why}")))?;
    match cells.insert(cell.to_owned(), amount) {
        Some(_) => Err(Invalid(format!("{cell} står två gånger"))),
        None => Ok(()),
    }
}

fn show(config: &Config, rulebook: &str, year: i32, format: Format) -> anyhow::Result<ExitCode> {
    let folder = suggest::folder(config, rulebook)?;
    let states = decision::cell_states(&folder, year).map_err(|problems| {
        let text: Vec<String> = problems.iter().map(check::rendered).collect();
        Invalid(text.join("\n"))
    })?;
    let by = |state: &CellState| state.by.iter().map(|(by, at)| format!("{by} {at}")).collect::<Vec<_>>().join("; ");
    if format == Format::Json {
        let cells: Vec<Json> = states
            .iter()
            .map(|state| {
                let (amount, status) = in_words(&state.status);
                json!({"cell": state.cell, "amount": amount, "status": status, "by": by(state)})
            })
            .collect();
        print(&serde_json::to_string_pretty(&cells)?);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |state: &CellState| {
        let (amount, status) = in_words(&state.status);
        vec![state.cell.clone(), amount.unwrap_or_default(), status.to_owned(), by(state)]
    };
    print(&aligned(COLUMNS, &states.iter().map(row).collect::<Vec<_>>()));
    Ok(ExitCode::SUCCESS)
}

fn in_words(status: &CellStatus) -> (Option<String>, &'static str) {
    match status {
        CellStatus::Verified(amount) => (Some(amount.normalize().to_string()), "verifierat"),
        CellStatus::Waiting => (None, "väntar på en andra inskrivning"),
        CellStatus::Differing => (None, "inskrivningarna skiljer sig"),
        CellStatus::Empty => (None, "inte inskrivet"),
    }
}
