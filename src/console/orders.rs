//! What a person does to one item or many: first what would happen to each, and why; then what did.

use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::items::Asked;
use super::session::{SignedIn, require};
use super::{Failure, page};
use crate::desk::Desk;
use crate::model::Item;
use crate::store::Operation;
use crate::{deadline, operate, store, wording};

/// How many items one order takes.
const MANY: i64 = 1000;

/// The operations, in the order they are offered: their id and what the button says.
const OFFERED: &[(&str, &str)] = &[
    ("rerun", "Kör om från början"),
    ("hand_over", "Lämna över till en person"),
    ("cancel", "Avbryt"),
    ("defer", "Skjut upp"),
    ("priority", "Ändra prioritet"),
];

/// What was sent: a form may name many items.
#[derive(Default)]
struct Sent {
    csrf: String,
    operation: String,
    items: Vec<String>,
    /// All that the list's filter lets through.
    all: bool,
    asked: Asked,
    reason: String,
    until: String,
    priority: String,
    confirmed: bool,
}

impl Sent {
    fn read(form: &[u8]) -> Self {
        let mut sent = Self::default();
        for (name, value) in url::form_urlencoded::parse(form) {
            let value = value.into_owned();
            match name.as_ref() {
                "csrf" => sent.csrf = value,
                "vad" => sent.operation = value,
                "arende" => sent.items.push(value),
                "alla" => sent.all = true,
                "lage" => sent.asked.lage = value,
                "robot" => sent.asked.robot = value,
                "referens" => sent.asked.referens = value,
                "aldre" => sent.asked.aldre = value,
                "forsenade" => sent.asked.forsenade = value,
                "skal" => sent.reason = value,
                "till" => sent.until = value,
                "prioritet" => sent.priority = value,
                "gor" => sent.confirmed = true,
                _ => {}
            }
        }
        sent
    }
}

/// The operations that the person may do.
pub(super) fn offered(person: &SignedIn) -> Vec<Value> {
    let may = |id: &str| kind(id).is_some_and(|operation| operate::admit(&person.user, operation).is_ok());
    OFFERED.iter().filter(|(id, _)| may(id)).map(|(id, text)| json!({"id": id, "text": text})).collect()
}

/// The operation by its id, before anybody has said until when or to what.
pub(super) fn kind(id: &str) -> Option<Operation> {
    Some(match id {
        "rerun" => Operation::Rerun,
        "hand_over" => Operation::HandOver,
        "cancel" => Operation::Cancel,
        "defer" => Operation::Defer { until: chrono::DateTime::UNIX_EPOCH },
        "priority" => Operation::Priority(0),
        _ => return None,
    })
}

/// Asks whether it is to be done, or does it.
pub(super) async fn submit(
    State(desk): State<Desk>,
    person: SignedIn,
    RawForm(form): RawForm,
) -> Result<Response, Failure> {
    let sent = Sent::read(&form);
    person.check(&sent.csrf)?;
    let operation = kind(&sent.operation).ok_or(Failure::NotFound)?;
    require(operate::admit(&person.user, operation).is_ok())?;
    let items = chosen(&desk, &sent).await?;
    if !sent.confirmed || items.is_empty() {
        return ask(&desk, &person, &sent, operation, &items, None).await;
    }
    match complete(&desk, &sent, operation).await? {
        Ok(operation) => carry_out(&desk, &person, &sent, operation, &items).await,
        Err(why) => ask(&desk, &person, &sent, operation, &items, Some(why)).await,
    }
}

async fn chosen(desk: &Desk, sent: &Sent) -> Result<Vec<Item>, Failure> {
    if sent.all {
        let (mut filter, _) = sent.asked.filter(desk).await?;
        (filter.offset, filter.limit) = (0, MANY);
        return Ok(desk.store.items(&filter).await?);
    }
    let mut items = Vec::new();
    for id in &sent.items {
        items.extend(desk.store.find_item(id).await?);
    }
    Ok(items)
}

/// The operation with all that it needs, or what is missing.
async fn complete(desk: &Desk, sent: &Sent, operation: Operation) -> Result<Result<Operation, String>, Failure> {
    if sent.reason.trim().is_empty() {
        return Ok(Err("Skälet saknas: skriv varför.".into()));
    }
    Ok(match operation {
        Operation::Defer { .. } => {
            let now = desk.store.now().await?;
            deadline::until(&sent.until, now, &desk.config).map(|until| Operation::Defer { until })
        }
        Operation::Priority(_) => {
            let priority = sent.priority.trim().parse();
            priority.map(Operation::Priority).map_err(|_| "Prioriteten ska vara ett heltal.".into())
        }
        other => Ok(other),
    })
}

/// What would happen to each, with the form to do it.
async fn ask(
    desk: &Desk,
    person: &SignedIn,
    sent: &Sent,
    operation: Operation,
    items: &[Item],
    wrong: Option<String>,
) -> Result<Response, Failure> {
    let mut rows = Vec::new();
    for item in items {
        let hindrance = desk.store.hindrance(item, operation).await?;
        let text = hindrance.map_or_else(|| operate::will(operation).to_owned(), |why| format!("kan inte: {why}"));
        rows.push(row(item, hindrance.is_none(), &text));
    }
    let can = rows.iter().filter(|row| row["can"] == true).count();
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let content = json!({
        "title": title(&sent.operation),
        "operation": sent.operation,
        "rows": rows,
        "can": can,
        "many": (i64::try_from(items.len()) == Ok(MANY)).then_some(MANY),
        "wrong": wrong,
        "reason": sent.reason,
        "until": sent.until,
        "priority": sent.priority,
        "done": false});
    Ok((status, page::of("orders.html", person, "arenden", content)?).into_response())
}

async fn carry_out(
    desk: &Desk,
    person: &SignedIn,
    sent: &Sent,
    operation: Operation,
    items: &[Item],
) -> Result<Response, Failure> {
    let mut rows = Vec::new();
    for item in items {
        let (can, text) = match operate::order(&desk.store, item, &person.user, operation, &sent.reason).await {
            Ok(operated) => (true, operate::done(operation, operated).to_owned()),
            Err(operate::Refused::Store(error @ (store::Error::Missing(_) | store::Error::NotAllowed { .. }))) => {
                (false, error.to_string())
            }
            Err(operate::Refused::Store(error)) => return Err(error.into()),
            Err(refused) => (false, refused.to_string()),
        };
        rows.push(row(item, can, &text));
    }
    let can = rows.iter().filter(|row| row["can"] == true).count();
    let content = json!({"title": title(&sent.operation), "rows": rows, "can": can, "done": true});
    Ok(page::of("orders.html", person, "arenden", content)?.into_response())
}

fn title(id: &str) -> &'static str {
    OFFERED.iter().find(|(known, _)| *known == id).map_or("", |(_, text)| text)
}

fn row(item: &Item, can: bool, text: &str) -> Value {
    json!({
        "id": item.id.0,
        "reference": item.reference,
        "bot": item.bot,
        "state": item.state.as_str(),
        "state_text": wording::item_state(item.state),
        "can": can,
        "text": text.replace('`', "”")})
}
