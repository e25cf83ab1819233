//! `kollega sandbox`: only the practice systems.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Mappen för övningssystemens uppgifter
    #[arg(long, value_name = "MAPP")]
    data: Option<PathBuf>,
    /// Den första porten; systemen får den och de följande, 0 för lediga
    #[arg(long, value_name = "PORT", default_value_t = 8711)]
    port: u16,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let data = arguments.data.unwrap_or_else(|| config.data().join("sandbox"));
    let mut settings = ::sandbox::Config::in_folder(data);
    settings.port = arguments.port;
    settings.smtp_port = if arguments.port == 0 { 0 } else { arguments.port + 9 };
    let sandbox = ::sandbox::start(settings).await?;
    let addresses = &sandbox.addresses;
    print("Övningssystemen är igång. Avsluta med Ctrl-C.");
    print(&format!(
        "  Medborgarporten   http://{}   ({} / {})",
        addresses.portal,
        ::sandbox::credentials::PORTAL_USER,
        ::sandbox::credentials::PORTAL_PASSWORD
    ));
    print(&format!(
        "  Akten             http://{}   ({} / {}, PIN {})",
        addresses.akten,
        ::sandbox::credentials::AKTEN_USER,
        ::sandbox::credentials::AKTEN_PASSWORD,
        ::sandbox::credentials::AKTEN_PIN
    ));
    print(&format!("  SSBTEK            http://{}/ssbtek", addresses.ssbtek));
    print(&format!("  Brevlådan         http://{}   (SMTP {})", addresses.mailbox, addresses.smtp));
    print(&format!("  Liggaren          http://{}/api", addresses.ledger));
    print(&format!("  Kontrollpanelen   http://{}", addresses.control));
    crate::stop::wait_for_signal().await;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}
