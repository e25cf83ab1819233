//! The file of secrets in the data folder: one map of names to values, encrypted as a whole.
//!
//! Names are encrypted too. Every write is read-change-replace under a file lock, so that two commands at the same
//! time lose nothing, and a crash leaves the old file or the new one.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use zeroize::{Zeroize, Zeroizing};

use super::{Secret, SecretError, key};

/// The secrets kept in one data folder.
#[derive(Debug, Clone)]
pub struct SecretStore {
    store: PathBuf,
    key: PathBuf,
    lock: PathBuf,
}

impl SecretStore {
    /// The secrets of the data folder `folder`, which is made when it is not there. The key is made on first use,
    /// by [`Self::set`].
    pub fn open(folder: &Path) -> Result<Self, SecretError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| SecretError::file(folder, error))?;
        let store = Self {
            store: folder.join("secrets.age"),
            key: folder.join("secrets.key"),
            lock: folder.join("secrets.lock"),
        };
        key::read(&store.key)?;
        Ok(store)
    }

    /// Keeps `secret` under `name`, replacing what was there.
    pub fn set(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        check_name(name)?;
        if secret.expose().is_empty() {
            return Err(SecretError::Empty { name: name.to_owned() });
        }
        let _lock = self.lock()?;
        let key = self.key_or_new()?;
        let mut secrets = self.read(&key)?;
        secrets.insert(name.to_owned(), secret.clone());
        self.write(&key, &secrets)
    }

    /// The secret called `name`.
    pub fn get(&self, name: &str) -> Result<Secret, SecretError> {
        self.all()?.remove(name).ok_or_else(|| SecretError::Unknown { name: name.to_owned() })
    }

    /// The names of all secrets, in order.
    pub fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.all()?.into_keys().collect())
    }

    /// Every secret by name, as the redactor needs them.
    pub fn all(&self) -> Result<BTreeMap<String, Secret>, SecretError> {
        match key::read(&self.key)? {
            Some(key) => self.read(&key),
            None if self.store.exists() => Err(self.key_is_missing()),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Forgets the secret called `name`.
    pub fn remove(&self, name: &str) -> Result<(), SecretError> {
        let _lock = self.lock()?;
        let mut secrets = self.all()?;
        if secrets.remove(name).is_none() {
            return Err(SecretError::Unknown { name: name.to_owned() });
        }
        let key = self.key_or_new()?;
        self.write(&key, &secrets)
    }

    /// Waits for other writers; the lock is let go when the file is dropped.
    fn lock(&self) -> Result<File, SecretError> {
        let locked = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.lock)
            .and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| SecretError::file(&self.lock, error))
    }

    /// The key, made now if there is neither a key nor anything encrypted with one.
    fn key_or_new(&self) -> Result<Identity, SecretError> {
        match key::read(&self.key)? {
            Some(key) => Ok(key),
            None if self.store.exists() => Err(self.key_is_missing()),
            None => key::make(&self.key),
        }
    }

    fn key_is_missing(&self) -> SecretError {
        SecretError::KeyIsMissing { key: self.key.clone(), store: self.store.clone() }
    }

    fn read(&self, key: &Identity) -> Result<BTreeMap<String, Secret>, SecretError> {
        let encrypted = match fs::read(&self.store) {
            Ok(encrypted) => encrypted,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(SecretError::file(&self.store, error)),
        };
        let broken = || SecretError::StoreIsBroken { path: self.store.clone() };
        let plain = Zeroizing::new(age::decrypt(key, &encrypted).map_err(|_| broken())?);
        let map: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| broken())?;
        Ok(map.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
    }

    fn write(&self, key: &Identity, secrets: &BTreeMap<String, Secret>) -> Result<(), SecretError> {
        let failed = || SecretError::Encryption { path: self.store.clone() };
        let map: BTreeMap<&str, &str> = secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        let mut plain = serde_json::to_vec(&map).map_err(|_| failed())?;
        let encrypted = age::encrypt(&key.to_public(), &plain);
        plain.zeroize();
        let draft = self.store.with_extension(format!("age.{}", std::process::id()));
        key::write_private(&draft, &encrypted.map_err(|_| failed())?)
            .and_then(|()| fs::rename(&draft, &self.store))
            .and_then(|()| key::sync_folder(&self.store))
            .map_err(|error| SecretError::file(&self.store, error))
    }
}

fn check_name(name: &str) -> Result<(), SecretError> {
    let fits = |letter: char| letter.is_alphanumeric() || ".-_".contains(letter);
    if !name.is_empty() && name.len() <= 100 && name.chars().all(fits) {
        return Ok(());
    }
    Err(SecretError::Name { name: name.chars().take(100).collect() })
}
