//! `kollega check`: everything wrong with bots, systems, schedules and rule books.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Format, print};
use crate::check::check_paths;
use crate::config::Config;
use crate::problem::Problem;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Filer och mappar; utelämnat kontrolleras allt som är inställt
    #[arg(value_name = "SÖKVÄG")]
    paths: Vec<PathBuf>,
    /// Hur resultatet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let report = check_paths(&arguments.paths, config);
    match arguments.format {
        Format::Json => print(&serde_json::to_string_pretty(&report.json())?),
        Format::Table => print(report.render().trim_end()),
    }
    Ok(ExitCode::from(if report.is_clean() { 0 } else { 2 }))
}

/// A problem of a rule book with the line it is about.
pub fn rendered(problem: &decision::Problem) -> String {
    let decision::Problem { file, line, column, length, message, hint } = problem.clone();
    let source = std::fs::read_to_string(&file).unwrap_or_default();
    Problem { file, line, column, length, message, hint }.render(&source)
}
