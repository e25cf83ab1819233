//! `kollega items remove`: an ended item is removed wholly; its reference is not taken again.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::super::{open_store, print, print_error, sign_in};
use super::order::named;
use crate::app::agree;
use crate::config::Config;
use crate::model::ItemState;
use crate::seal::Seal;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ärendenas referenser eller id
    #[arg(value_name = "ÄRENDE", required = true)]
    items: Vec<String>,
    /// Bara den här robotens ärenden
    #[arg(long, value_name = "ROBOT")]
    bot: Option<String>,
    /// Varför
    #[arg(long, value_name = "SKÄL")]
    reason: Why,
    #[command(flatten)]
    who: sign_in::As,
}

/// Why an item is removed. Words of ours: what remains may not be personal.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Why {
    /// Gallring: uppgifterna ska inte sparas längre
    Retention,
    /// Den som uppgifterna gäller har begärt det
    Request,
    /// Ärendet lades till av misstag
    Mistake,
    /// Ärendet var till för att prova
    Trial,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Request => "request",
            Self::Mistake => "mistake",
            Self::Trial => "trial",
        }
    }
}

/// Carries the command out.
pub(super) async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let seal = Seal::open(&config.data())?;
    let store = open_store(config).await?.with_seal(seal.clone());
    agree(&store, &seal, config).await?;
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    if !user.has_role("admin") {
        bail!("{} får inte göra detta: det kräver rollen administratör", user.name);
    }
    let (mut kept, mut removed) = (false, false);
    for item in named(&store, &arguments.items, arguments.bot.as_deref()).await? {
        if !item.state.is_final() {
            let first = if item.state == ItemState::Uncertain { "avgör" } else { "avbryt" };
            print_error(&format!("obs: {} är inte avslutat och finns kvar: {first} det först", item.reference));
            kept = true;
            continue;
        }
        store.remove_item(&item.id, &user.name, arguments.reason.as_str()).await?;
        removed = true;
        print(&format!("Ärende {} är borttaget med alla sina uppgifter.", item.reference));
    }
    if removed {
        store.forget_removed().await?;
    }
    Ok(ExitCode::from(u8::from(kept)))
}
