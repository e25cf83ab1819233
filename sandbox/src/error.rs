//! What can go wrong when the practice systems start or keep their data. Must not know any one system.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to make the sandbox's folder {path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("failed to listen for {system} on {address}: {source}")]
    Listen { system: &'static str, address: String, source: std::io::Error },
    #[error("failed to use the sandbox's database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("failed to read the seed {file}: {reason}")]
    Seed { file: &'static str, reason: String },
    #[error("failed to read a stored record: {0}")]
    Stored(#[from] serde_json::Error),
    #[error("failed to read the amount {0:?}")]
    Amount(String),
}

pub type Result<T> = std::result::Result<T, Error>;
