//! `kollega nodes`: which programs are at work on the installation's machines, and what each of them holds.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Column, Format, Table, open_store, print};
use crate::config::Config;
use crate::model::{Node, NodeState, Unreadable};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Hur listan skrivs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct NodeRow {
    node: String,
    kind: String,
    /// `alive`, `draining` or `dead`.
    state: &'static str,
    pools: Vec<String>,
    sessions: i64,
    version: String,
    started_at: String,
    seen_at: String,
    /// The references of the items that it holds.
    items: Vec<String>,
    /// Whether it has the same secrets as the newest node.
    same_secrets: bool,
    /// Whether its bots have the same scripts as the newest node's.
    same_bots: bool,
    /// The bots that it can't read, whose work it leaves to others.
    unreadable: Vec<Unreadable>,
}

/// Carries the command out.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let nodes = store.nodes().await?;
    let newest = nodes.iter().rev().find(|node| node.state != "dead").map(|node| node.node.clone());
    let rows: Vec<NodeRow> = nodes.into_iter().map(|node| row(node, newest.as_ref())).collect();
    let columns = &[
        Column::Text("Nod"),
        Column::Text("Slag"),
        Column::Text("Läge"),
        Column::Text("Pooler"),
        Column::Number("Samtidiga"),
        Column::Text("Version"),
        Column::Text("Startad"),
        Column::Text("Hördes senast"),
        Column::Text("Ärenden"),
    ];
    let empty = "Inga noder är i gång. Starta `kollega serve`.";
    let timezone = wording::timezone(config);
    let format = arguments.format;
    Table { columns, records: &rows, empty }.print(format, |row| {
        let mut state = match row.state {
            "alive" => "i gång",
            "draining" => "avslutas",
            _ => "död",
        }
        .to_owned();
        if row.state == "alive" && !row.same_secrets {
            state += ", andra hemligheter";
        }
        if row.state == "alive" && !row.same_bots {
            state += ", andra robotar";
        }
        if row.state == "alive" && !row.unreadable.is_empty() {
            state += ", kan inte läsa alla robotar";
        }
        vec![
            row.node.clone(),
            row.kind.clone(),
            state,
            row.pools.join(", "),
            row.sessions.to_string(),
            row.version.clone(),
            wording::local_time(&row.started_at, timezone),
            wording::local_seconds(&row.seen_at, timezone),
            row.items.join(", "),
        ]
    })?;
    if format == Format::Table {
        for row in rows.iter().filter(|row| row.state != "dead") {
            for Unreadable { bot, why, .. } in &row.unreadable {
                print(&format!("{} kan inte läsa roboten {bot}, och lämnar dess arbete åt andra: {why}", row.node));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(state: NodeState, newest: Option<&Node>) -> NodeRow {
    let NodeState { node, state, holds } = state;
    NodeRow {
        pools: node.pools(),
        unreadable: node.unreadable(),
        same_secrets: newest.is_none_or(|newest| newest.secrets == node.secrets),
        same_bots: newest.is_none_or(|newest| newest.bots == node.bots),
        node: node.name,
        kind: node.kind,
        state,
        sessions: node.sessions,
        version: node.version,
        started_at: node.started_at,
        seen_at: node.seen_at,
        items: holds,
    }
}
