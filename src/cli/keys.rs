//! `kollega keys`: carries the installation's keys to another machine, and says which key is the installation's.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Invalid, open_store, print, sign_in};
use crate::app::SEAL;
use crate::config::Config;
use crate::desk;
use crate::seal::Seal;
use crate::secret::{Secret, bundle};
use crate::wording;

/// The shortest passphrase, in characters.
const SHORTEST: usize = 16;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Samla nycklarna och hemligheterna i en fil, krypterad med ett lösenord som du väljer
    Export {
        /// Filen, som inte får finnas
        #[arg(value_name = "FIL")]
        file: PathBuf,
        /// Läs lösenordet från standard in
        #[arg(long)]
        passphrase_stdin: bool,
    },
    /// Lägg in nycklarna och hemligheterna från en sådan fil på den här datorn
    Import {
        /// Filen
        #[arg(value_name = "FIL")]
        file: PathBuf,
        /// Läs lösenordet från standard in
        #[arg(long)]
        passphrase_stdin: bool,
    },
    /// Gör den här datorns nyckel till installationens, när den förra är förlorad: beslut före det gäller inte längre
    Replace(sign_in::As),
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Export { file, passphrase_stdin } => {
            let passphrase = passphrase(passphrase_stdin, true)?;
            Seal::open(&config.data())?;
            let bytes = bundle::pack(&config.data(), &passphrase)?;
            let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
            let mut made = made.with_context(|| format!("{} kan inte skapas", file.display()))?;
            made.write_all(&bytes).with_context(|| format!("{} kan inte skrivas", file.display()))?;
            print(&format!(
                "Nycklarna är sparade i {}. Lägg in dem på den andra datorn med `kollega keys import`, och ta sedan bort \
                 filen.",
                file.display()
            ));
        }
        Command::Import { file, passphrase_stdin } => {
            let passphrase = passphrase(passphrase_stdin, false)?;
            let put = bundle::unpack(&config.data(), &file, &passphrase).map_err(|error| Invalid(error.to_string()))?;
            if put.is_empty() {
                print("Datorn hade redan samma nycklar och hemligheter.");
            } else {
                print(&format!(
                    "Inlagt: {}. Det som fanns förut ligger kvar bredvid, med en siffra sist.",
                    put.join(", ")
                ));
            }
        }
        Command::Replace(who) => replace(config, &who).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn replace(config: &Config, who: &sign_in::As) -> anyhow::Result<()> {
    let store = open_store(config).await?;
    let user = sign_in::sign_in(&store, who).await?;
    if !desk::may_operate(&user) {
        bail!("{} får inte göra detta: det kräver rollen {}", user.name, wording::any_role(desk::OPERATORS));
    }
    let seal = Seal::open(&config.data())?;
    store.set_fingerprint(SEAL, &seal.fingerprint(&[]), &user.name).await?;
    print("Den här datorns nyckel är nu installationens. Beslut som är fattade under den förra gäller inte längre.");
    let lost = store.forget_reference_key().await?;
    if lost > 0 {
        let items = wording::count(lost, "borttaget ärende", "borttagna ärenden");
        print(&format!("{items} känns inte längre igen: se till att inget av dem läggs in på nytt."));
    }
    Ok(())
}

fn passphrase(from_stdin: bool, new: bool) -> anyhow::Result<Secret> {
    let text = if from_stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("lösenordet kunde inte läsas")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    } else if std::io::stdin().is_terminal() {
        let text = rpassword::prompt_password("Lösenord för filen: ").context("lösenordet kunde inte läsas")?;
        if new && rpassword::prompt_password("Samma lösenord en gång till: ")? != text {
            return Err(Invalid("lösenorden är olika".into()).into());
        }
        text
    } else {
        return Err(Invalid("det finns ingen terminal att fråga i: använd --passphrase-stdin".into()).into());
    };
    if new && text.chars().count() < SHORTEST {
        return Err(Invalid(format!("lösenordet är för kort: minst {SHORTEST} tecken")).into());
    }
    Ok(Secret::new(text))
}
