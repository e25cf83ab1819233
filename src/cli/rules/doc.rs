//! `kollega rules doc`: the whole rule book as one page, and as PDF, for anybody who asks how suggestions are made.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::named::named;
use crate::cli::{Invalid, print, suggest};
use crate::config::Config;
use crate::document;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Regelbokens namn under rulebooks/, eller dess mapp
    #[arg(value_name = "REGELBOK")]
    rulebook: String,
    /// Mappen som filerna skrivs i: båda formaten, om inget annat är sagt; utelämnat: HTML på standard ut
    #[arg(long, value_name = "MAPP")]
    out: Option<PathBuf>,
    /// En tidigare version, som mapp, etikett eller början på en kontrollsumma: då står också vad som har ändrats sedan dess
    #[arg(long, value_name = "VERSION")]
    since: Option<String>,
    /// Bara det ena formatet
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// En sida att läsa i webbläsaren
    Html,
    /// En fil att skriva ut eller spara
    Pdf,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let book = suggest::load(config, &arguments.rulebook)?;
    let before = match &arguments.since {
        Some(name) => Some(named(config, name).await?.0),
        None => None,
    };
    let page = document::rulebook(&book, before.as_ref())?;
    // What the check finds is in the files; this is the page as it is handed out.
    if decision::has_identity_number(&page) {
        let message = "sidan skulle visa ett personnummer eller samordningsnummer: ta bort det ur regelbokens filer";
        return Err(Invalid(message.into()).into());
    }
    let Some(folder) = &arguments.out else {
        if arguments.format == Some(Format::Pdf) {
            suggest::writable(suggest::Format::Pdf, None)?;
            suggest::write_out(&document::pdf(config, &page).await?, None)?;
        } else {
            print(&page);
        }
        return Ok(ExitCode::SUCCESS);
    };
    if arguments.format != Some(Format::Pdf) {
        write(folder, &format!("{}.html", book.name()), page.as_bytes())?;
    }
    if arguments.format != Some(Format::Html) {
        write(folder, &format!("{}.pdf", book.name()), &document::pdf(config, &page).await?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(folder: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let file = folder.join(name);
    let failed = |error: std::io::Error| Invalid(format!("{} kan inte skrivas: {error}", file.display()));
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, content)).map_err(failed)?;
    print(&format!("skrev {}", file.display()));
    Ok(())
}
