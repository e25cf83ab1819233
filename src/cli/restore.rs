//! `kollega restore`: an installation as it was when a backup was made, on SQLite or PostgreSQL.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Progress;
use super::backup::{passphrase, tell, wrong};
use super::{Format, print};
use crate::backup::{OpenKey, Options, restore, verify};
use crate::config::Config;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Säkerhetskopian
    #[arg(value_name = "FIL")]
    file: PathBuf,
    /// Ersätt det som finns i installationen
    #[arg(long)]
    replace: bool,
    /// Kontrollera bara kopian, utan att återställa något
    #[arg(long, conflicts_with = "replace")]
    check: bool,
    /// Filen med den hemliga age-nyckeln, när kopian är krypterad för en mottagare
    #[arg(long, value_name = "FIL")]
    identity: Option<PathBuf>,
    /// Läs lösenfrasen från standard in, när kopian är krypterad med en
    #[arg(long, conflicts_with = "identity")]
    passphrase_stdin: bool,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key = match arguments.identity {
        Some(file) => OpenKey::Identity(file),
        None if arguments.passphrase_stdin => OpenKey::Passphrase(passphrase()?),
        None => OpenKey::None,
    };
    let line = Progress::begin();
    let mut progress = |what: &str, rows: u64| line.say(|| format!("{what}: {rows}"));
    if arguments.check {
        let checked = verify(&arguments.file, &key, &mut progress);
        drop(line);
        return tell("Säkerhetskopian är hel", &arguments.file, &checked.map_err(wrong)?, arguments.format);
    }
    let options = Options { key, replace: arguments.replace };
    let restored = restore(config, &arguments.file, &options, &mut progress).await;
    drop(line);
    let contents = restored.map_err(wrong)?;
    let code = tell("Återställt från säkerhetskopian", &arguments.file, &contents, arguments.format)?;
    if arguments.format == Format::Table {
        print(&format!(
            "Det är som det var {}. Innan roboten sparar något tittar den i systemet: det som redan är gjort görs inte igen. Ett brev som gick efter kopian kan gå en gång till.",
            wording::local_seconds(&contents.at, wording::timezone(config))
        ));
    }
    Ok(code)
}
