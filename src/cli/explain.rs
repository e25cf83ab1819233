//! `kollega explain`: why an item's suggestion is what it is, for those who may see the item.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Invalid, open_store, sign_in, suggest};
use crate::config::Config;
use crate::desk::Desk;
use crate::document;
use crate::seal::Seal;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Ärendets referens eller id
    #[arg(value_name = "ÄRENDE")]
    item: String,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur förklaringen skrivs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: suggest::Format,
    /// Bara brevet till den sökande: beslutet, motiveringen och hur man överklagar (html eller pdf)
    #[arg(long)]
    letter: bool,
    /// Filen som det skrivs till; utelämnat: standard ut
    #[arg(long, value_name = "FIL")]
    out: Option<PathBuf>,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    suggest::writable(arguments.format, arguments.out.as_deref())?;
    if arguments.letter && !matches!(arguments.format, suggest::Format::Html | suggest::Format::Pdf) {
        return Err(Invalid("brevet skrivs som --format html eller --format pdf".into()).into());
    }
    let store = open_store(config).await?;
    let Some(item) = store.find_item(&arguments.item).await? else {
        return Err(Invalid(format!("ärendet {} finns inte: se `kollega items`", arguments.item)).into());
    };
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    let desk = Desk { store, config: Arc::new(config.clone()), seal: Seal::open(&config.data())? };
    let explained = desk.explained(&item, &user).await?;
    let page = async || if arguments.letter { explained.letter() } else { desk.page(&explained).await };
    let written = match arguments.format {
        suggest::Format::Text => explained.text()?.into_bytes(),
        suggest::Format::Json => serde_json::to_string_pretty(&explained.json())?.into_bytes(),
        suggest::Format::Html => page().await?.into_bytes(),
        suggest::Format::Pdf => document::pdf(config, &page().await?).await?,
    };
    suggest::write_out(&written, arguments.out.as_deref())?;
    Ok(ExitCode::SUCCESS)
}
