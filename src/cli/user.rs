//! `kollega user`: people who may sign in.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store, print, sign_in};
use crate::config::Config;
use crate::model::{ROLES, User};
use crate::store::Store;
use crate::{person, wording};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lägg till en person, eller ge en person nya roller och nytt lösenord
    Add(Add),
    /// Visa alla personer
    List {
        /// Hur listan skrivs
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: Format,
    },
    /// Stäng av en person och avsluta dennes sessioner
    Disable {
        /// Användarnamnet
        #[arg(value_name = "NAMN")]
        name: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// Användarnamnet
    #[arg(value_name = "NAMN")]
    name: String,
    /// Vad personen heter, som det ska stå i beslut och brev; utan det står användarnamnet där
    #[arg(long = "name", value_name = "FULLT NAMN")]
    full_name: Option<String>,
    /// Personens roll; kan anges flera gånger
    #[arg(long = "role", value_name = "ROLL", required = true, value_parser = PossibleValuesParser::new(ROLES))]
    roles: Vec<String>,
    /// Läs lösenordet från standard in
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    full_name: Option<String>,
    roles: Vec<String>,
    created_at: String,
    disabled_at: Option<String>,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    match arguments.command {
        Command::Add(add_arguments) => add(&store, add_arguments).await,
        Command::List { format } => list(config, &store, format).await,
        Command::Disable { name } => disable(&store, &name).await,
    }
}

async fn add(store: &Store, arguments: Add) -> anyhow::Result<ExitCode> {
    let name = arguments.name.trim();
    if name.is_empty() || name.chars().any(|c| c.is_control() || c == ':') {
        return Err(Invalid("användarnamnet får inte vara tomt eller innehålla kolon".into()).into());
    }
    let full_name = arguments.full_name.as_deref().map(str::trim);
    if full_name.is_some_and(|name| name.is_empty() || name.chars().any(char::is_control)) {
        return Err(Invalid("namnet efter --name får inte vara tomt eller ha radbrytningar".into()).into());
    }
    let password = sign_in::new_password(arguments.password_stdin)?;
    let known = store.users().await?.iter().any(|user| user.name == name);
    match person::add(store, name, full_name, &password, &arguments.roles).await {
        Err(error @ person::Error::TooShort) => return Err(Invalid(error.to_string()).into()),
        result => result?,
    }
    let roles: Vec<&str> = arguments.roles.iter().map(|role| wording::role(role)).collect();
    let what = if known { "har fått nya roller och nytt lösenord" } else { "är tillagd" };
    print(&format!("{name} {what} ({}).", roles.join(", ")));
    Ok(ExitCode::SUCCESS)
}

async fn list(config: &Config, store: &Store, format: Format) -> anyhow::Result<ExitCode> {
    let records: Vec<Row> = store.users().await?.into_iter().map(row).collect();
    let timezone = wording::timezone(config);
    let table = Table {
        columns: &[
            Column::Text("Användare"),
            Column::Text("Namn"),
            Column::Text("Roller"),
            Column::Text("Tillagd"),
            Column::Text("Avstängd"),
        ],
        records: &records,
        empty: "Inga personer ännu. Lägg till en med `kollega user add NAMN --role caseworker`.",
    };
    table.print(format, |row| {
        let disabled = row.disabled_at.as_deref().map(|at| wording::local_time(at, timezone)).unwrap_or_default();
        let (name, full_name) = (row.name.clone(), row.full_name.clone().unwrap_or_default());
        vec![name, full_name, row.roles.join(", "), wording::local_time(&row.created_at, timezone), disabled]
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(user: User) -> Row {
    let roles = serde_json::from_str(&user.roles).unwrap_or_default();
    Row {
        name: user.name,
        full_name: user.full_name,
        roles,
        created_at: user.created_at,
        disabled_at: user.disabled_at,
    }
}

async fn disable(store: &Store, name: &str) -> anyhow::Result<ExitCode> {
    if !store.disable_user(name).await? {
        return Err(Invalid(format!("{name} finns inte eller är redan avstängd")).into());
    }
    print(&format!("{name} är avstängd och utloggad."));
    Ok(ExitCode::SUCCESS)
}
