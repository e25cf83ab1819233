//! `kollega rules`: the rule books' own cases, and the rule book as a document.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Format, print, rules_doc, suggest};
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
    Doc(rules_doc::Arguments),
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Test { rulebook, format } => test(config, rulebook, *format),
        Command::Doc(arguments) => rules_doc::run(config, arguments).await,
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
