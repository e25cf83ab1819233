//! The command line: lists the commands and dispatches to them.
//!
//! Each command is a file with `run`. Exit codes: 0 done, 1 it ran and failed, 2 wrong usage or invalid input, 3 a run that was
//! left before its end.

mod alerts;
mod backup;
mod bots;
mod check;
mod decide;
mod delegations;
mod demo;
mod explain;
mod guard;
mod invalid;
mod items;
mod keys;
mod log;
mod nodes;
mod rerun;
mod restore;
mod rules;
mod rules_amounts;
mod rules_check;
mod rules_schema;
mod rules_test;
mod run;
mod runs;
mod sandbox;
mod schedules;
mod secret;
mod serve;
mod settle;
mod sign_in;
mod spot_checks;
mod suggest;
mod suggest_batch;
mod suggestion;
mod systems;
mod usage;
mod user;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use decision::strict_json;

pub use invalid::Invalid;

use crate::bot::Bot;
use crate::config::Config;
use crate::store::Store;
use crate::terminal::{Column, Format, Progress, Table, aligned, print, print_error};
use crate::wording;

/// What stands on the command line.
#[derive(Debug, Parser)]
#[command(name = "kollega", version, about = "Kollega: en digital medarbetare för kommuner")]
#[command(disable_help_subcommand = true, disable_help_flag = true, disable_version_flag = true)]
pub struct Cli {
    /// Konfigurationens fil (annars kollega.toml i den mapp du står i)
    #[arg(long, global = true, value_name = "FIL")]
    pub config: Option<PathBuf>,
    /// Visa hjälp
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Visa programmets version
    #[arg(short = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Visa Kollega på den här datorn: övningssystem, robot, arbetare och konsol gör en dags arbete
    Demo(demo::Arguments),
    /// Kör schemaläggaren, en arbetare och konsolen
    Serve(serve::Arguments),
    /// Kör bara en arbetare
    Worker(serve::WorkerArguments),
    /// Kör en robot nu
    Run(run::Arguments),
    /// Visa allt som är fel i robotar, system, scheman och regelböcker
    Check(check::Arguments),
    /// Kontrollera, pröva, skriv ut, godkänn och jämför regelböcker, och räkna om sparade förslag
    Rules(rules::Arguments),
    /// Ge ett förslag utifrån fakta, utan databas och inställningar
    Suggest(suggest::Arguments),
    /// Visa körningarna, nyast först
    Runs(runs::Arguments),
    /// Visa, sök, lägg till och gör något med ärenden
    Items(Box<items::Arguments>),
    /// Visa vad som har hänt i en körning eller ett ärende
    Log(log::Arguments),
    /// Förklara varför ett ärende väntar, eller varför ett schema inte startade
    Why(why::Arguments),
    /// Besluta om ett förslag, som inloggad person
    Decide(decide::Arguments),
    /// Förklara ett ärendes förslag rad för rad, som inloggad person
    Explain(explain::Arguments),
    /// Registrera, visa och upphäv delegationer till den automatiserade beslutsfunktionen
    Delegations(Box<delegations::Arguments>),
    /// Planera, dra, bedöm och följ upp stickprov av handlagda ärenden
    SpotChecks(Box<spot_checks::Arguments>),
    /// Avgör ett osäkert ärende, som inloggad person
    Settle(settle::Arguments),
    /// Börja om ett avslutat ärende i ett nytt försök
    Rerun(rerun::Arguments),
    /// Visa scheman; pausa, återuppta och starta dem
    Schedules(schedules::Arguments),
    /// Visa robotarna, eller godkänn en version av en
    Bots(bots::Arguments),
    /// Visa systemen som robotarna arbetar i, och deras kretsbrytare
    Systems(systems::Arguments),
    /// Visa larmen, eller pröva att de kommer fram
    Alerts(alerts::Arguments),
    /// Visa datorerna som arbetar, och vad var och en håller i
    Nodes(nodes::Arguments),
    /// Flytta nycklar och hemligheter till en annan dator
    Keys(keys::Arguments),
    /// Spara, visa namnen på och ta bort hemligheter
    Secret(secret::Arguments),
    /// Säkerhetskopiera allt som behövs för att fortsätta, medan arbetet pågår
    Backup(backup::Arguments),
    /// Återställ en säkerhetskopia, i SQLite eller PostgreSQL
    Restore(restore::Arguments),
    /// Starta bara övningssystemen
    Sandbox(sandbox::Arguments),
    /// Avsluta webbläsare vars lån tar slut
    #[command(hide = true)]
    Guard(guard::Arguments),
    /// Lägg till, visa och stäng av personer
    User(user::Arguments),
}

