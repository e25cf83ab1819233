//! The draft of a decision's reasons, as the applicant reads them: which circumstances and which provisions were
//! decisive (förvaltningslagen 32 §). A caseworker edits it; what stands in the end is the caseworker's.

use std::collections::{BTreeMap, BTreeSet};

use decision::{AboutRule, RuleBook};
use serde_json::Value;

use super::explanation::{has_answered, part_of, value_text};
use super::page::kronor;
use crate::explanation::{Explanation, Line};
use crate::model::AnswerKind;
use crate::wording;

/// The draft for one of the three answers that a caseworker can give.
pub fn draft(
    answer: &Explanation,
    people: &BTreeMap<String, String>,
    book: Option<&RuleBook>,
    kind: AnswerKind,
) -> String {
    let rules = book.map(RuleBook::about_rules).unwrap_or_default();
    let several = answer.lines.iter().filter_map(|line| line.person.as_deref()).collect::<BTreeSet<_>>().len() > 1;
    let period = answer.period.as_deref().map_or_else(|| "perioden".to_owned(), wording::month);
    let point = |line: &Line| point(line, people, several);
    let (left_out, counted): (Vec<&Line>, Vec<&Line>) =
        answer.lines.iter().partition(|line| line.amount.as_deref() == Some("0"));
    let (incomes, needs): (Vec<&Line>, Vec<&Line>) =
        counted.into_iter().partition(|line| part_of(line, &rules) == "income");

    let mut text = Vec::new();
    if !answer.refer.is_empty() {
        let reasons: Vec<String> = answer.refer.iter().map(|one| format!("– {}", one.reason)).collect();
        text.push(format!("En handläggare har prövat det som reglerna inte avgör:\n{}", reasons.join("\n")));
    }
    if !needs.is_empty() {
        let sum = answer.need.as_deref().map(|need| format!(", tillsammans {}", kronor(need))).unwrap_or_default();
        let points: Vec<String> = needs.into_iter().map(point).collect();
        text.push(format!("Det här behöver hushållet för {period}{sum}:\n{}", points.join("\n")));
    }
    if !incomes.is_empty() {
        let sum = answer.income.as_deref().map(|sum| format!(", tillsammans {}", kronor(sum))).unwrap_or_default();
        let points: Vec<String> = incomes.into_iter().map(point).collect();
        text.push(format!("Det här räknas som hushållets inkomster{sum}:\n{}", points.join("\n")));
    } else if answer.income.as_deref() == Some("0") && !answer.lines.is_empty() {
        text.push(format!("Hushållet har inga inkomster som räknas för {period}."));
    }
    if !left_out.is_empty() {
        let same = has_answered(book, answer);
        let rule = |line: &Line| rules.get(&line.rule).filter(|_| same);
        let points: Vec<String> =
            left_out.into_iter().map(|line| left_out_point(line, people, several, rule(line))).collect();
        text.push(format!("Det här räknades inte med:\n{}", points.join("\n")));
    }
    text.extend(conclusion(answer, kind));
    text.extend(provisions(answer));
    text.join("\n\n") + "\n"
}

/// The answer that follows the suggestion; none where it is for a person to say.
pub fn suggested_kind(answer: &Explanation) -> Option<AnswerKind> {
    match answer.outcome.as_str() {
        "approve" => Some(AnswerKind::Approve),
        "deny" => Some(AnswerKind::Deny),
        _ => None,
    }
}

/// The reasons with the caseworker's own reason for another decision than the suggested one first, unless it is in the
/// text already.
pub fn with_reason(text: &str, reason: Option<&str>) -> String {
    let text = text.trim().replace("\r\n", "\n");
    match reason.map(str::trim).filter(|reason| !reason.is_empty() && !text.contains(reason)) {
        Some(reason) => format!("Handläggarens bedömning: {reason}\n\n{text}").trim().to_owned() + "\n",
        None => text + "\n",
    }
}

