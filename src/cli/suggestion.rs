//! A suggestion as text: what it says, why it refers, and the calculation line by line.

use super::Column;
use super::aligned;
use crate::explanation::{Explanation, Line};
use crate::wording;

/// The whole explanation.
pub fn text(explanation: &Explanation) -> String {
    let amount = explanation.amount.as_deref().map(|amount| format!(", {} kr", wording::kronor(amount)));
    let mut lines = vec![format!("Förslag: {}{}", wording::outcome(&explanation.outcome), amount.unwrap_or_default())];
    lines.extend(explanation.refer.iter().map(|referral| format!("  - {} ({})", referral.reason, referral.code)));
    lines.extend(explanation.notes.iter().map(|note| format!("  Obs: {}", note.text)));
    lines.push(sums(explanation));
    if !explanation.lines.is_empty() {
        let columns = [Column::Text("Regel"), Column::Text("Person"), Column::Number("Kronor"), Column::Text("Källa")];
        let rows: Vec<Vec<String>> = explanation.lines.iter().map(row).collect();
        lines.push(format!("\n{}", aligned(&columns, &rows)));
    }
    lines.join("\n")
}

fn sums(explanation: &Explanation) -> String {
    let sums = [
        ("Riksnorm", &explanation.norm),
        ("behov", &explanation.need),
        ("inkomster", &explanation.income),
        ("överskott", &explanation.surplus),
    ];
    let sum = |(name, amount): (&str, &Option<String>)| {
        format!("{name} {}", amount.as_deref().map_or_else(|| "okänt".into(), wording::kronor))
    };
    sums.map(sum).join(", ")
}

fn row(line: &Line) -> Vec<String> {
    let mark = if line.source.verified { "" } else { " (ej verifierad)" };
    let amount = line.amount.as_deref().map(wording::kronor).unwrap_or_default();
    vec![line.title.clone(), line.person.clone().unwrap_or_default(), amount, format!("{}{mark}", line.source.text)]
}
