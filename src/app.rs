//! What every command works with: configuration, store, secrets, the seal, and the programs they need.

use std::path::PathBuf;

use anyhow::Context;

use crate::config::Config;
use crate::seal::Seal;
use crate::secret::{Redactor, Secret, SecretStore};
use crate::store::Store;

/// One installation, opened.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub secrets: SecretStore,
    pub seal: Seal,
}

impl App {
    /// Opens the store, made if need be, and the keys.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let data = config.data();
        let secrets = SecretStore::open(&data).context("hemligheterna kan inte öppnas")?;
        let seal = Seal::open(&data).context("sigillets nyckel kan inte öppnas")?;
        let store = Store::open(&data.join("kollega.db")).await?;
        Ok(Self { config, store, secrets, seal })
    }

    /// What masks every secret and these personal values in text.
    pub fn redactor(&self, personal: &[String]) -> Redactor {
        let mut known: Vec<Secret> = self.secrets.all().unwrap_or_default().into_values().collect();
        known.extend(personal.iter().filter(|value| value.chars().count() > 2).map(Secret::new));
        Redactor::new(&known)
    }

    /// Where pictures of pages are kept.
    pub fn screenshots(&self) -> PathBuf {
        self.config.data().join("screenshots")
    }
}
