//! `kollega systems`: the systems and their circuits; `reset` lets work into one again.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Column, Format, Invalid, Table, open_store, print, sign_in};
use crate::bot::System;
use crate::config::Config;
use crate::model::Circuit;
use crate::store::Store;
use crate::{desk, wording};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Stäng kretsbrytaren för ett system så att det prövas igen, som inloggad person
    Reset(Reset),
}

#[derive(Debug, Args)]
struct Reset {
    /// Systemets namn
    #[arg(value_name = "SYSTEM")]
    system: String,
    /// Varför, utan personuppgifter: det sparas i loggen
    #[arg(long, value_name = "SKÄL")]
    reason: String,
    #[command(flatten)]
    who: sign_in::As,
}

#[derive(Serialize)]
struct Row {
    system: String,
    title: String,
    url: String,
    timeout_s: u64,
    settle_s: u64,
    /// `closed`, `open` or `probing`.
    circuit: &'static str,
    /// How it fails, while the circuit is open.
    circuit_kind: Option<String>,
    circuit_since: Option<String>,
    circuit_retry_at: Option<String>,
    /// How many items and runs wait.
    circuit_waiting: i64,
    problem: Option<String>,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    match arguments.action {
        Some(Action::Reset(reset_it)) => reset(&store, reset_it).await,
        None => show(config, &store, arguments.format).await,
    }
}

async fn show(config: &Config, store: &Store, format: Format) -> anyhow::Result<ExitCode> {
    let open = store.open_circuits().await?;
    let mut rows = Vec::new();
    for name in config.systems.keys() {
        rows.push(row(config, store, name, &open).await?);
    }
    // Sending mail is a system too, and shown when its circuit is open.
    if open.iter().any(|circuit| circuit.system == "mail") {
        rows.push(row(config, store, "mail", &open).await?);
    }
    let columns = &[
        Column::Text("System"),
        Column::Text("Titel"),
        Column::Text("Adress"),
        Column::Number("Tidsgräns (s)"),
        Column::Number("Lugn tid (s)"),
        Column::Text("Kretsbrytare"),
    ];
    let empty = "Inga system. Lägg till [systems.<namn>] med url i kollega.toml.";
    Table { columns, records: &rows, empty }.print(format, |row| {
        let title = row.problem.as_ref().map_or_else(|| row.title.clone(), |why| format!("fel: {why}"));
        let circuit = open.iter().find(|circuit| circuit.system == row.system);
        let circuit = circuit.map_or_else(
            || "stängd".to_owned(),
            |circuit| {
                let told = wording::circuit(circuit, wording::timezone(config));
                format!("{told}; {} väntar", row.circuit_waiting)
            },
        );
        vec![row.system.clone(), title, row.url.clone(), row.timeout_s.to_string(), row.settle_s.to_string(), circuit]
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn row(config: &Config, store: &Store, name: &str, open: &[Circuit]) -> anyhow::Result<Row> {
    let circuit = open.iter().find(|circuit| circuit.system == name);
    let waiting = match circuit {
        Some(circuit) => store.waiting_for_circuit(&circuit.circuit_id()).await?,
        None => 0,
    };
    let own = config.systems.get(name);
    let file = own.map(|_| System::load(&config.system_file(name)));
    let (title, problem) = match file {
        Some(Ok(file)) => (file.title.unwrap_or_default(), None),
        Some(Err(problems)) => (String::new(), problems.first().map(ToString::to_string)),
        None => ("E-post".to_owned(), None),
    };
    Ok(Row {
        system: name.to_owned(),
        title,
        url: own.map_or_else(|| config.mail.host.clone(), |own| own.url.clone()),
        timeout_s: own.map_or(0, |own| own.timeout.as_secs()),
        settle_s: own.map_or(0, |own| own.settle.as_secs()),
        circuit: circuit.map_or("closed", |circuit| circuit.state.as_str()),
        circuit_kind: circuit.and_then(|circuit| circuit.kind.clone()),
        circuit_since: circuit.and_then(|circuit| circuit.opened_at.clone()),
        circuit_retry_at: circuit.and_then(|circuit| circuit.retry_at.clone()),
        circuit_waiting: waiting,
        problem,
    })
}

async fn reset(store: &Store, reset: Reset) -> anyhow::Result<ExitCode> {
    let reason = reset.reason.trim();
    if reason.is_empty() {
        return Err(Invalid("skriv ett skäl: --reason \"kontot är upplåst\"".into()).into());
    }
    let user = sign_in::sign_in(store, &reset.who).await?;
    if !desk::may_operate(&user) {
        bail!("{} får inte göra detta: det kräver rollen {}", user.name, wording::any_role(desk::OPERATORS));
    }
    match store.reset_circuits(&reset.system, &user.name, reason).await? {
        0 => bail!("ingen kretsbrytare för {} är öppen: se `kollega systems`", reset.system),
        _ => print(&format!("Kretsbrytaren för {} är stängd: det som väntade prövas nu.", reset.system)),
    }
    Ok(ExitCode::SUCCESS)
}
