//! The keys of an installation in one file, encrypted under a passphrase, to be carried to another machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use super::{Secret, SecretError, key};

/// The files that every machine must have the same.
const FILES: [&str; 3] = ["seal.key", "secrets.key", "secrets.age"];

/// The keys of the data folder, encrypted.
pub fn pack(data: &Path, passphrase: &Secret) -> Result<Vec<u8>, SecretError> {
    let mut files: BTreeMap<&str, Zeroizing<String>> = BTreeMap::new();
    for name in FILES {
        let file = data.join(name);
        if file.exists() {
            let bytes = Zeroizing::new(fs::read(&file).map_err(|error| SecretError::file(&file, error))?);
            files.insert(name, Zeroizing::new(hex::encode(&*bytes)));
        }
    }
    let plain: BTreeMap<&str, &str> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut plain = serde_json::to_vec(&plain).map_err(|_| SecretError::Encryption { path: data.into() })?;
    let recipient = age::scrypt::Recipient::new(passphrase.expose().to_owned().into());
    let encrypted = age::encrypt(&recipient, &plain);
    plain.zeroize();
    encrypted.map_err(|_| SecretError::Encryption { path: data.into() })
}

/// Puts the keys of a bundle into the data folder. What was there and is different is kept beside, under another name;
/// the names of those that were put there.
pub fn unpack(data: &Path, bundle: &Path, passphrase: &Secret) -> Result<Vec<String>, SecretError> {
    let broken = || SecretError::BundleIsBroken { path: bundle.to_owned() };
    let encrypted = fs::read(bundle).map_err(|error| SecretError::file(bundle, error))?;
    let identity = age::scrypt::Identity::new(passphrase.expose().to_owned().into());
    let plain = Zeroizing::new(age::decrypt(&identity, &encrypted).map_err(|_| broken())?);
    let files: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| broken())?;
    fs::create_dir_all(data).map_err(|error| SecretError::file(data, error))?;
    let mut put = Vec::new();
    for name in FILES {
        let Some(text) = files.get(name) else { continue };
        let bytes = Zeroizing::new(hex::decode(text).map_err(|_| broken())?);
        if replace(&data.join(name), &bytes)? {
            put.push(name.to_owned());
        }
    }
    Ok(put)
}

/// Puts the file there, the one before beside it; false when it was there already.
fn replace(file: &Path, bytes: &[u8]) -> Result<bool, SecretError> {
    let wrong = |error| SecretError::file(file, error);
    if file.exists() {
        if *Zeroizing::new(fs::read(file).map_err(wrong)?) == bytes {
            return Ok(false);
        }
        fs::rename(file, unused(file)).map_err(wrong)?;
    }
    let draft = file.with_extension("import");
    key::write_private(&draft, bytes)
        .and_then(|()| fs::rename(&draft, file))
        .and_then(|()| key::sync_folder(file))
        .map_err(wrong)?;
    Ok(true)
}

/// A name beside the file that nothing has: `seal.key.1`.
fn unused(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = |number: u32| file.with_file_name(format!("{name}.{number}"));
    (1..1000).map(beside).find(|file| !file.exists()).unwrap_or_else(|| beside(1000))
}
