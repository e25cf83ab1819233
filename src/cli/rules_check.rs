//! `kollega rules check`: everything that is wrong with rule books, and what their cases do not reach.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Format, print, suggest};
use crate::check::check_rulebooks;
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelböckernas namn under rulebooks/, eller deras mappar; utelämnat kontrolleras alla
    #[arg(value_name = "REGELBOK")]
    rulebooks: Vec<String>,
    /// Räkna varningar som fel
    #[arg(long)]
    strict: bool,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let folders = if arguments.rulebooks.is_empty() {
        suggest::folders(config)
    } else {
        arguments
            .rulebooks
            .iter()
            .map(|name| suggest::folder(config, name))
            .collect::<anyhow::Result<Vec<PathBuf>>>()?
    };
    let report = check_rulebooks(&folders, arguments.strict);
    match arguments.format {
        Format::Json => print(&serde_json::to_string_pretty(&report.json())?),
        Format::Table => print(report.render().trim_end()),
    }
    Ok(ExitCode::from(if report.is_clean() { 0 } else { 2 }))
}
