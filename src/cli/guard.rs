//! `kollega guard`: the small process beside a worker that ends browsers whose lease is not renewed. Hidden.

use std::process::ExitCode;

/// Carries the command out.
pub async fn run() -> anyhow::Result<ExitCode> {
    tokio::task::spawn_blocking(crate::browser::guard::guard_main).await??;
    Ok(ExitCode::SUCCESS)
}
