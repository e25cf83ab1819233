//! ZEN's part: the same households as it wants them, run by `zen.mjs` in Node, and its sums compared with ours.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use decision::{Money, Outcome, RuleBook, Suggestion};
use serde_json::{Value as Json, json};

use super::model;

/// What Node measured.
#[derive(Debug, serde::Deserialize)]
pub struct Measured {
    pub version: String,
    /// How many households were evaluated in each round.
    pub households: usize,
    /// Processor seconds of each round.
    pub seconds: Vec<f64>,
}

/// Lets ZEN evaluate the households that both can work out.
pub fn measure(
    book: &RuleBook,
    folder: &Path,
    lines: &[String],
    peers: &Path,
    rounds: usize,
) -> anyhow::Result<Measured> {
    let households: Vec<Json> = lines.iter().filter_map(|line| household(book, line)).collect();
    ensure!(households.len() > 100, "too few households are comparable");
    fs::write(peers.join("model.json"), model::of_folder(folder)?.to_string())?;
    fs::write(peers.join("households.json"), json!(households).to_string())?;
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/rules/zen.mjs"), peers.join("zen.mjs"))?;
    let program = Command::new("node")
        .args(["zen.mjs", &rounds.to_string()])
        .current_dir(peers)
        .stderr(Stdio::inherit())
        .output()
        .context("node can't be started")?;
    ensure!(program.status.success(), "ZEN's part failed");
    Ok(serde_json::from_slice(&program.stdout)?)
}

/// The household as ZEN is given it, with what it must answer. What takes dates to know (age, the group of the table) is
/// worked out for it. Nothing where our suggestion uses rules that the model does not have.
fn household(book: &RuleBook, line: &str) -> Option<Json> {
    let facts: Json = serde_json::from_str(line).ok()?;
    let suggestion = book.suggest(&facts).ok()?;
    let comparable = ["norm.personal", "norm.shared", "cost", "income"];
    let is_comparable = suggestion.lines.iter().all(|line| comparable.contains(&line.rule.as_str()));
    if suggestion.outcome == Outcome::Refer || !is_comparable {
        return None;
    }
    let month = suggestion.period.replace('-', "").parse::<u32>().ok()?;
    let (year, couple) = (month / 100, facts["household"]["kind"] == "couple");
    let person = |cell: &str| {
        let share = if couple && cell.starts_with("adults") { 2 } else { 1 };
        json!({"year": year, "cell": cell, "share": share})
    };
    let members = facts["household"]["adults"].as_array()?.len() + facts["household"]["children"].as_array()?.len();
    let single = if members > 1 { "family" } else { "single" };
    let number = |value: &Json| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let cost = |row: &Json| {
        Some(json!({"kind": row["kind"], "household": single, "month": month, "applied": number(&row["applied"])?}))
    };
    let kronor = |amount: Money| amount.to_string().parse::<f64>().ok();
    let total = |amount: Option<Money>| amount.and_then(kronor);
    // The rule book chooses which months' incomes count; ZEN is given those.
    let counted = suggestion.lines.iter().filter(|line| line.rule == "income");
    let incomes = counted.map(|line| Some(json!({"net": -kronor(line.amount)?}))).collect::<Option<Vec<_>>>()?;
    Some(json!({
        "facts": {"year": year, "members": members,
            "persons": cells(&suggestion).iter().map(|cell| person(cell)).collect::<Vec<_>>(),
            "costs": facts["costs"].as_array()?.iter().map(cost).collect::<Option<Vec<_>>>()?,
            "incomes": incomes},
        "norm": total(suggestion.norm)?, "need": total(suggestion.need)?, "amount": total(suggestion.amount)?,
    }))
}

/// The cells of the table that our lines used for persons: their names stand in the explanation.
fn cells(suggestion: &Suggestion) -> Vec<String> {
    let lines = suggestion.lines.iter().filter(|line| line.rule == "norm.personal");
    let from = lines.filter_map(|line| line.inputs.get("personal")?.from.clone());
    from.filter_map(|from| Some(from.split_once(", ")?.1.split_once(':')?.0.to_owned())).collect()
}
