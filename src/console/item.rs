//! One item: why it is where it is, the suggestion with its calculation, the forms, its fields and what has happened.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::session::{SignedIn, require};
use super::{Failure, evidence, orders, page};
use crate::bot::FieldType;
use crate::config::Config;
use crate::desk::{self, Desk, Sight};
use crate::explanation::Explanation;
use crate::model::{Attempt, Decision, Item, ItemState, LoggedEvent, Motivation, OperationDone, StoredSuggestion};
use crate::why;
use crate::wording::{self, facts};

/// What the person just tried, to be shown with the page.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Tried {
    /// Why it was not done.
    pub refused: Option<String>,
    pub amount: String,
    pub reason: String,
    /// Which form's text is kept.
    pub answer: String,
    pub motivation: Option<String>,
    /// An edit of the reasons was kept just now.
    pub kept: bool,
}

#[derive(Serialize)]
struct Row {
    at: String,
    event: String,
    attempt: Option<i64>,
    stage: String,
    step: String,
    actor: String,
    duration_ms: Option<i64>,
    detail: String,
}

/// Shows the item.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let item = find(&desk, &id).await?;
    of(&desk, &person, &item, StatusCode::OK, Tried::default()).await
}

/// The item of this id.
pub(super) async fn find(desk: &Desk, id: &str) -> Result<Item, Failure> {
    desk.store.find_item(id).await?.ok_or(Failure::NotFound)
}

/// The item's page, with what the person just tried.
pub(super) async fn of(
    desk: &Desk,
    person: &SignedIn,
    item: &Item,
    status: StatusCode,
    tried: Tried,
) -> Result<Response, Failure> {
    let user = &person.user;
    let sight = desk.sight(item, user);
    require(sight != Sight::Outside || desk::may_operate(user))?;
    let may_decide = desk.may_decide(item, user).is_ok();
    // A reviewer who has the item to assess blind sees neither suggestion nor decision here either.
    let blind = desk::may_review(user) && !may_decide && desk.store.awaits_blind_assessment(&item.id).await?;
    let outside = sight == Sight::Outside || blind;
    let suggestion = if outside { None } else { desk.store.suggestion(&item.id).await? };
    let decisions = if outside { Vec::new() } else { desk.store.decisions(&item.id).await? };
    let (clock, zone) = (page::clock(&desk.config), wording::timezone(&desk.config));
    let evidence = if item.state == ItemState::Uncertain { evidence::of(desk, item).await? } else { None };
    let content = json!({
        "motivations": motivations(desk, item, suggestion.as_ref().filter(|_| may_decide), &tried).await?,
        "versions": versions(desk, item, if blind { Sight::Outside } else { sight }, &clock).await?,
        "evidence": evidence,
        "item": summary(item, sight),
        "why": why::item(&desk.store, &desk.config, item).await?,
        "since": clock(&item.updated_at),
        "due": item.due_at.as_deref().map(&clock),
        "suggestion": suggestion.as_ref().map(|found| explained(desk, found, &clock)),
        "decisions": decisions.iter().map(|made| decided(desk, made, sight, &clock)).collect::<Vec<_>>(),
        "fields": desk.fields(item, sight).iter().map(|one| field(one, zone)).collect::<Vec<_>>(),
        "may_decide": may_decide,
        "may_settle": desk::may_operate(user) && item.state == ItemState::Uncertain,
        "operations": operations(desk, person, item).await?,
        "attempts": attempts(desk, item, sight, &clock).await?,
        "operations_done": operations_done(desk, item, sight, &clock).await?,
        "deadline": item.deadline_at.as_deref().map(&clock),
        "overdue": item.is_overdue(desk.store.now().await?),
        "events": if blind { json!([]) } else { rows(&desk.store.item_events(&item.id).await?, &desk.config) },
        "blind": blind,
        "tried": tried});
    let active = if may_decide { "inkorg" } else { "arenden" };
    Ok((status, page::of("item.html", person, active, content)?).into_response())
}

