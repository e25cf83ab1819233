//! What every command works with: configuration, store, secrets, the seal, and the programs they need.

mod address;

use std::path::PathBuf;

use anyhow::Context;

use crate::config::Config;
use crate::mail::{MailConfig, Mailer, Tls};
use crate::outage::Outage;
use crate::seal::Seal;
use crate::secret::{Redactor, Secret, SecretStore};
use crate::store::Store;

/// Where an installation's store is.
#[derive(Debug, Clone)]
pub enum Database {
    /// SQLite's file.
    File(PathBuf),
    /// A PostgreSQL database.
    Server { url: String, host: String, password: Option<Secret>, connections: u32 },
}

/// The store of the configuration: its PostgreSQL database, or `kollega.db` in the data folder.
pub fn database(config: &Config, secrets: &SecretStore) -> anyhow::Result<Database> {
    let database = &config.database;
    if database.url.is_empty() {
        return Ok(Database::File(config.data().join("kollega.db")));
    }
    let url = address::read(&database.url)?;
    let password = match &database.password {
        None => None,
        Some(name) => Some(secrets.get(name).with_context(|| format!("databasens lösenord {name} kan inte läsas"))?),
    };
    let host = url.host_str().unwrap_or("?").to_owned();
    Ok(Database::Server { url: database.url.clone(), host, password, connections: database.connections.max(2) })
}

impl Database {
    /// Opens it, made and migrated if need be.
    pub async fn open(&self) -> anyhow::Result<Store> {
        match self {
            Self::File(file) => Ok(Store::open(file).await?),
            Self::Server { url, host, password, connections } => {
                let opened = Store::connect(url, password.as_ref().map(Secret::expose), *connections).await;
                opened.map_err(|error| {
                    let advice = address::advice(&error).map(|advice| format!(": {advice}")).unwrap_or_default();
                    anyhow::Error::new(error).context(format!("databasen på {host} kan inte öppnas{advice}"))
                })
            }
        }
    }
}

/// Opens the installation's store.
pub async fn open_store(config: &Config, secrets: &SecretStore) -> anyhow::Result<Store> {
    let seal = Seal::open(&config.data()).context("sigillets nyckel kan inte öppnas")?;
    open_sealed(config, secrets, seal).await
}

async fn open_sealed(config: &Config, secrets: &SecretStore, seal: Seal) -> anyhow::Result<Store> {
    let store = database(config, secrets)?.open().await?;
    Ok(store.with_seal(seal).with_payload(config.items.max_megabytes << 20))
}

/// What the seal's key is called in the store.
pub const SEAL: &str = "seal";

/// Refuses a key that is not the one that the installation's other nodes have: what is decided under it would not be
/// believed by them.
pub async fn agree(store: &Store, seal: &Seal, config: &Config) -> anyhow::Result<()> {
    let own = seal.fingerprint(&[]);
    anyhow::ensure!(
        store.has_fingerprint(SEAL, &own).await?,
        "nyckeln {} är en annan än den som installationen använder: databasen hör till en annan nyckel, eller så är \
         datorn ny. Hämta nycklarna från en dator som är i gång: `kollega keys export` där, `kollega keys import` här. \
         Är nyckeln förlorad: se `kollega keys replace`",
        config.data().join("seal.key").display()
    );
    Ok(())
}

/// One installation, opened.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub secrets: SecretStore,
    pub seal: Seal,
    pub outage: Outage,
}

impl App {
    /// Opens the store, made if need be, and the keys.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let data = config.data();
        let secrets = SecretStore::open(&data).context("hemligheterna kan inte öppnas")?;
        let seal = Seal::open(&data).context("sigillets nyckel kan inte öppnas")?;
        let store = open_sealed(&config, &secrets, seal.clone()).await?;
        agree(&store, &seal, &config).await?;
        Ok(Self { config, store, secrets, seal, outage: Outage::default() })
    }

    /// Tells whether another node has the same secrets, and nothing else.
    pub fn secrets_fingerprint(&self) -> String {
        let secrets = self.secrets.all().unwrap_or_default();
        let texts: Vec<&str> = secrets.iter().flat_map(|(name, secret)| [name.as_str(), secret.expose()]).collect();
        self.seal.fingerprint(&texts)
    }

    /// What masks every secret and these personal values in text.
    pub fn redactor(&self, personal: &[String]) -> Redactor {
        let mut known: Vec<Secret> = self.secrets.all().unwrap_or_default().into_values().collect();
        known.extend(personal.iter().filter(|value| value.chars().count() > 2).map(Secret::new));
        Redactor::new(&known)
    }

    /// What sends mail by the configured server; or what is wrong with the configuration.
    pub fn mailer(&self) -> Result<Mailer, String> {
        let own = &self.config.mail;
        if own.host.is_empty() {
            return Err("e-post är inte inställt: lägg till [mail] med host och from i kollega.toml".into());
        }
        let mut config = MailConfig::new(own.host.clone(), own.port, own.from.clone());
        config.tls = own.tls.parse::<Tls>().map_err(|error| format!("[mail] tls: {error}"))?;
        config.ca.clone_from(&own.ca);
        config.user.clone_from(&own.user);
        if let Some(name) = &own.password {
            config.password = Some(self.secrets.get(name).map_err(|error| error.to_string())?);
        }
        Ok(Mailer::new(config))
    }

    /// A Message-ID in the sender's domain, made of an id that is kept.
    pub fn message_id(&self, id: &str) -> String {
        let from = self.config.mail.from.trim_end_matches('>');
        let domain = from.rsplit('@').next().filter(|domain| !domain.is_empty()).unwrap_or("kollega.invalid");
        format!("<{id}@{domain}>")
    }
}
