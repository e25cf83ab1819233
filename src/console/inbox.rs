//! The inbox: the items that the person may decide on.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::session::SignedIn;
use super::{Failure, page};
use crate::desk::{Desk, Waiting};
use crate::explanation::Explanation;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    sort: String,
    #[serde(default)]
    order: String,
    /// The item just decided on.
    #[serde(default)]
    beslutat: String,
}

#[derive(Serialize)]
struct Row {
    id: String,
    reference: String,
    bot: String,
    since: String,
    due: Option<String>,
    late: bool,
    outcome: Option<String>,
    amount: Option<String>,
}

#[derive(Serialize)]
struct Column {
    title: &'static str,
    address: String,
    /// As `aria-sort` has it.
    sorted: Option<&'static str>,
    number: bool,
}

const COLUMNS: &[(&str, &str)] = &[
    ("arende", "Ärende"),
    ("sedan", "Väntar sedan"),
    ("senast", "Beslut senast"),
    ("forslag", "Förslag"),
    ("belopp", "Belopp, kr"),
];

/// Shows the inbox.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Failure> {
    let now = crate::model::time_text(desk.store.now().await?);
    let mut waiting = desk.inbox(&person.user).await?;
    let stuck = desk.stuck().await?;
    sort(&mut waiting, &asked.sort);
    if asked.order == "fallande" {
        waiting.reverse();
    }
    let clock = page::clock(&desk.config);
    let rows: Vec<Row> = waiting.iter().map(|waiting| row(waiting, &clock, &now)).collect();
    let decided = decided(&desk, &person, &asked.beslutat).await?;
    let content = json!({ "rows": rows, "columns": columns(&asked), "decided": decided,
        "stuck": stuck.iter().map(|item| json!({ "reference": item.reference, "bot": item.bot })).collect::<Vec<_>>(),  });
    Ok(page::of("inbox.html", &person, "inkorg", content)?)
}

/// After a decision.
pub(super) fn after(item: &str) -> impl IntoResponse + use<> {
    axum::response::Redirect::to(&page::address("/inkorg", &[("beslutat", item)]))
}

/// What the person just decided, read back from the store.
async fn decided(desk: &Desk, person: &SignedIn, id: &str) -> Result<Option<Value>, Failure> {
    if id.is_empty() {
        return Ok(None);
    }
    let Some(item) = desk.store.find_item(id).await? else { return Ok(None) };
    let decision = desk.store.decisions(&item.id).await?.pop().filter(|decision| decision.person == person.user.name);
    Ok(decision.map(|made| json!({ "reference": item.reference, "outcome": made.outcome, "amount": made.amount  })))
}

fn row(waiting: &Waiting, clock: &impl Fn(&str) -> String, now: &str) -> Row {
    let item = &waiting.item;
    let explanation = waiting.suggestion.as_ref().and_then(|suggestion| Explanation::of(suggestion).ok());
    Row {
        id: item.id.0.clone(),
        reference: item.reference.clone(),
        bot: item.bot.clone(),
        since: clock(&item.updated_at),
        due: item.due_at.as_deref().map(clock),
        late: item.due_at.as_deref().is_some_and(|due| due < now),
        outcome: explanation.as_ref().map(|found| found.outcome.clone()),
        amount: explanation.and_then(|found| found.amount),
    }
}

fn sort(waiting: &mut [Waiting], by: &str) {
    let answer = |waiting: &Waiting, part: &str| {
        let suggestion = waiting.suggestion.as_ref()?;
        suggestion.answer.0[part].as_str().map(ToOwned::to_owned)
    };
    match by {
        "arende" => waiting.sort_by_cached_key(|waiting| waiting.item.reference.clone()),
        // Those without a date come last.
        "senast" => waiting.sort_by_cached_key(|waiting| (waiting.item.due_at.is_none(), waiting.item.due_at.clone())),
        "forslag" => waiting.sort_by_cached_key(|waiting| answer(waiting, "outcome")),
        "belopp" => waiting.sort_by_cached_key(|waiting| {
            answer(waiting, "amount").and_then(|amount| amount.parse::<rust_decimal::Decimal>().ok())
        }),
        _ => waiting.sort_by_cached_key(|waiting| waiting.item.updated_at.clone()),
    }
}

fn columns(asked: &Asked) -> Vec<Column> {
    let by = if asked.sort.is_empty() { "sedan" } else { &asked.sort };
    let column = |(name, title): &(&'static str, &'static str)| {
        let falling = asked.order == "fallande";
        let sorted = (by == *name).then_some(if falling { "descending" } else { "ascending" });
        let next = if sorted == Some("ascending") { "fallande" } else { "" };
        let address = page::address("/inkorg", &[("sort", name), ("order", next)]);
        Column { title, address, sorted, number: *name == "belopp" }
    };
    COLUMNS.iter().map(column).collect()
}
