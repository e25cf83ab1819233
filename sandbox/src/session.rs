//! Who is signed in to one system. In memory: a restart signs everybody out. Must not check passwords.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

pub struct Sessions {
    cookie: &'static str,
    idle: Option<Duration>,
    last_used: Mutex<HashMap<String, Option<Instant>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    SignedIn,
    /// It was signed in; said once, then it is `Nobody`.
    Expired,
    Nobody,
}

impl Sessions {
    pub fn new(cookie: &'static str, idle: Option<Duration>) -> Self {
        Self { cookie, idle, last_used: Mutex::default() }
    }

    /// The `Set-Cookie` header of a new session.
    pub fn begin(&self) -> String {
        let token = token();
        self.lock().insert(token.clone(), Some(Instant::now()));
        format!("{}={token}; Path=/; HttpOnly; SameSite=Lax", self.cookie)
    }

    pub fn end(&self, headers: &HeaderMap) {
        if let Some(token) = self.token_of(headers) {
            self.lock().remove(&token);
        }
    }

    /// The next request of this session finds it expired.
    pub fn expire(&self, headers: &HeaderMap) {
        if let Some(token) = self.token_of(headers)
            && let Some(used) = self.lock().get_mut(&token)
        {
            *used = None;
        }
    }

    pub fn expire_all(&self) {
        self.lock().values_mut().for_each(|used| *used = None);
    }

    /// How the request stands; a session that is used lives on.
    pub fn standing(&self, headers: &HeaderMap) -> Standing {
        let Some(token) = self.token_of(headers) else {
            return Standing::Nobody;
        };
        let mut sessions = self.lock();
        match sessions.get_mut(&token) {
            None => Standing::Nobody,
            Some(Some(used)) if self.idle.is_none_or(|idle| used.elapsed() <= idle) => {
                *used = Instant::now();
                Standing::SignedIn
            }
            Some(_) => {
                sessions.remove(&token);
                Standing::Expired
            }
        }
    }

    fn token_of(&self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value.to_owned())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Option<Instant>>> {
        self.last_used.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Different at each start, so that a cookie from before a restart is nobody's. Practice systems only: it could be guessed.
pub fn token() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let digest = Sha256::new()
        .chain_update(NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes())
        .chain_update(chrono::Utc::now().timestamp_nanos_opt().unwrap_or(0).to_be_bytes())
        .chain_update(std::process::id().to_be_bytes())
        .finalize();
    hex::encode(&digest[..12])
}
