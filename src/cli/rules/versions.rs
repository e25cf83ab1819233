//! `kollega rules versions`: what is approved, what has answered, and what the files are now.

use std::collections::BTreeSet;
use std::process::ExitCode;

use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;

use crate::cli::{Column, Format, Table, open_store};
use crate::config::Config;
use crate::model::{RuleBookApproval, RuleBookVersion};
use crate::rulebook::{self, short};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Bara den här regelboken
    #[arg(value_name = "REGELBOK")]
    rulebook: Option<String>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    book: String,
    label: String,
    sha256: String,
    /// Whether the files are this version.
    on_disk: bool,
    /// Whether schedules use it.
    in_use: bool,
    kept_at: Option<String>,
    approved_at: Option<String>,
    approved_by: Option<String>,
    note: Option<String>,
    /// Every approval, the first one first.
    approvals: Vec<RuleBookApproval>,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let versions = store.rulebooks().await?;
    let newest: BTreeSet<String> =
        store.approved_rulebooks().await?.into_iter().map(|version| version.sha256).collect();
    let files = on_disk(config);
    let approvals = store.rulebook_approvals().await?;
    let mut rows: Vec<Row> = versions.into_iter().map(|version| row(version, &files, &newest, &approvals)).collect();
    for (book, label, sha256) in files {
        if !rows.iter().any(|row| row.sha256 == sha256) {
            let row = Row {
                book,
                label,
                sha256,
                on_disk: true,
                in_use: false,
                kept_at: None,
                approved_at: None,
                approved_by: None,
                note: None,
                approvals: Vec::new(),
            };
            let place = rows.iter().position(|known| known.book >= row.book).unwrap_or(rows.len());
            rows.insert(place, row);
        }
    }
    rows.retain(|row| arguments.rulebook.as_ref().is_none_or(|name| *name == row.book));
    let columns = [
        Column::Text("Regelbok"),
        Column::Text("Etikett"),
        Column::Text("Version"),
        Column::Text("Läge"),
        Column::Text("Godkänd"),
        Column::Text("Av"),
        Column::Text("Anteckning"),
    ];
    let timezone = wording::timezone(config);
    let empty = "Inga versioner. Godkänn en regelbok med `kollega rules approve`.";
    Table { columns: &columns, records: &rows, empty }.print(arguments.format, |row| {
        let approved = row.approved_at.as_deref().map(|at| wording::local_time(at, timezone));
        vec![
            row.book.clone(),
            row.label.clone(),
            short(&row.sha256),
            standing(row).to_owned(),
            approved.unwrap_or_default(),
            row.approved_by.clone().unwrap_or_default(),
            notes(row, timezone),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The note of the first approval, and what came after it.
fn notes(row: &Row, timezone: Tz) -> String {
    let again = row.approvals.iter().skip(1).map(|one| {
        format!("godkänd igen {} av {}: {}", wording::local_time(&one.approved_at, timezone), one.approved_by, one.note)
    });
    row.note.clone().into_iter().chain(again).collect::<Vec<_>>().join("; ")
}

fn standing(row: &Row) -> &'static str {
    match (row.in_use, row.on_disk, row.approved_at.is_some()) {
        (true, true, _) => "används, filerna",
        (true, false, _) => "används",
        (false, true, true) => "tidigare godkänd, filerna",
        (false, true, false) => "inte godkänd, filerna",
        (false, false, true) => "tidigare godkänd",
        (false, false, false) => "inte godkänd",
    }
}

fn row(
    version: RuleBookVersion,
    files: &[(String, String, String)],
    newest: &BTreeSet<String>,
    approvals: &[RuleBookApproval],
) -> Row {
    let of_version = |one: &&RuleBookApproval| one.book == version.book && one.sha256 == version.sha256;
    let approvals = approvals.iter().filter(of_version).cloned().collect();
    let RuleBookVersion { book, sha256, label, kept_at, approved_at, approved_by, note } = version;
    Row {
        on_disk: files.iter().any(|(_, _, known)| *known == sha256),
        in_use: newest.contains(&sha256),
        book,
        label,
        sha256,
        kept_at: Some(kept_at),
        approved_at,
        approved_by,
        note,
        approvals,
    }
}

/// Name, label and SHA-256 of every rule book whose files can be read.
fn on_disk(config: &Config) -> Vec<(String, String, String)> {
    let folders = std::fs::read_dir(config.path(&config.rulebooks)).into_iter().flatten().flatten();
    let books = folders.filter_map(|folder| rulebook::current(config, &folder.file_name().to_string_lossy()).ok());
    let mut books: Vec<_> =
        books.map(|book| (book.name().to_owned(), book.version().to_owned(), book.sha256().to_owned())).collect();
    books.sort();
    books
}
