//! `kollega rules`: the rule books' own cases, the rule book as a document, and its versions.

mod approve;
mod compare;
mod doc;
mod named;
mod replay;
mod versions;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Format, print, suggest};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pröva regelbokens egna fall
    Test {
        /// Regelbokens namn under rulebooks/, eller dess mapp
        #[arg(value_name = "REGELBOK")]
        rulebook: String,
        /// Hur resultatet skrivs
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// Skriv hela regelboken som en sida att läsa, och som PDF
    Doc(doc::Arguments),
    /// Visa regelböckernas versioner: godkända, och de som har gett förslag
    Versions(versions::Arguments),
    /// Godkänn regelboken som den står nu, så att scheman får använda den; som inloggad person
    Approve(approve::Arguments),
    /// Visa på svenska vad som skiljer två versioner
    Diff(compare::Arguments),
    /// Räkna om sparade förslag: med sin egen version, eller med en annan för att se vilka som ändras
    Replay(replay::Arguments),
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Test { rulebook, format } => test(config, &rulebook, format),
        Command::Doc(arguments) => Box::pin(doc::run(config, &arguments)).await,
        Command::Versions(arguments) => versions::run(config, &arguments).await,
        Command::Approve(arguments) => approve::run(config, &arguments).await,
        Command::Diff(arguments) => compare::run(config, &arguments).await,
        Command::Replay(arguments) => Box::pin(replay::run(config, &arguments)).await,
    }
}

fn test(config: &Config, rulebook: &str, format: Format) -> anyhow::Result<ExitCode> {
    let book = suggest::load(config, rulebook)?;
    let results = book.run_cases();
    let failed: Vec<_> = results.iter().filter(|result| !result.passed).collect();
    if format == Format::Json {
        let list: Vec<_> = results
            .iter()
            .map(|result| serde_json::json!({"case": result.case, "passed": result.passed, "differences": result.differences}))
            .collect();
        print(&serde_json::to_string_pretty(&list)?);
        return Ok(ExitCode::from(u8::from(!failed.is_empty())));
    }
    for result in &failed {
        print(&format!("fel: {}\n  {}", result.case, result.differences.join("\n  ")));
    }
    for rule in book.rules_without_case() {
        print(&format!("varning: regeln {rule} prövas inte av något fall"));
    }
    print(&format!("{} fall: {} rätt, {} fel", results.len(), results.len() - failed.len(), failed.len()));
    Ok(ExitCode::from(u8::from(!failed.is_empty())))
}
