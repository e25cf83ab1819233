//! `kollega decide`: what the console does, for the terminal and for scripts.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Format, Invalid, open_store, print, sign_in, suggestion};
use crate::config::Config;
use crate::desk::{Desk, Reply};
use crate::explanation::Explanation;
use crate::model::{Decision, Item, StoredSuggestion};
use crate::seal::Seal;
use crate::store::Answer;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Ärendets referens eller id
    #[arg(value_name = "ÄRENDE")]
    item: String,
    /// Ditt beslut; utelämnat visas bara förslaget
    #[arg(value_name = "BESLUT")]
    answer: Option<Choice>,
    /// Beloppet i kronor, när du ändrar: 1234,50
    #[arg(long, value_name = "BELOPP", allow_hyphen_values = true)]
    amount: Option<String>,
    /// Motivering: krävs när du ändrar, och när du avslår mot förslaget
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// En textfil med motiveringen som den sökande läser, eller - för standard in efter lösenordet; utelämnat: utkastet
    #[arg(long, value_name = "FIL")]
    motivation: Option<PathBuf>,
    /// Förslaget som du svarar på; utelämnat visas det först
    #[arg(long, value_name = "ID")]
    suggestion: Option<String>,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur förslaget och beslutet skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Godkänn förslaget som det är
    Approve,
    /// Bevilja ett annat belopp
    Change,
    /// Avslå
    Deny,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let answer = arguments.answer.map(|choice| answer(choice, arguments.amount.as_deref())).transpose()?;
    let store = open_store(config).await?;
    let Some(item) = store.find_item(&arguments.item).await? else {
        return Err(Invalid(format!("ärendet {} finns inte: se `kollega items`", arguments.item)).into());
    };
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    let seal = Seal::open(&config.data())?;
    // Under another key than the other nodes have, the decision would be believed by none of them.
    crate::app::agree(&store, &seal, config).await?;
    let motivation = arguments.motivation.as_deref().map(motivation).transpose()?;
    let desk = Desk { store, config: Arc::new(config.clone()), seal };
    desk.admit(&item, &user).await?;
    let current = desk.whole_suggestion(&item).await?.context("ärendet har inget förslag")?;
    let Some(answer) = answer else {
        show(&item, &current, arguments.format)?;
        return Ok(ExitCode::SUCCESS);
    };
    let suggestion = if let Some(named) = arguments.suggestion {
        answered(named, &current)
    } else {
        if arguments.format == Format::Table {
            show(&item, &current, Format::Table)?;
            confirm()?;
        }
        current.id
    };
    let decision =
        desk.decide(&item, &user, Reply { suggestion, answer, reason: arguments.reason, motivation }).await?;
    told(&item, &decision, arguments.format)?;
    Ok(ExitCode::SUCCESS)
}

fn answer(choice: Choice, amount: Option<&str>) -> Result<Answer, Invalid> {
    match (choice, amount) {
        (Choice::Approve, None) => Ok(Answer::Approve),
        (Choice::Deny, None) => Ok(Answer::Deny),
        (Choice::Change, Some(text)) => {
            expression::money::parse(text).map(|amount| Answer::Change { amount }).map_err(Invalid)
        }
        (Choice::Change, None) => Err(Invalid("ange beloppet: --amount 1234,50".into())),
        (_, Some(_)) => Err(Invalid("--amount hör bara till change".into())),
    }
}

/// The reasons that the person has written.
fn motivation(file: &Path) -> Result<String, Invalid> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    read.map(|()| text).map_err(|error| Invalid(format!("{} kan inte läsas: {error}", file.display())))
}

/// The stored suggestion that was named, by its own id or by the decision library's.
fn answered(named: String, current: &StoredSuggestion) -> String {
    if named == current.suggestion_id { current.id.clone() } else { named }
}

/// Asks the person at a terminal; a script has said what it wants.
fn confirm() -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    let mut out = io::stderr().lock();
    write!(out, "Fatta beslutet? [j/N] ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    if matches!(line.trim(), "j" | "J" | "ja") { Ok(()) } else { anyhow::bail!("inget beslut fattades") }
}

fn show(item: &Item, stored: &StoredSuggestion, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let record = json!({
            "item": item.id, "reference": item.reference, "suggestion": stored.id,
            "suggestion_id": stored.suggestion_id, "at": stored.at, "answer": stored.answer,
        });
        print(&serde_json::to_string_pretty(&[record])?);
        return Ok(());
    }
    let explanation = Explanation::of(stored).context("förslaget kan inte läsas")?;
    print(&format!("Ärende {}\n", item.reference));
    print(&suggestion::text(&explanation));
    print(&format!("\nFörslagets id: {}", stored.id));
    Ok(())
}

fn told(item: &Item, decision: &Decision, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        let record = json!({
            "item": item.id, "reference": item.reference, "decision": decision.id, "suggestion": decision.suggestion,
            "suggestion_id": decision.suggestion_id, "outcome": decision.outcome, "amount": decision.amount,
            "changed": decision.changed, "person": decision.person, "role": decision.role, "at": decision.at,
        });
        print(&serde_json::to_string_pretty(&[record])?);
        return Ok(());
    }
    let amount = decision.amount.as_deref().map(|amount| format!(", {} kr", wording::kronor(amount)));
    let outcome = wording::outcome(&decision.outcome);
    print(&format!("Beslutet är registrerat: ärende {}, {outcome}{}.", item.reference, amount.unwrap_or_default()));
    Ok(())
}
