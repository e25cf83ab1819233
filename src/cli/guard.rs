//! `kollega guard`: the small process beside a worker that ends browsers whose lease is not renewed. Hidden.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Mappen där webbläsarna antecknas
    #[arg(value_name = "MAPP")]
    journal: Option<PathBuf>,
}

/// Carries the command out.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    tokio::task::spawn_blocking(move || crate::browser::guard::guard_main(arguments.journal.as_deref())).await??;
    Ok(ExitCode::SUCCESS)
}
