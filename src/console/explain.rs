//! An item's suggestion explained, as a page of its own and as files; and keeping an edit of the reasons.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Failure;
use super::item::{Tried, find, of};
use super::session::SignedIn;
use crate::desk::{self, Desk, Unexplained};
use crate::document;
use crate::model::{AnswerKind, Item};

/// As a page to read in the browser.
pub(super) async fn page(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let item = find(&desk, &id).await?;
    let page = desk.page(&desk.explained(&item, &person.user).await?).await?;
    // The page stands alone: its style is in it, and it may have no other.
    let policy =
        format!("default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'", document::style_hash());
    Ok((
        [(header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (header::CONTENT_SECURITY_POLICY, policy)],
        page,
    )
        .into_response())
}

/// As a file to keep: as `pdf`, `html`, `txt` or `json`; or the letter to the applicant, `brev`.
pub(super) async fn file(
    State(desk): State<Desk>,
    person: SignedIn,
    Path((id, kind)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let item = find(&desk, &id).await?;
    let explained = desk.explained(&item, &person.user).await?;
    let (content_type, content) = match kind.as_str() {
        "pdf" => ("application/pdf", document::pdf(&desk.config, &desk.page(&explained).await?).await?),
        "brev" => ("application/pdf", document::pdf(&desk.config, &explained.letter()?).await?),
        "html" => ("text/html; charset=utf-8", desk.page(&explained).await?.into_bytes()),
        "txt" => ("text/plain; charset=utf-8", explained.text()?.into_bytes()),
        "json" => ("application/json", explained.json().to_string().into_bytes()),
        _ => return Err(Failure::NotFound),
    };
    let (what, ending) = if kind == "brev" { ("brev", "pdf") } else { ("forklaring", kind.as_str()) };
    let name = format!("attachment; filename=\"{what}-{}.{ending}\"", file_name(&item));
    Ok(([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, name)], content)
        .into_response())
}

/// A reference is no personal value, but may hold anything that a file name must not.
fn file_name(item: &Item) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    item.reference.chars().map(plain).collect()
}

#[derive(Deserialize)]
pub(super) struct Edited {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    suggestion: String,
    /// Which of the three answers the reasons are for.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    motivation: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

/// Keeps an edit of the reasons without deciding.
pub(super) async fn keep(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Edited>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    let item = find(&desk, &id).await?;
    let Ok(kind) = AnswerKind::try_from(sent.kind.clone()) else { return Err(Failure::NotFound) };
    let done = desk.keep_motivation(&item, &person.user, &sent.suggestion, kind, &sent.motivation).await;
    let refused = match done {
        Ok(()) => None,
        Err(desk::Error::Store(error)) => return Err(error.into()),
        Err(error) => Some(error.to_string()),
    };
    // Amount and reason are no part of the reasons and are kept with the decision only: they stay in the form.
    let status = if refused.is_none() { StatusCode::OK } else { StatusCode::CONFLICT };
    let tried = Tried {
        kept: refused.is_none(),
        refused,
        amount: sent.amount,
        reason: sent.reason,
        answer: sent.kind,
        motivation: Some(sent.motivation),
    };
    of(&desk, &person, &find(&desk, &id).await?, status, tried).await
}

impl From<Unexplained> for Failure {
    fn from(error: Unexplained) -> Self {
        match error {
            Unexplained::NotAllowed | Unexplained::Blind => Self::Forbidden,
            Unexplained::NoSuggestion | Unexplained::NoLetter | Unexplained::Forged | Unexplained::Changed => {
                Self::NotFound
            }
            Unexplained::NoAppeal => Self::NoAppeal,
            Unexplained::Store(error) => error.into(),
            Unexplained::Page(error) => error.into(),
            other => Self::Document(other.to_string()),
        }
    }
}

impl From<document::PdfError> for Failure {
    fn from(error: document::PdfError) -> Self {
        Self::Document(error.to_string())
    }
}
