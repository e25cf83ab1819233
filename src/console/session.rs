//! Who is signed in: from the session cookie to the person, and the token that proves a form was ours.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::{Failure, page};
use crate::desk::{self, Desk};
use crate::model::User;
use crate::person;

pub(super) const COOKIE: &str = "kollega_session";

/// The person behind a request.
pub(super) struct SignedIn {
    pub user: User,
    pub csrf: String,
    pub token_hash: String,
}

impl SignedIn {
    /// Refuses a form that does not carry the session's token.
    pub fn check(&self, csrf: &str) -> Result<(), Failure> {
        if csrf == self.csrf { Ok(()) } else { Err(Failure::Token) }
    }

    /// Refuses whoever may neither read items nor operate.
    pub fn require_any_view(&self) -> Result<(), Failure> {
        require(desk::may_read(&self.user) || desk::may_operate(&self.user))
    }
}

/// Refuses a person for whom the page is not.
pub(super) fn require(allowed: bool) -> Result<(), Failure> {
    if allowed { Ok(()) } else { Err(Failure::Forbidden) }
}

impl FromRequestParts<Desk> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Failure> {
        let ask = || Failure::SignIn(wanted(parts));
        let token = cookie(&parts.headers, COOKIE).ok_or_else(ask)?;
        let token_hash = person::token_hash(token);
        let (user, csrf) = desk.store.session(&token_hash).await?.ok_or_else(ask)?;
        Ok(Self { user, csrf, token_hash })
    }
}

/// The first page of the person: the inbox of whoever decides, the items of others; or that there is nothing for them.
pub(super) async fn home(person: SignedIn) -> Result<Response, Failure> {
    if desk::has_inbox(&person.user) {
        return Ok(Redirect::to("/inkorg").into_response());
    }
    if person.require_any_view().is_ok() {
        return Ok(Redirect::to("/arenden").into_response());
    }
    if desk::may_delegate(&person.user) {
        return Ok(Redirect::to("/delegationer").into_response());
    }
    if desk::may_sample(&person.user) {
        return Ok(Redirect::to("/stickprov").into_response());
    }
    let content = json!({ "title": "Välkommen", "text": "Din roll har inga sidor i konsolen." });
    Ok(page::of("failure.html", &person, "", content)?.into_response())
}

/// A cookie of this name.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Where to go after the sign-in: the page asked for, if it was only to be shown.
fn wanted(parts: &Parts) -> String {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    if parts.method == Method::GET {
        uri.path_and_query().map(ToString::to_string).unwrap_or_default()
    } else {
        String::new()
    }
}