/// Reads the command line, carries the command out and says what went wrong.
pub async fn main() -> ExitCode {
    begin_log();
    let cli = match usage::parse() {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error),
    };
    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            print_error(&format!("fel: {}", told(&error)));
            ExitCode::from(if error.is::<Invalid>() { 2 } else { 1 })
        }
    }
}

/// The program's own log, to standard error: warnings, or what `KOLLEGA_LOG` asks for, such as `kollega=debug`.
/// What robots do is not here but in the events.
fn begin_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("KOLLEGA_LOG").unwrap_or_else(|_| EnvFilter::new("warn,sqlx=error"));
    // Another subscriber can only be there in a test.
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init());
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::load(cli.config.as_deref()).map_err(|error| Invalid(error.to_string()))?;
    match cli.command {
        Command::Demo(arguments) => Box::pin(demo::run(&config, arguments)).await,
        Command::Serve(arguments) => Box::pin(serve::run(&config, arguments)).await,
        Command::Worker(arguments) => Box::pin(serve::run_worker(&config, arguments)).await,
        Command::Run(arguments) => Box::pin(run::run(&config, arguments)).await,
        Command::Check(arguments) => check::run(&config, &arguments),
        Command::Rules(arguments) => Box::pin(rules::run(&config, arguments)).await,
        Command::Suggest(arguments) => Box::pin(suggest::run(&config, &arguments)).await,
        Command::Schedules(arguments) => schedules::run(&config, arguments).await,
        Command::Bots(arguments) => bots::run(&config, arguments).await,
        Command::Systems(arguments) => systems::run(&config, arguments).await,
        Command::Alerts(arguments) => Box::pin(alerts::run(&config, arguments)).await,
        Command::Nodes(arguments) => nodes::run(&config, arguments).await,
        Command::Keys(arguments) => keys::run(&config, arguments).await,
        Command::Secret(arguments) => secret::run(&config, &arguments),
        Command::Backup(arguments) => backup::run(&config, arguments).await,
        Command::Restore(arguments) => Box::pin(restore::run(&config, arguments)).await,
        Command::Sandbox(arguments) => Box::pin(sandbox::run(&config, arguments)).await,
        Command::Guard(arguments) => guard::run(arguments).await,
        Command::Runs(arguments) => runs::run(&config, arguments).await,
        Command::Items(arguments) => Box::pin(items::run(&config, *arguments)).await,
        Command::Log(arguments) => log::run(&config, arguments).await,
        Command::Why(arguments) => why::run(&config, arguments).await,
        Command::Decide(arguments) => decide::run(&config, arguments).await,
        Command::Explain(arguments) => Box::pin(explain::run(&config, arguments)).await,
        Command::Delegations(arguments) => delegations::run(&config, *arguments).await,
        Command::SpotChecks(arguments) => Box::pin(spot_checks::run(&config, *arguments)).await,
        Command::Settle(arguments) => settle::run(&config, arguments).await,
        Command::Rerun(arguments) => rerun::run(&config, arguments).await,
        Command::User(arguments) => user::run(&config, arguments).await,
    }
}

/// The installation's store.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    if config.is_assumed && config.database.url.is_empty() && !config.data().exists() {
        let message =
            "här finns ingen kollega.toml och inga data: gå till installationens mapp, eller ange --config FIL";
        return Err(Invalid(message.into()).into());
    }
    let secrets = crate::secret::SecretStore::open(&config.data()).context("hemligheterna kan inte öppnas")?;
    crate::app::open_store(config, &secrets).await
}

/// The bot of this name, or everything wrong with the shape of its script.
fn load_bot(config: &Config, name: &str) -> anyhow::Result<Bot> {
    let file = config.bot_file(name);
    Bot::load(&file).map_err(|problems| {
        let source = std::fs::read_to_string(&file).unwrap_or_default();
        let text: Vec<String> = problems.iter().map(|problem| problem.render(&source)).collect();
        Invalid(format!("roboten {name} kan inte läsas\n{}", text.join("\n"))).into()
    })
}

/// What is to be said of a reference whose item has been removed; none where none was.
async fn removed(config: &Config, store: &Store, reference: &str) -> anyhow::Result<Option<String>> {
    let at = store.removed_at(reference).await?;
    Ok(at.map(|at| {
        let at = wording::local_time(&at, wording::timezone(config));
        format!("ärendet {reference} togs bort {at} med allt som stod i det; samma referens läggs inte till igen")
    }))
}

/// The error and what lies behind it; what says it already in its own words is not repeated.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_said_already_is_not_repeated() {
        let inner = std::io::Error::other("nätet är nere");
        let error = anyhow::Error::new(inner).context("databasen svarar inte: nätet är nere").context("inget gjordes");
        assert_eq!(super::told(&error), "inget gjordes: databasen svarar inte: nätet är nere");
    }
}
