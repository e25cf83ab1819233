//! A rule book's version by what people call it: a folder, a name under `rulebooks/`, a label, or a SHA-256's beginning.

use std::path::Path;

use decision::RuleBook;

use crate::cli::{Invalid, open_store, suggest};
use crate::config::Config;
use crate::model::RuleBookVersion;
use crate::rulebook::{self, SHORTEST, short};
use crate::store::Store;

/// The version of this name, and how it is told to people.
pub async fn named(config: &Config, name: &str) -> anyhow::Result<(RuleBook, String)> {
    if Path::new(name).join("rulebook.yaml").is_file() || config.rulebook(name).join("rulebook.yaml").is_file() {
        let book = suggest::load(config, name)?;
        let told = format!("{} {} ({}, filerna)", book.name(), book.version(), short(book.sha256()));
        return Ok((book, told));
    }
    let store = open_store(config).await?;
    let version = stored(&store, name).await?;
    let book = rulebook::kept(&store, &version.book, &version.sha256).await?.map_err(anyhow::Error::msg)?;
    Ok((book, format!("{} {} ({})", version.book, version.label, short(&version.sha256))))
}

/// The stored version with this label, or whose SHA-256 begins so.
async fn stored(store: &Store, name: &str) -> anyhow::Result<RuleBookVersion> {
    let versions = store.rulebooks().await?;
    let hash = name.to_ascii_lowercase();
    let is_hash = hash.len() >= SHORTEST && hash.chars().all(|c| c.is_ascii_hexdigit());
    let approved = |version: &&RuleBookVersion| version.label == name && version.approved_at.is_some();
    let mut found: Vec<&RuleBookVersion> = versions.iter().filter(approved).collect();
    if found.is_empty() {
        found = versions.iter().filter(|version| version.label == name).collect();
    }
    if found.is_empty() && is_hash {
        found = versions.iter().filter(|version| version.sha256.starts_with(&hash)).collect();
    }
    match found.as_slice() {
        [version] => Ok((*version).clone()),
        [] => Err(Invalid(format!(
            "`{name}` är varken en regelbok, en etikett eller början på en kontrollsumma (minst {SHORTEST} tecken): se \
             `kollega rules versions`"
        ))
        .into()),
        several => {
            let all: Vec<String> =
                several.iter().map(|version| format!("{} {}", version.book, short(&version.sha256))).collect();
            Err(Invalid(format!("`{name}` kan vara {}: skriv kontrollsumman", all.join(" eller "))).into())
        }
    }
}
