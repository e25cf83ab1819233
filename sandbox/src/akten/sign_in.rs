//! Signing in to Akten: user, password and a PIN on a keypad whose keys move. Must not keep more than a keypad until it is used.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::form::Fields;
use crate::{credentials, session, shared::Shared};

const MOST_KEYPADS: usize = 500;

/// The sign-in with a keypad of its own.
pub fn page(shared: &Shared, wrong: bool) -> Response {
    let keys: Vec<(String, u8)> =
        shared.dice.shuffled_digits().into_iter().map(|digit| (session::token()[..6].to_owned(), digit)).collect();
    let keypad = session::token();
    let mut keypads = shared.keypads.lock().unwrap_or_else(PoisonError::into_inner);
    if keypads.len() >= MOST_KEYPADS {
        keypads.clear();
    }
    keypads.insert(keypad.clone(), keys.clone());
    drop(keypads);
    shared.pages.show("akten/sign_in.html", json!({"keys": keys, "keypad": keypad, "wrong": wrong}))
}

pub async fn sign_in(State(shared): State<Arc<Shared>>, body: axum::body::Bytes) -> Response {
    let fields = Fields::read(&body);
    let pin = pin(&shared, fields.typed("kb"), fields.typed("f3"));
    let right = fields.typed("f1") == credentials::AKTEN_USER
        && fields.typed("f2") == credentials::AKTEN_PASSWORD
        && pin.as_deref() == Some(credentials::AKTEN_PIN);
    if !right {
        shared.refused_sign_ins.fetch_add(1, Ordering::SeqCst);
        return page(&shared, true);
    }
    ([(header::SET_COOKIE, shared.akten_sessions.begin())], Redirect::to("/")).into_response()
}

/// The digits behind the clicked keys; a keypad is used up by this.
fn pin(shared: &Shared, keypad: &str, clicked: &str) -> Option<String> {
    let keys = shared.keypads.lock().unwrap_or_else(PoisonError::into_inner).remove(keypad)?;
    let digit = |key: &str| keys.iter().find(|(name, _)| name == key).map(|(_, digit)| char::from(b'0' + digit));
    clicked.split('.').filter(|key| !key.is_empty()).map(digit).collect()
}

pub async fn sign_out(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.akten_sessions.end(request.headers());
    Redirect::to("/").into_response()
}
