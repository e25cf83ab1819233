//! `kollega suggest RULEBOOK FACTS`: a suggestion from facts, without database, browser or configuration.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use decision::RuleBook;

use super::{Invalid, print};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelbokens namn under rulebooks/, eller dess mapp
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// En JSON-fil med fakta, eller - för standard in
    #[arg(value_name = "FAKTA")]
    facts: PathBuf,
    /// Hur förslaget skrivs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// För människor
    Text,
    /// För program
    Json,
}

/// Carries the command out.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let book = load(config, &arguments.rulebook)?;
    let text = read(&arguments.facts)?;
    let facts = serde_json::from_str::<super::strict_json::Strict>(&text)
        .map(|facts| facts.0)
        .map_err(|error| Invalid(format!("{} är inte rätt JSON: {error}", arguments.facts.display())))?;
    let suggestion = book.suggest(&facts).map_err(|error| Invalid(error.to_string()))?;
    match arguments.format {
        Format::Json => print(&serde_json::to_string_pretty(&suggestion)?),
        Format::Text => print(&suggestion.explain()),
    }
    Ok(ExitCode::SUCCESS)
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
