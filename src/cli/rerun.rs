//! `kollega rerun`: a new attempt of an ended item under the same reference.

use std::process::ExitCode;

use clap::Args;

use super::{open_store, print, settle, sign_in};
use crate::config::Config;
use crate::operate;
use crate::store::Operation;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Ärendets referens eller id
    #[arg(value_name = "ÄRENDE")]
    item: String,
    #[command(flatten)]
    reason: sign_in::Reason,
    #[command(flatten)]
    who: sign_in::As,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let (user, item) = settle::operator(&store, &arguments.who, &arguments.item).await?;
    let reason = arguments.reason.read()?;
    operate::order(&store, &item, &user, Operation::Rerun, &reason).await?;
    print(&format!("Ärende {} står i kö för försök {}.", item.reference, item.attempt + 1));
    Ok(ExitCode::SUCCESS)
}
