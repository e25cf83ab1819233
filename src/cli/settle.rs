//! `kollega settle`: a person has looked at an uncertain item's system and says what became of the commit.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::{Invalid, open_store, print, sign_in};
use crate::config::Config;
use crate::desk;
use crate::model::{IntentOutcome, Item, User};
use crate::store::Store;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Ärendets referens eller id
    #[arg(value_name = "ÄRENDE")]
    item: String,
    /// Vad du såg i det andra systemet
    #[arg(value_name = "SVAR")]
    answer: Seen,
    #[command(flatten)]
    who: sign_in::As,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Seen {
    /// Det sparades: gå vidare
    Did,
    /// Det sparades inte: gör steget igen
    DidNot,
    /// Jag tar över ärendet
    TakeOver,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let (user, item) = operator(&store, &arguments.who, &arguments.item).await?;
    let (outcome, said) = match arguments.answer {
        Seen::Did => (Some(IntentOutcome::Done), "det sparades; roboten går vidare"),
        Seen::DidNot => (Some(IntentOutcome::NotDone), "det sparades inte; roboten gör steget igen"),
        Seen::TakeOver => (None, "ärendet är ditt; roboten rör det inte mer"),
    };
    store.settle_by_person(&item, outcome, &user.name).await?;
    print(&format!("Ärende {}: {said}.", item.reference));
    Ok(ExitCode::SUCCESS)
}

/// The signed-in person, if they may operate, and the item.
pub(super) async fn operator(store: &Store, who: &sign_in::As, name: &str) -> anyhow::Result<(User, Item)> {
    let Some(item) = store.find_item(name).await? else {
        return Err(Invalid(format!("ärendet {name} finns inte: se `kollega items`")).into());
    };
    let user = sign_in::sign_in(store, who).await?;
    if !desk::may_operate(&user) {
        bail!("{} får inte göra detta: det kräver rollen {}", user.name, wording::any_role(desk::OPERATORS));
    }
    Ok((user, item))
}
