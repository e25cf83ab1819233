//! `kollega backup`: everything that is needed to go on, in one file, while work goes on.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{Format, Invalid, Progress, open_store, print};
use crate::backup::{Contents, Error, LockKey, Source, back_up};
use crate::config::Config;
use crate::secret::Secret;
use crate::terminal::print_error;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Kopian: en fil som inte finns, eller en mapp, där den får namn efter tiden
    #[arg(value_name = "FIL|MAPP")]
    to: PathBuf,
    /// Ta med skärmbilderna
    #[arg(long)]
    screenshots: bool,
    /// Kryptera för den som har nyckeln till den här age-mottagaren; kan anges flera gånger
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<String>,
    /// Kryptera med en lösenfras, läst från standard in
    #[arg(long, conflicts_with = "recipient")]
    passphrase_stdin: bool,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key = if arguments.passphrase_stdin {
        LockKey::Passphrase(passphrase()?)
    } else if arguments.recipient.is_empty() {
        LockKey::Open
    } else {
        LockKey::Recipients(arguments.recipient.clone())
    };
    let store = open_store(config).await?;
    let mut file = arguments.to.clone();
    if file.is_dir() {
        let at = store.now().await?.format("%Y-%m-%dT%H%M%SZ");
        file = file.join(format!("kollega-{at}.backup"));
    }
    let progress = Progress::begin();
    let source = Source { store: &store, data: &config.data(), screenshots: arguments.screenshots };
    let made = back_up(&source, &file, &key, &mut |what, rows| progress.say(|| format!("{what}: {rows}"))).await;
    drop(progress);
    let contents = made.map_err(wrong)?;
    if matches!(key, LockKey::Open) {
        print_error(
            "obs: kopian är inte krypterad och innehåller personuppgifter och nycklar: förvara den därefter, eller ange --recipient",
        );
    }
    if let Some(left) = store.left_by_a_restore().await? {
        print_error(&format!(
            "obs: en återställning har avbrutits och lämnat en kopia av databasen, med personuppgifter: {left}. Ta bort den, eller \
             kör `kollega restore` igen: då tas den bort"
        ));
    }
    tell("Säkerhetskopian är gjord", &file, &contents, arguments.format)
}

/// What the user can mend without more than other words is wrong usage.
pub(super) fn wrong(error: Error) -> anyhow::Error {
    match error {
        Error::File { .. } | Error::Store(_) | Error::Secret(_) | Error::Encryption | Error::Count { .. } => {
            error.into()
        }
        other => Invalid(other.to_string()).into(),
    }
}

/// The passphrase of standard input: its first line.
pub(super) fn passphrase() -> anyhow::Result<Secret> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("lösenfrasen kunde inte läsas från standard in")?;
    let line = line.trim_end_matches(['\n', '\r']);
    if line.chars().count() < 12 {
        return Err(Invalid("lösenfrasen är för kort: minst 12 tecken".into()).into());
    }
    Ok(Secret::new(line))
}

/// Says what a backup holds.
pub(super) fn tell(
    what: &str,
    file: &std::path::Path,
    contents: &Contents,
    format: Format,
) -> anyhow::Result<ExitCode> {
    if format == Format::Json {
        let mut record = serde_json::to_value(contents)?;
        record["file"] = json!(file);
        print(&serde_json::to_string_pretty(&[record])?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows = |table: &str| contents.tables.get(table).copied().unwrap_or_default();
    let (items, events, bytes) = (rows("items"), rows("events"), contents.bytes);
    print(&format!(
        "{what}: {} ({}, {}, {}, {bytes} byte).",
        file.display(),
        wording::count(items, "ärende", "ärenden"),
        wording::count(events, "händelse", "händelser"),
        wording::count(contents.files, "fil", "filer"),
    ));
    Ok(ExitCode::SUCCESS)
}
