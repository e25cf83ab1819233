//! The sign-in page, and signing out.
//!
//! The form's token stands in a cookie of its own, since there is no session yet: another site can set neither.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::session::{COOKIE, SignedIn, cookie};
use super::{Failure, page};
use crate::desk::Desk;
use crate::person;

const FORM_COOKIE: &str = "kollega_form";

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    till: String,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    till: String,
}

#[derive(Deserialize)]
pub(super) struct SignOut {
    #[serde(default)]
    csrf: String,
}

/// Shows the form.
pub(super) async fn show(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Failure> {
    let known = cookie(&headers, FORM_COOKIE).filter(|token| token.len() == 64);
    let csrf = known.map_or_else(person::random_token, |token| Ok(token.to_owned()))?;
    form(StatusCode::OK, &Asked { csrf: &csrf, name: "", till: &wanted.till }, None)
}

/// Signs in, or shows the form again with why not.
pub(super) async fn submit(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(sent): Form<Submitted>,
) -> Result<Response, Failure> {
    if sent.csrf.is_empty() || cookie(&headers, FORM_COOKIE) != Some(&sent.csrf) {
        return Err(Failure::Token);
    }
    let asked = Asked { csrf: &sent.csrf, name: sent.name.trim(), till: &sent.till };
    match person::sign_in(&desk.store, asked.name, &sent.password).await {
        Ok(user) => {
            let session = person::begin_session(&desk.store, &user).await?;
            let cookies = AppendHeaders([
                (header::SET_COOKIE, set_cookie(COOKIE, &session.token, person::SESSION.as_secs())),
                (header::SET_COOKIE, set_cookie(FORM_COOKIE, "", 0)),
            ]);
            Ok((cookies, Redirect::to(own_page(&sent.till))).into_response())
        }
        Err(error @ person::Error::Wrong) => form(StatusCode::UNAUTHORIZED, &asked, Some(&error)),
        Err(error @ person::Error::TooMany(_)) => form(StatusCode::TOO_MANY_REQUESTS, &asked, Some(&error)),
        Err(error) => Err(error.into()),
    }
}

/// Ends the session.
pub(super) async fn sign_out(
    State(desk): State<Desk>,
    person: SignedIn,
    Form(sent): Form<SignOut>,
) -> Result<Response, Failure> {
    person.check(&sent.csrf)?;
    desk.store.end_session(&person.token_hash).await?;
    let cookies = AppendHeaders([(header::SET_COOKIE, set_cookie(COOKIE, "", 0))]);
    Ok((cookies, Redirect::to("/logga-in")).into_response())
}

/// What the form carries from one try to the next.
struct Asked<'a> {
    csrf: &'a str,
    name: &'a str,
    till: &'a str,
}

fn form(status: StatusCode, asked: &Asked<'_>, error: Option<&person::Error>) -> Result<Response, Failure> {
    let Asked { csrf, name, till } = *asked;
    let page = page::render(
        "sign_in.html",
        &json!({ "name": name, "till": till, "csrf": csrf, "error": error.map(ToString::to_string)  }),
    )?;
    let cookies = AppendHeaders([(header::SET_COOKIE, set_cookie(FORM_COOKIE, csrf, 3600))]);
    Ok((status, cookies, page).into_response())
}

fn set_cookie(name: &str, value: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict")
}

/// The address to go to after the sign-in, if it is one of ours.
fn own_page(till: &str) -> &str {
    let ours = till.starts_with('/') && !till.starts_with("//") && !till.contains(['\\', '\n', '\r']);
    if ours { till } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn after_the_sign_in_nobody_is_sent_elsewhere() {
        assert_eq!(own_page("/arende/1?x=2"), "/arende/1?x=2");
        for elsewhere in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb: c"] {
            assert_eq!(own_page(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
