//! `kollega rules schema`: what an editor needs to help with a rule book's files.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use decision::FileKind;

use super::print;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Vilken fil i regelboken
    #[arg(value_name = "FIL", default_value = "rulebook")]
    file: Kind,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// rulebook.yaml
    Rulebook,
    /// amounts/ÅR.yaml
    Amounts,
    /// guidelines.yaml
    Guidelines,
    /// cases/*.yaml
    Cases,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let kind = match arguments.file {
        Kind::Rulebook => FileKind::Rulebook,
        Kind::Amounts => FileKind::Amounts,
        Kind::Guidelines => FileKind::Guidelines,
        Kind::Cases => FileKind::Cases,
    };
    print(&serde_json::to_string_pretty(&decision::schema(kind))?);
    Ok(ExitCode::SUCCESS)
}
