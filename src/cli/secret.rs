//! `kollega secret`: named secrets, encrypted at rest; never shown again.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{Format, Invalid, print};
use crate::config::Config;
use crate::secret::{Secret, SecretStore};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Spara en hemlighet: från terminalen utan eko, eller från standard in
    Set {
        /// Namnet, till exempel akten.password
        #[arg(value_name = "NAMN")]
        name: String,
    },
    /// Visa namnen, aldrig värdena
    List {
        /// Hur listan skrivs
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// Ta bort en hemlighet
    Remove {
        /// Namnet
        #[arg(value_name = "NAMN")]
        name: String,
    },
}

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = SecretStore::open(&config.data())?;
    match &arguments.command {
        Command::Set { name } => {
            store.set(name, &read(name)?).map_err(|error| Invalid(error.to_string()))?;
            print(&format!("Hemligheten {name} är sparad."));
        }
        Command::List { format } => list(&store.names()?, *format)?,
        Command::Remove { name } => {
            store.remove(name).map_err(|error| Invalid(error.to_string()))?;
            print(&format!("Hemligheten {name} är borttagen."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(name: &str) -> anyhow::Result<Secret> {
    if std::io::stdin().is_terminal() {
        return Ok(Secret::new(
            rpassword::prompt_password(format!("{name}: ")).context("hemligheten kunde inte läsas")?,
        ));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("hemligheten kunde inte läsas från standard in")?;
    Ok(Secret::new(text.trim_end_matches(['\n', '\r'])))
}

fn list(names: &[String], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print(&serde_json::to_string_pretty(&names)?),
        Format::Table if names.is_empty() => print("Inga hemligheter ännu. Spara en med `kollega secret set NAMN`."),
        Format::Table => print(&names.join("\n")),
    }
    Ok(())
}
