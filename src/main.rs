//! The program `kollega`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    kollega::cli::main().await
}
