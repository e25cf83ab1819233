//! `kollega rules diff`: what differs between two versions, in Swedish.

use std::process::ExitCode;

use clap::Args;

use super::named::named;
use crate::cli::{Format, print};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Den äldre: regelbokens namn, en mapp, en etikett eller början på en kontrollsumma
    #[arg(value_name = "FRÅN")]
    before: String,
    /// Den nyare, på samma sätt
    #[arg(value_name = "TILL")]
    after: String,
    /// Hur skillnaderna skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (before, told_before) = named(config, &arguments.before).await?;
    let (after, told_after) = named(config, &arguments.after).await?;
    let changes = decision::diff(&before, &after);
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&changes)?);
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("Från {told_before} till {told_after}\n"));
    print(
        match (changes.is_empty(), before.sha256() == after.sha256()) {
            (true, true) => "Versionerna är lika.".to_owned(),
            (true, false) => {
                "Regler, belopp och riktlinjer är lika; bara kommentarer eller utformning skiljer.".to_owned()
            }
            (false, _) => decision::describe(&changes),
        }
        .trim_end(),
    );
    Ok(ExitCode::SUCCESS)
}
