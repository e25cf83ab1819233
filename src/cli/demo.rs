//! `kollega demo`: the practice systems, scheduler, worker and console on this machine; the shipped bot does a day's work.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config::Config;
use crate::demo::{self, Options};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Låt ett skript besluta i handläggarens ställe, och kontrollera att allt slutar som det ska
    #[arg(long)]
    unattended: bool,
    /// Visa webbläsarna på skärmen
    #[arg(long)]
    headed: bool,
    /// Mappen för allt som demon skriver
    #[arg(long, value_name = "MAPP", default_value = ".kollega/demo")]
    data: PathBuf,
    /// Övningssystemens första port; 0 för lediga
    #[arg(long, value_name = "PORT", default_value_t = 8711)]
    port: u16,
    /// Låt övningssystemen fela, lika för samma frö
    #[arg(long, value_name = "FRÖ", num_args = 0..=1, default_missing_value = "1")]
    faults: Option<u64>,
    /// Börja om från början även om en demo har avbrutits
    #[arg(long)]
    reset: bool,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { unattended, headed, data, port, faults, reset } = arguments;
    let right = Box::pin(demo::run(config, &Options { data, unattended, headed, port, faults, reset })).await?;
    Ok(ExitCode::from(u8::from(!right)))
}
