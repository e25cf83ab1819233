//! `kollega delegations`: what the automated decision function may decide, recorded and ended by signed-in persons.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store, print, sign_in};
use crate::config::Config;
use crate::delegate::{self, Refused, Written};
use crate::model::{Delegation, time_text};
use crate::seal::Seal;
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Registrera ett beslut om delegation, som inloggad administratör
    Add(Add),
    /// Visa delegationerna, nyast först
    List(List),
    /// Låt en delegation upphöra genast, som inloggad administratör
    End(End),
}

#[derive(Debug, Args)]
struct Add {
    /// Roboten som får besluta: mappen under bots/
    #[arg(long, value_name = "ROBOT")]
    bot: String,
    /// Utfall som omfattas; kan anges flera gånger
    #[arg(long = "outcome", value_name = "UTFALL", required = true)]
    outcomes: Vec<Outcome>,
    /// Högsta belopp för bifall, i kronor
    #[arg(long, value_name = "BELOPP")]
    up_to: Option<String>,
    /// Vem som har beslutat: nämnden
    #[arg(long, value_name = "NÄMND")]
    decided_by: String,
    /// När det beslutades
    #[arg(long, value_name = "DATUM", value_parser = date)]
    decided_on: NaiveDate,
    /// Beslutets diarienummer och paragraf
    #[arg(long, value_name = "REFERENS")]
    reference: String,
    /// Första dagen den gäller
    #[arg(long, value_name = "DATUM", value_parser = date)]
    from: NaiveDate,
    /// Sista dagen den gäller; utelämnat: tills vidare
    #[arg(long, value_name = "DATUM", value_parser = date)]
    to: Option<NaiveDate>,
    #[command(flatten)]
    who: sign_in::As,
    /// Hur svaret skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    /// Bifall enligt förslaget
    Approve,
    /// Avslag enligt förslaget
    Deny,
}

#[derive(Debug, Args)]
struct List {
    /// Bara för den här roboten
    #[arg(long, value_name = "ROBOT")]
    bot: Option<String>,
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, Args)]
struct End {
    /// Delegationens id
    #[arg(value_name = "ID")]
    id: String,
    /// Vem som har beslutat det, när och varför
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    who: sign_in::As,
}

/// A delegation as programs read it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    delegation: Delegation,
    /// Whether it is in force now, and as Kollega recorded it.
    in_force: bool,
    /// Whether it is as Kollega recorded it.
    valid: bool,
    #[serde(skip)]
    standing: &'static str,
}

fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| format!("{text} är inget datum: skriv ÅÅÅÅ-MM-DD"))
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.action {
        Action::Add(arguments) => add(config, arguments).await?,
        Action::List(arguments) => list(config, &arguments).await?,
        Action::End(arguments) => end(config, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(config: &Config, arguments: Add) -> anyhow::Result<()> {
    let store = open_store(config).await?;
    let seal = Seal::open(&config.data())?;
    crate::app::agree(&store, &seal, config).await?;
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    let up_to = arguments.up_to.as_deref().map(expression::money::parse).transpose().map_err(Invalid)?;
    let word = |outcome: &Outcome| if *outcome == Outcome::Approve { "approve" } else { "deny" }.to_owned();
    let written = Written {
        bot: arguments.bot,
        outcomes: arguments.outcomes.iter().map(word).collect(),
        up_to,
        decided_by: arguments.decided_by,
        decided_on: arguments.decided_on,
        reference: arguments.reference,
        from: arguments.from,
        to: arguments.to,
    };
    let recorded = delegate::record(&store, config, &seal, &user, written).await.map_err(told)?;
    if arguments.format == Format::Json {
        print(&serde_json::to_string_pretty(&[&recorded])?);
        return Ok(());
    }
    let days = delegate::days(&recorded, wording::timezone(config));
    print(&format!(
        "Delegationen är registrerad: {} får besluta om {} ({}), {days}, enligt {} {}. Id: {}",
        recorded.bot,
        delegate::covers(&recorded),
        recorded.case_kind,
        recorded.decided_by,
        recorded.reference,
        recorded.id
    ));
    print("Roboten beslutar själv först när dess etapp har `mode: automatic`.");
    Ok(())
}

async fn list(config: &Config, arguments: &List) -> anyhow::Result<()> {
    let store = open_store(config).await?;
    let seal = Seal::open(&config.data())?;
    let now = time_text(store.now().await?);
    let row = |delegation: Delegation| {
        let valid = seal.is_valid_delegation(&delegation);
        let standing = if valid { delegate::standing(&delegation, &now) } else { "ogiltig: används inte" };
        Row { in_force: valid && delegation.is_in_force(&now), valid, standing, delegation }
    };
    let rows: Vec<Row> = store.delegations(arguments.bot.as_deref()).await?.into_iter().map(row).collect();
    let columns = [
        Column::Text("Robot"),
        Column::Text("Ärendeslag"),
        Column::Text("Omfattar"),
        Column::Text("Gäller"),
        Column::Text("Läge"),
        Column::Text("Beslutad av"),
        Column::Text("Referens"),
        Column::Text("Registrerad av"),
        Column::Text("Upphävd av"),
        Column::Text("Id"),
    ];
    let empty = "Inga delegationer: en person fattar alla beslut.";
    let zone = wording::timezone(config);
    Table { columns: &columns, records: &rows, empty }.print(arguments.format, |row| {
        let one = &row.delegation;
        vec![
            one.bot.clone(),
            one.case_kind.clone(),
            delegate::covers(one),
            delegate::days(one, zone),
            row.standing.to_owned(),
            format!("{} {}", one.decided_by, one.decided_on),
            one.reference.clone(),
            one.recorded_by.clone(),
            one.ended_by.clone().unwrap_or_default(),
            one.id.clone(),
        ]
    })
}

async fn end(config: &Config, arguments: &End) -> anyhow::Result<()> {
    let store = open_store(config).await?;
    let seal = Seal::open(&config.data())?;
    crate::app::agree(&store, &seal, config).await?;
    let user = sign_in::sign_in(&store, &arguments.who).await?;
    let ended = delegate::end(&store, &seal, &user, &arguments.id, &arguments.reason).await.map_err(told)?;
    print(&format!(
        "Delegationen {} för {} har upphört. Det som funktionen har beslutat men inte utfört lämnas till en person.",
        ended.reference, ended.bot
    ));
    Ok(())
}

/// What was written wrong is wrong usage; the rest is not.
fn told(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Wrong(_) | Refused::Missing(_) => Invalid(refused.to_string()).into(),
        other => other.into(),
    }
}