/// The reasons to be edited, by answer: what the person just sent, or what is kept, or the draft.
async fn motivations(
    desk: &Desk,
    item: &Item,
    suggestion: Option<&StoredSuggestion>,
    tried: &Tried,
) -> Result<Value, Failure> {
    let Some(suggestion) = suggestion else { return Ok(json!({})) };
    let mut shown = Map::new();
    for prepared in desk.motivations(item, suggestion).await? {
        let kind = prepared.kind.as_str();
        let sent = tried.motivation.as_ref().filter(|_| tried.answer == kind);
        shown.insert(kind.to_owned(), json!({"text": sent.unwrap_or(&prepared.text)}));
    }
    Ok(Value::Object(shown))
}

/// Every version of the reasons before the decision, for those who may see what is personal.
async fn versions(
    desk: &Desk,
    item: &Item,
    sight: Sight,
    clock: &impl Fn(&str) -> String,
) -> Result<Vec<Value>, Failure> {
    if sight != Sight::Personal {
        return Ok(Vec::new());
    }
    let row = |row: &Motivation| json!({"at": clock(&row.at), "person": row.person, "answer": row.answer.as_str(), "text": row.text});
    Ok(desk.store.motivations(&item.id).await?.iter().map(row).collect())
}

/// What the person may do to the item as it is.
async fn operations(desk: &Desk, person: &SignedIn, item: &Item) -> Result<Vec<Value>, Failure> {
    let mut possible = Vec::new();
    for offered in orders::offered(person) {
        let operation = offered["id"].as_str().and_then(orders::kind);
        if let Some(operation) = operation
            && desk.store.hindrance(item, operation).await?.is_none()
        {
            possible.push(offered);
        }
    }
    Ok(possible)
}

async fn attempts(
    desk: &Desk,
    item: &Item,
    sight: Sight,
    clock: &impl Fn(&str) -> String,
) -> Result<Vec<Value>, Failure> {
    let row = |row: &Attempt| {
        json!({
            "attempt": row.attempt,
            "began": clock(&row.began_at),
            "ended": clock(&row.ended_at),
            "state": row.state.as_str(),
            "state_text": wording::item_state(row.state),
            "stage": row.stage,
            "code": row.code.as_deref().map(wording::code),
            "reason": row.reason.as_ref().filter(|_| sight == Sight::Personal)})
    };
    Ok(desk.store.attempts(&item.id).await?.iter().map(row).collect())
}

async fn operations_done(
    desk: &Desk,
    item: &Item,
    sight: Sight,
    clock: &impl Fn(&str) -> String,
) -> Result<Vec<Value>, Failure> {
    let row = |row: &OperationDone| {
        json!({
            "at": clock(&row.at),
            "person": row.person,
            "operation": wording::operation(&row.operation),
            "attempt": row.attempt,
            "reason": (sight == Sight::Personal).then_some(&row.reason)})
    };
    Ok(desk.store.operations(&item.id).await?.iter().map(row).collect())
}

/// Events as rows of a table.
pub(super) fn rows(events: &[LoggedEvent], config: &Config) -> Value {
    let timezone = wording::timezone(config);
    let row = |event: &LoggedEvent| Row {
        at: wording::local_seconds(&event.at, timezone),
        event: wording::event(&event.kind).to_owned(),
        attempt: event.attempt,
        stage: event.stage.clone().unwrap_or_default(),
        step: event.step.clone().unwrap_or_default(),
        actor: wording::actor(&event.actor),
        duration_ms: event.duration_ms,
        detail: event.detail.as_deref().map(|json| wording::detail(json, timezone)).unwrap_or_default(),
    };
    json!(events.iter().map(row).collect::<Vec<_>>())
}

