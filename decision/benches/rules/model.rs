//! The rule book's tables as a decision model of ZEN's: amounts by year and age group, shared costs by year and persons,
//! guidelines by kind and household; and an expression that adds.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Debug, Deserialize)]
struct Amounts {
    year: i32,
    cells: BTreeMap<String, Cell>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    amount: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Guidelines {
    guidelines: Vec<Guideline>,
}

#[derive(Debug, Deserialize)]
struct Guideline {
    cost: String,
    valid: Valid,
    ceiling: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Valid {
    from: String,
    to: Option<String>,
}

/// The model of a rule book's folder.
pub fn of_folder(folder: &Path) -> anyhow::Result<Json> {
    let (mut personal, mut shared) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder.join("amounts")).context("no folder of amounts")? {
        let file: Amounts = serde_saphyr::from_str(&std::fs::read_to_string(entry?.path())?)?;
        for (name, amount) in file.cells.iter().filter_map(|(name, cell)| Some((name, cell.amount.as_ref()?))) {
            let year = file.year.to_string();
            match name.split_once('.') {
                Some(("shared", members)) => shared.push(json!({"year": year, "members": members, "shared": amount})),
                Some(_) => personal.push(json!({"year": year, "cell": format!("\"{name}\""), "personal": amount})),
                None => {}
            }
        }
    }
    let mut ceilings = Vec::new();
    let file: Guidelines = serde_saphyr::from_str(&std::fs::read_to_string(folder.join("guidelines.yaml"))?)?;
    for guideline in file.guidelines {
        let number = |month: &str| month.replace('-', "");
        let to = guideline.valid.to.as_deref().map_or("999912".to_owned(), number);
        let months = format!("[{}..{to}]", number(&guideline.valid.from));
        for (household, ceiling) in guideline.ceiling {
            ceilings.push(json!({"kind": format!("\"{}\"", guideline.cost), "household": format!("\"{household}\""),
                "month": months, "ceiling": ceiling}));
        }
    }
    let nodes = [
        json!({"id": "in", "name": "in", "type": "inputNode"}),
        table("persons", &["year", "cell"], "personal", &personal, Some("persons")),
        table("shared", &["year", "members"], "shared", &shared, None),
        table("costs", &["kind", "household", "month"], "ceiling", &ceilings, Some("costs")),
        json!({"id": "sum", "name": "sum", "type": "expressionNode", "content": {"passThrough": false, "expressions": [
            {"id": "norm", "key": "norm", "value": "sum(map(persons, #.personal / #.share)) + shared"},
            {"id": "need", "key": "need", "value": "$.norm + sum(map(costs, #.applied))"},
            {"id": "over", "key": "over", "value": "some(costs, #.applied > #.ceiling)"},
            {"id": "income", "key": "income", "value": "sum(map(incomes, #.net))"},
            {"id": "amount", "key": "amount", "value": "max([0, $.need - $.income])"}
        ]}}),
        json!({"id": "out", "name": "out", "type": "outputNode"}),
    ];
    let edge = |pair: &[Json]| {
        json!({"id": format!("{}-{}", pair[0]["id"], pair[1]["id"]), "type": "edge",
        "sourceId": pair[0]["id"], "targetId": pair[1]["id"]})
    };
    let edges: Vec<Json> = nodes.windows(2).map(edge).collect();
    let place = |mut node: Json| {
        node["position"] = json!({"x": 0, "y": 0});
        node
    };
    Ok(json!({"nodes": nodes.map(place), "edges": edges}))
}

/// A decision table of which the first row that fits answers; `each`: for every element of a list.
fn table(name: &str, inputs: &[&str], output: &str, rows: &[Json], each: Option<&str>) -> Json {
    let column = |name: &&str| json!({"id": name, "name": name, "field": name});
    let numbered = |(number, row): (usize, &Json)| {
        let mut row = row.clone();
        row["_id"] = json!(format!("{name}-{number}"));
        row
    };
    json!({"id": name, "name": name, "type": "decisionTableNode", "content": {
        "hitPolicy": "first", "passThrough": true, "executionMode": if each.is_some() { "loop" } else { "single" },
        "inputField": each, "outputPath": each,
        "inputs": inputs.iter().map(column).collect::<Vec<_>>(), "outputs": [column(&output)],
        "rules": rows.iter().enumerate().map(numbered).collect::<Vec<_>>(),
    }})
}
