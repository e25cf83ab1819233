//! What can go wrong when the practice systems start or keep their data. Must not know any one system.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("övningssystemens mapp {path} kunde inte skapas: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("{system} kunde inte lyssna på {address}: {source}")]
    Listen { system: &'static str, address: String, source: std::io::Error },
    #[error("övningssystemens databas kunde inte användas: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{file} i övningssystemens grunddata kunde inte läsas: {reason}")]
    Seed { file: &'static str, reason: String },
    #[error("en sparad post kunde inte läsas: {0}")]
    Stored(#[from] serde_json::Error),
    #[error("{0:?} är inte ett belopp")]
    Amount(String),
}

pub type Result<T> = std::result::Result<T, Error>;