fn summary(item: &Item, sight: Sight) -> Value {
    json!({
        "id": item.id.0,
        "reference": item.reference,
        "bot": item.bot,
        "run": item.run.0,
        "state": item.state.as_str(),
        "state_text": wording::item_state(item.state),
        "stage": item.stage,
        "attempt": item.attempt,
        "token": item.token,
        "priority": item.priority,
        "code": item.code.as_deref().map(wording::code),
        "reason": item.reason.as_ref().filter(|_| sight == Sight::Personal)})
}

/// The suggestion; none inside means that what is stored is not what was suggested, and nothing may be decided on it.
fn explained(desk: &Desk, stored: &StoredSuggestion, clock: &impl Fn(&str) -> String) -> Value {
    let explanation = Explanation::of(stored).ok().filter(|_| desk.seal.is_valid_suggestion(stored));
    let worked_out: Vec<String> =
        explanation.iter().flat_map(|found| &found.lines).map(crate::explanation::Line::worked_out_from).collect();
    json!({
        "id": stored.id,
        "suggestion_id": stored.suggestion_id,
        "at": clock(&stored.at),
        "answer": explanation,
        "worked_out": worked_out})
}

fn decided(desk: &Desk, made: &Decision, sight: Sight, clock: &impl Fn(&str) -> String) -> Value {
    json!({
        "at": clock(&made.at),
        "person": made.person,
        "role": made.role,
        "delegation": made.delegation_reference,
        "outcome": made.outcome,
        "amount": made.amount,
        "changed": made.changed,
        "reason": made.reason.as_ref().filter(|_| sight == Sight::Personal),
        "motivation": made.motivation.as_ref().filter(|_| sight == Sight::Personal),
        "valid": desk.seal.is_valid(made)})
}

/// A fact that a suggestion was made of, for a person.
pub(super) fn fact(field: &str, value: &Value, zone: Tz) -> Value {
    let (columns, rows) = facts::table(value, zone).unzip();
    json!({
        "name": facts::name(field), "text": facts::text(field, value, zone), "nested": columns.is_some(),
        "columns": columns, "rows": rows})
}

/// A field for a person: the tags by which the store keeps the types of values are not shown.
fn field(field: &desk::Field, zone: Tz) -> Value {
    let plain = field.value.as_ref().map(|value| expression::plain_json(&expression::from_json(value)));
    let (columns, rows) = plain.as_ref().and_then(|value| facts::table(value, zone)).unzip();
    let text = plain.as_ref().map(|value| match (field.kind, value.as_str()) {
        (Some(FieldType::Money), Some(amount)) => format!("{} kr", wording::kronor(amount)),
        _ => facts::text(&field.name, value, zone),
    });
    json!({
        "name": facts::name(&field.name), "personal": field.personal, "text": text, "nested": columns.is_some(),
        "columns": columns, "rows": rows})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: FieldType, value: Value) -> Value {
        field(
            &desk::Field { name: "f".into(), kind: Some(kind), personal: false, value: Some(value) },
            chrono_tz::Europe::Stockholm,
        )
    }

    #[test]
    fn a_stored_value_is_shown_without_the_tag_of_its_type() {
        assert_eq!(shown(FieldType::Month, json!({"$month": "2025-12"}))["text"], "december 2025");
        assert_eq!(shown(FieldType::Money, json!({"$money": "6300.50"}))["text"], "6 300,50 kr");
        let list = shown(FieldType::List, json!([{"kind": "hyra", "applied": {"$money": "6300"}}]));
        assert_eq!(list["rows"], json!([["6 300 kr", "hyra"]]));
    }

    #[test]
    fn a_map_is_shown_as_names_and_values_and_an_empty_list_as_a_dash() {
        assert_eq!(
            shown(FieldType::Map, json!({"fk": "ok", "af": "timeout"}))["text"],
            "af: inget svar, fk: fullständigt"
        );
        assert_eq!(shown(FieldType::List, json!([]))["text"], "–");
    }
}
