//! What operations do to an uncertain item: settle its commit.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::item::{Tried, find, of};
use super::session::{SignedIn, require};
use crate::desk::{self, Desk};
use crate::model::{IntentOutcome, Item};
use crate::store;

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    answer: String,
    /// The lease's token that the item had when it was shown.
    token: i64,
}

/// Records what the person saw in the other system.
pub(super) async fn settle(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Submitted>,
) -> Result<Response, Failure> {
    let item = allowed(&desk, &person, &id, &sent).await?;
    let outcome = match sent.answer.as_str() {
        "did" => Some(IntentOutcome::Done),
        "did-not" => Some(IntentOutcome::NotDone),
        "take-over" => None,
        _ => return Err(Failure::NotFound),
    };
    let seen = Item { token: sent.token, ..item };
    let done = desk.store.settle_by_person(&seen, outcome, &person.user.name).await;
    answer(&desk, &person, &id, done).await
}

async fn allowed(desk: &Desk, person: &SignedIn, id: &str, sent: &Submitted) -> Result<Item, Failure> {
    person.check(&sent.csrf)?;
    require(desk::may_operate(&person.user))?;
    find(desk, id).await
}

/// Back to the item; or the item as it is now and why not.
async fn answer(desk: &Desk, person: &SignedIn, id: &str, done: store::Result<()>) -> Result<Response, Failure> {
    let item = find(desk, id).await?;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/arende/{}", item.id)).into_response()),
        Err(error @ (store::Error::NothingToSettle(_) | store::Error::SettledBefore | store::Error::Missing(_))) => {
            let tried = Tried { refused: Some(error.to_string()), ..Tried::default() };
            of(desk, person, &item, StatusCode::CONFLICT, tried).await
        }
        Err(error) => Err(error.into()),
    }
}
