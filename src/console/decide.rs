//! A decision by form: it names the suggestion that the person saw.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::item::{Tried, find, of};
use super::session::SignedIn;
use super::{Failure, inbox};
use crate::desk::{self, Desk, Reply};
use crate::store::Answer;

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    suggestion: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
    /// The reasons as the applicant reads them; none: what is kept, or the draft.
    motivation: Option<String>,
}

/// Records the decision and goes back to the inbox; or shows the item as it is now and says why not.
pub(super) async fn submit(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Submitted>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    let item = find(&desk, &id).await?;
    let answer = match answer(&sent) {
        Ok(answer) => answer,
        Err(message) => return of(&desk, &person, &item, StatusCode::UNPROCESSABLE_ENTITY, tried(sent, message)).await,
    };
    let reply = Reply {
        suggestion: sent.suggestion.clone(),
        answer,
        reason: Some(sent.reason.clone()),
        motivation: sent.motivation.clone(),
    };
    match desk.decide(&item, &person.user, reply).await {
        Ok(_) => Ok(inbox::after(&item.id.0).into_response()),
        Err(desk::Error::Store(error)) => Err(error.into()),
        Err(error) => {
            let now = find(&desk, &id).await?;
            of(&desk, &person, &now, status(&error), tried(sent, error.to_string())).await
        }
    }
}

fn answer(sent: &Submitted) -> Result<Answer, String> {
    match sent.answer.as_str() {
        "approve" => Ok(Answer::Approve),
        "change" => expression::money::parse(&sent.amount).map(|amount| Answer::Change { amount }),
        "deny" => Ok(Answer::Deny),
        _ => Err("välj godkänn, ändra eller avslå".into()),
    }
}

fn status(error: &desk::Error) -> StatusCode {
    use crate::store::Refusal::{Amount, NoAmount, ReasonMissing};
    match error {
        desk::Error::Role { .. } => StatusCode::FORBIDDEN,
        desk::Error::NoMotivation | desk::Error::Refused(Amount | NoAmount | ReasonMissing) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        _ => StatusCode::CONFLICT,
    }
}

fn tried(sent: Submitted, refused: String) -> Tried {
    Tried {
        refused: Some(refused),
        amount: sent.amount,
        reason: sent.reason,
        answer: sent.answer,
        motivation: sent.motivation,
        kept: false,
    }
}
