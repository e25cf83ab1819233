//! What is known of a commit that nobody can tell the outcome of: the intent, what verify saw, and the pictures.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::item::find;
use super::session::{SignedIn, require};
use super::{Failure, page};
use crate::desk::{self, Desk, Sight};
use crate::model::{EventKind, Item, LoggedEvent};
use crate::screenshots::Screenshots;
use crate::store;

/// What is known of an item's last intent.
#[derive(Debug, Serialize)]
pub(super) struct Evidence {
    stage: String,
    /// When the act was about to be made.
    intended: String,
    /// What a mail server knows the letter by, where it was a letter.
    message_id: Option<String>,
    seen: Vec<Seen>,
    pictures: Vec<Picture>,
}

/// One reading of the other system.
#[derive(Debug, Serialize)]
struct Seen {
    at: String,
    how: &'static str,
    what: String,
}

/// A picture of the page, personal values covered.
#[derive(Debug, Serialize)]
struct Picture {
    file: String,
    at: String,
    what: &'static str,
    /// Whether the file is on this machine.
    is_here: bool,
}

/// What is known of the item's last intent; none where it intended nothing.
pub(super) async fn of(desk: &Desk, item: &Item) -> store::Result<Option<Evidence>> {
    let Some(intent) = desk.store.item_intents(&item.id).await?.pop() else { return Ok(None) };
    let events = desk.store.item_events(&item.id).await?;
    let events: Vec<&LoggedEvent> =
        events.iter().filter(|event| event.stage.as_deref() == Some(&intent.stage)).collect();
    let last = events.iter().rposition(|event| event.kind == EventKind::Intent.as_str()).unwrap_or(0);
    let clock = page::clock(&desk.config);
    let mut evidence = Evidence {
        stage: intent.stage.clone(),
        intended: clock(&intent.at),
        message_id: intent.message_id,
        seen: Vec::new(),
        pictures: Vec::new(),
    };
    // The picture of the filled-in form is taken just before the intent.
    evidence.pictures.extend(events[..last].iter().rev().find_map(|event| picture(desk, event, &clock)));
    for event in &events[last..] {
        evidence.seen.extend(seen(event, &clock));
        evidence.pictures.extend(picture(desk, event, &clock));
    }
    Ok(Some(evidence))
}

fn seen(event: &LoggedEvent, clock: &impl Fn(&str) -> String) -> Option<Seen> {
    if event.kind != EventKind::Verified.as_str() {
        return None;
    }
    let detail = event.told();
    let how = match detail["session"].as_str() {
        Some("fresh") => "ny inloggning",
        Some("before") => "innan",
        _ => "samma inloggning",
    };
    let what = match detail["seen"].as_str() {
        Some("yes") => "posten finns".to_owned(),
        Some("no") => "posten finns inte".to_owned(),
        Some("different") => "en post finns, med andra uppgifter".to_owned(),
        _ => format!("kunde inte se: {}", detail["why"].as_str().unwrap_or("okänt varför")),
    };
    Some(Seen { at: clock(&event.at), how, what })
}

fn picture(desk: &Desk, event: &LoggedEvent, clock: &impl Fn(&str) -> String) -> Option<Picture> {
    if event.kind != EventKind::Screenshot.as_str() {
        return None;
    }
    let detail = event.told();
    let file = detail["file"].as_str()?.to_owned();
    let what = match detail["why"].as_str() {
        Some("before_commit") => "Det ifyllda formuläret, strax innan det sparades",
        Some("commit_failed") => "Sidan när sparandet inte fick svar",
        _ => "Sidan när roboten slutade",
    };
    let is_here = Screenshots::of(&desk.config.data()).find(&file).is_some();
    Some(Picture { file, at: clock(&event.at), what, is_here })
}

/// A picture of an item, for those who may see the item.
pub(super) async fn show_picture(
    State(desk): State<Desk>,
    person: SignedIn,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let item = find(&desk, &id).await?;
    require(desk.sight(&item, &person.user) != Sight::Outside || desk::may_operate(&person.user))?;
    let events = desk.store.item_events(&item.id).await?;
    let is_of_item = events
        .iter()
        .any(|event| event.kind == EventKind::Screenshot.as_str() && event.told()["file"].as_str() == Some(&file));
    let path = Screenshots::of(&desk.config.data()).find(&file).filter(|_| is_of_item).ok_or(Failure::NotFound)?;
    let picture = tokio::fs::read(path).await.map_err(|_| Failure::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "image/png")], picture).into_response())
}
