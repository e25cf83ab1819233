//! `kollega rules`: what is done with rule books. Lists the commands and dispatches to them.

mod approve;
mod compare;
mod doc;
mod named;
mod replay;
mod versions;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{rules_amounts, rules_check, rules_schema, rules_test};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Visa allt som är fel i regelböcker, och vad deras fall inte når
    Check(rules_check::Arguments),
    /// Pröva regelbokens egna fall, och visa vad de inte når
    Test(rules_test::Arguments),
    /// Skriv ut JSON Schema för en redigerare
    Schema(rules_schema::Arguments),
    /// Skriv in ett års belopp, två personer var för sig
    Amounts(rules_amounts::Arguments),
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
        Command::Check(arguments) => rules_check::run(config, &arguments),
        Command::Test(arguments) => rules_test::run(config, &arguments),
        Command::Schema(arguments) => rules_schema::run(&arguments),
        Command::Amounts(arguments) => rules_amounts::run(config, &arguments),
        Command::Doc(arguments) => Box::pin(doc::run(config, &arguments)).await,
        Command::Versions(arguments) => versions::run(config, &arguments).await,
        Command::Approve(arguments) => approve::run(config, &arguments).await,
        Command::Diff(arguments) => compare::run(config, &arguments).await,
        Command::Replay(arguments) => Box::pin(replay::run(config, &arguments)).await,
    }
}
