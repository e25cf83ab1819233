//! `kollega systems`: the systems that robots work in.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Column, Format, Table};
use crate::bot::System;
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct SystemRow {
    system: String,
    title: String,
    url: String,
    timeout_s: u64,
    settle_s: u64,
    problem: Option<String>,
}

/// Carries out `systems`.
pub fn systems(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let rows: Vec<SystemRow> = config
        .systems
        .iter()
        .map(|(name, own)| {
            let file = System::load(&config.system_file(name));
            SystemRow {
                system: name.clone(),
                title: file.as_ref().ok().and_then(|file| file.title.clone()).unwrap_or_default(),
                url: own.url.clone(),
                timeout_s: own.timeout.as_secs(),
                settle_s: own.settle.as_secs(),
                problem: file.err().and_then(|problems| problems.first().map(ToString::to_string)),
            }
        })
        .collect();
    let columns = &[
        Column::Text("System"),
        Column::Text("Titel"),
        Column::Text("Adress"),
        Column::Number("Tidsgräns (s)"),
        Column::Number("Lugn tid (s)"),
    ];
    let empty = "Inga system. Lägg till [systems.<namn>] med url i kollega.toml.";
    Table { columns, records: &rows, empty }.print(arguments.format, |row| {
        let title = row.problem.as_ref().map_or_else(|| row.title.clone(), |why| format!("fel: {why}"));
        vec![row.system.clone(), title, row.url.clone(), row.timeout_s.to_string(), row.settle_s.to_string()]
    })?;
    Ok(ExitCode::SUCCESS)
}
