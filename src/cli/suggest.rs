//! `kollega suggest RULEBOOK FACTS`: a suggestion from facts, without database, browser or configuration.

use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use decision::RuleBook;

use super::{Invalid, print, suggest_batch};
use crate::config::Config;
use crate::document::{self, About};
use crate::explanation::{self, Explanation};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelbokens namn under rulebooks/, eller dess mapp
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// En JSON-fil med fakta, eller - för standard in
    #[arg(value_name = "FAKTA", required_unless_present = "batch", conflicts_with = "batch")]
    facts: Option<PathBuf>,
    /// Hur förslaget skrivs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Filen som det skrivs till; utelämnat: standard ut
    #[arg(long, value_name = "FIL")]
    out: Option<PathBuf>,
    /// En fil med fakta för ett ärende på varje rad (JSON Lines), eller - för standard in; svaren blir en rad var, i samma ordning
    #[arg(long, value_name = "FIL")]
    batch: Option<PathBuf>,
    /// Hur många rader som räknas samtidigt med --batch
    #[arg(long, value_name = "ANTAL", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
}

/// How an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// För människor
    Text,
    /// För program
    Json,
    /// En sida att läsa i webbläsaren
    Html,
    /// En sida att skriva ut eller spara
    Pdf,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    writable(arguments.format, arguments.out.as_deref())?;
    let book = load(config, &arguments.rulebook)?;
    if let Some(batch) = &arguments.batch {
        return suggest_batch::run(&book, batch, arguments.out.as_deref(), arguments.jobs.into());
    }
    let file = arguments.facts.as_deref().unwrap_or_else(|| Path::new("-"));
    let text = read(file)?;
    let facts = serde_json::from_str::<super::strict_json::Strict>(&text).map(|facts| facts.0).map_err(|error| {
        let told = decision::strict_json::in_swedish(&error);
        Invalid(format!("{} är inte rätt JSON: {told}", file.display()))
    })?;
    let suggestion = book.suggest(&facts).map_err(|error| Invalid(error.to_string()))?;
    let answer = Explanation::read(&serde_json::to_value(&suggestion)?)?;
    let people = explanation::people(&facts);
    let about = || -> anyhow::Result<About> {
        let kind = document::suggested_kind(&answer);
        let motivation = kind.map(|kind| document::draft(&answer, &people, Some(&book), kind));
        Ok(About { motivation, ..About::of(config)? })
    };
    let page = || -> anyhow::Result<String> { Ok(document::explanation(&answer, &people, Some(&book), &about()?)?) };
    let written = match arguments.format {
        Format::Json => serde_json::to_string_pretty(&suggestion)?.into_bytes(),
        Format::Text => format!("{}{}", suggestion.explain(), about()?.reasons()).into_bytes(),
        Format::Html => page()?.into_bytes(),
        Format::Pdf => document::pdf(config, &page()?).await?,
    };
    write_out(&written, arguments.out.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a PDF on a terminal, before any work is done.
pub fn writable(format: Format, out: Option<&Path>) -> Result<(), Invalid> {
    if format == Format::Pdf && out.is_none() && std::io::stdout().is_terminal() {
        return Err(Invalid("en PDF-fil kan inte visas i terminalen: ange --out FIL".into()));
    }
    Ok(())
}

/// Writes to the file, readable by its owner only, or to standard output.
pub fn write_out(content: &[u8], out: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = out else {
        return match std::str::from_utf8(content) {
            Ok(text) => {
                print(text);
                Ok(())
            }
            Err(_) => Ok(std::io::stdout().lock().write_all(content)?),
        };
    };
    let failed = |error: std::io::Error| Invalid(format!("{} kan inte skrivas: {error}", file.display()));
    let mut options = std::fs::OpenOptions::new();
    let mut writer = options.write(true).create(true).truncate(true).mode(0o600).open(file).map_err(failed)?;
    writer.write_all(content).map_err(failed)?;
    Ok(())
}

/// The rule book of this name, or in this folder.
pub fn load(config: &Config, name: &str) -> anyhow::Result<RuleBook> {
    let folder = folder(config, name)?;
    RuleBook::load(&folder).map_err(|problems| {
        let text: Vec<String> = problems.iter().map(super::check::rendered).collect();
        Invalid(format!("regelboken `{name}` kan inte läsas\n{}", text.join("\n"))).into()
    })
}

/// The folder of the rule book of this name; a folder is its own name.
pub fn folder(config: &Config, name: &str) -> anyhow::Result<PathBuf> {
    let folder =
        if Path::new(name).join("rulebook.yaml").is_file() { PathBuf::from(name) } else { config.rulebook(name) };
    if folder.join("rulebook.yaml").is_file() {
        return Ok(folder);
    }
    let known = known(config);
    let place = config.path(&config.rulebooks);
    Err(Invalid(format!("regelboken `{name}` finns inte i {}; det finns: {known}", place.display())).into())
}

/// The folders of all rule books, by name.
pub fn folders(config: &Config) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(config.path(&config.rulebooks)).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("rulebook.yaml").is_file());
    folders.sort();
    folders
}

fn known(config: &Config) -> String {
    let folders = std::fs::read_dir(config.path(&config.rulebooks)).into_iter().flatten().flatten();
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    if names.is_empty() { "ingen".into() } else { names.join(", ") }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let result = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    result.map_err(|error| Invalid(format!("{} kan inte läsas: {error}", file.display())))?;
    Ok(text)
}