fn point(line: &Line, people: &BTreeMap<String, String>, several: bool) -> String {
    let amount = line.amount.as_deref().unwrap_or_default();
    let who = line.person.as_ref().filter(|_| several).map(|id| format!(", {}", people.get(id).unwrap_or(id)));
    // An income takes from the need; here it stands as what it is, and what is let off stands with its minus.
    let (amount, sign) = match amount.strip_prefix('-') {
        Some(amount) => (amount, ""),
        None if line.rule.starts_with("jobbstimulans") => (amount, "\u{2212}"),
        None => (amount, ""),
    };
    let from = line.inputs.get("net").and_then(|input| input.get("from")).and_then(Value::as_str);
    let from = from.map(|from| format!(" (uppgift från {})", without_number(from))).unwrap_or_default();
    format!("– {}{}: {sign}{}{from}", line.title, who.unwrap_or_default(), kronor(amount))
}

/// Where a figure came from, for the applicant: without the number of the answer, which is for those who look it up.
fn without_number(from: &str) -> &str {
    from.strip_suffix(')').and_then(|from| from.rsplit_once(" (")).map_or(from, |(from, _)| from)
}

/// What was looked at and not counted, and why in the rule's own words.
fn left_out_point(line: &Line, people: &BTreeMap<String, String>, several: bool, rule: Option<&AboutRule>) -> String {
    let who = line.person.as_ref().filter(|_| several).map(|id| format!(", {}", people.get(id).unwrap_or(id)));
    let looked_at = ["declared", "net", "applied"].iter().find_map(|name| line.inputs.get(*name));
    let looked_at =
        looked_at.and_then(|input| input.get("value")).map(|value| format!(": {}", value_text("", value, people)));
    let why = rule.map(|rule| format!(". {}", rule.explanation)).unwrap_or_default();
    format!("– {}{}{}{why}", line.title, who.unwrap_or_default(), looked_at.unwrap_or_default())
}

fn conclusion(answer: &Explanation, kind: AnswerKind) -> Option<String> {
    let known = |amount: &Option<String>| amount.as_deref().map(kronor);
    let sums = known(&answer.need).zip(known(&answer.income));
    match (kind, answer.outcome.as_str()) {
        (AnswerKind::Approve, _) => {
            let ((need, income), amount) = sums.zip(known(&answer.amount))?;
            Some(format!(
                "Behovet är {need} och inkomsterna {income}. Det som fattas är {amount}, och det är vad som beviljas."
            ))
        }
        (AnswerKind::Deny, "deny") => {
            let ((need, income), surplus) = sums.zip(known(&answer.surplus))?;
            Some(format!(
                "Inkomsterna är {income} och behovet {need}. Inkomsterna räcker till behovet och är {surplus} högre. Därför avslås ansökan."
            ))
        }
        (AnswerKind::Deny, _) => Some("Ansökan avslås efter en egen bedömning.".to_owned()),
        (AnswerKind::Change, _) => Some(match known(&answer.amount) {
            Some(amount) => format!("Beräkningen ger {amount}. Efter en egen bedömning beviljas ett annat belopp."),
            None => "Beloppet bestäms efter en egen bedömning.".to_owned(),
        }),
    }
}

/// Every provision that a line or a note stands on, once each; one that nobody has verified says so.
fn provisions(answer: &Explanation) -> Option<String> {
    let lines = answer.lines.iter().map(|line| &line.source);
    let sources: Vec<_> = lines.chain(answer.notes.iter().filter_map(|note| note.source.as_ref())).collect();
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for source in sources.iter().filter(|source| seen.insert(&source.text)) {
        let verified = sources.iter().filter(|other| other.text == source.text).all(|other| other.verified);
        let mark = if verified { "" } else { " (ej verifierad källa)" };
        texts.push(format!("– {}{mark}", source.text));
    }
    (!texts.is_empty()).then(|| format!("Bestämmelser som beslutet grundas på:\n{}", texts.join("\n")))
}
