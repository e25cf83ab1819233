//! People: passwords, signing in, sessions.
//!
//! Passwords are kept as Argon2id hashes and tokens as SHA-256; neither is ever logged. Wrong passwords are counted in
//! the store, so that the console and the command line share one limit and a restart does not lift it.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};

use crate::model::User;
use crate::store::{self, Store};

/// How many wrong passwords are allowed for a name within [`WINDOW`].
pub const TRIES: usize = 5;
/// The time within which wrong passwords count.
pub const WINDOW: Duration = Duration::from_mins(15);
/// How long a session lasts, however much it is used.
pub const SESSION: Duration = Duration::from_hours(8);
/// The shortest password, in characters.
pub const SHORTEST: usize = 12;

/// Why a person could not sign in, or a password could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Which of the two is not told.
    #[error("fel namn eller lösenord")]
    Wrong,
    /// Too many wrong passwords.
    #[error("för många fel lösenord: försök igen om {} min", .0.as_secs() / 60 + 1)]
    TooMany(Duration),
    /// Too short to keep.
    #[error("lösenordet är för kort: minst {SHORTEST} tecken")]
    TooShort,
    /// The hash could not be made.
    #[error("lösenordet kunde inte sparas: {0}")]
    Hash(password_hash::Error),
    /// No random numbers.
    #[error("operativsystemet gav inga slumptal: {0}")]
    Random(getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A session that has just begun: what the browser keeps.
#[derive(Clone)]
pub struct Session {
    /// In the cookie only.
    pub token: String,
    /// In each form.
    pub csrf: String,
}

/// Adds a person, or gives one new roles and a new password and ends their sessions; and a full name, where it is given.
pub async fn add(
    store: &Store,
    name: &str,
    full_name: Option<&str>,
    password: &str,
    roles: &[String],
) -> Result<(), Error> {
    if password.chars().count() < SHORTEST {
        return Err(Error::TooShort);
    }
    let hash = hash_password(password.to_owned()).await?;
    store.disable_user(name).await?;
    Ok(store.put_user(name, full_name, &hash, roles).await?)
}

/// The person, if the password is theirs. A name that does not exist takes as long as one that does.
pub async fn sign_in(store: &Store, name: &str, password: &str) -> Result<User, Error> {
    let name_hash = token_hash(name);
    if let Some(wait) = store.count_sign_in_try(&name_hash, TRIES, WINDOW).await? {
        return Err(Error::TooMany(wait));
    }
    let user = store.user(name).await?;
    let hash = user.as_ref().map(|user| user.hash.clone());
    let right = verify_password(password.to_owned(), hash).await;
    let user = user.filter(|_| right).ok_or(Error::Wrong)?;
    store.forget_sign_in_tries(&name_hash).await?;
    Ok(user)
}

/// Begins a session of a person who has signed in.
pub async fn begin_session(store: &Store, user: &User) -> Result<Session, Error> {
    let session = Session { token: random_token()?, csrf: random_token()? };
    store.add_session(&token_hash(&session.token), &user.name, &session.csrf, SESSION).await?;
    Ok(session)
}

/// A token that nobody can guess: 32 random bytes in hex.
pub fn random_token() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(hex::encode(bytes))
}

/// What is kept of a token.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Hashed where a name does not exist, for the time it takes; nothing verifies against it.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| Argon2::default().hash_password(&[0]).map(|hash| hash.to_string()).unwrap_or_default());

async fn hash_password(password: String) -> Result<String, Error> {
    let hash = move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string());
    match tokio::task::spawn_blocking(hash).await {
        Ok(result) => result.map_err(Error::Hash),
        Err(_) => Err(Error::Hash(password_hash::Error::Crypto)),
    }
}

async fn verify_password(password: String, hash: Option<String>) -> bool {
    let verify = move || {
        let known = hash.as_deref().unwrap_or(&NOBODY);
        Argon2::default().verify_password(password.as_bytes(), known).is_ok() && hash.is_some()
    };
    tokio::task::spawn_blocking(verify).await.unwrap_or(false)
}
