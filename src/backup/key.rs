//! How a backup is encrypted and opened: by age, for the holder of a key or of a passphrase.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use age::{Decryptor, Encryptor};

use super::{Error, Result};
use crate::secret::Secret;

/// What a backup is encrypted with.
#[derive(Debug, Clone)]
pub enum LockKey {
    /// Nothing.
    Open,
    /// Public keys, `age1…`: the machine itself can't open its backups.
    Recipients(Vec<String>),
    Passphrase(Secret),
}

/// What a backup is opened with.
#[derive(Debug, Clone)]
pub enum OpenKey {
    None,
    /// A file with secret keys.
    Identity(PathBuf),
    Passphrase(Secret),
}

fn phrase(secret: &Secret) -> SecretString {
    SecretString::from(secret.expose().to_owned())
}

/// Where the packed lines are written.
pub(super) enum Sink<W: Write> {
    Open(W),
    Locked(StreamWriter<W>),
}

impl<W: Write> Sink<W> {
    pub fn new(key: &LockKey, to: W) -> Result<Self> {
        let encryptor = match key {
            LockKey::Open => return Ok(Self::Open(to)),
            LockKey::Passphrase(secret) => Encryptor::with_user_passphrase(phrase(secret)),
            LockKey::Recipients(names) => {
                let keys = names.iter().map(|name| name.trim().parse().map_err(|_| Error::Recipient(name.clone())));
                let keys = keys.collect::<Result<Vec<age::x25519::Recipient>>>()?;
                Encryptor::with_recipients(keys.iter().map(|key| key as _)).map_err(|_| Error::Encryption)?
            }
        };
        encryptor.wrap_output(to).map(Self::Locked).map_err(|_| Error::Encryption)
    }

    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Open(to) => Ok(to),
            Self::Locked(stream) => stream.finish(),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(to) => to.write(bytes),
            Self::Locked(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(to) => to.flush(),
            Self::Locked(stream) => stream.flush(),
        }
    }
}

/// The packed lines of a backup file.
pub(super) fn source(path: &Path, key: &OpenKey) -> Result<Box<dyn Read>> {
    let file = std::fs::File::open(path).map_err(Error::file(path))?;
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(Error::file(path))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(file));
    }
    if !start.starts_with(b"age-encryption.org/") {
        return Err(Error::NoBackup(path.to_path_buf()));
    }
    let decryptor = Decryptor::new_buffered(file).map_err(|_| Error::Cut(path.to_path_buf()))?;
    let identities = identities(path, key)?;
    let stream = decryptor.decrypt(identities.iter().map(AsRef::as_ref));
    Ok(Box::new(stream.map_err(|_| Error::WrongKey(path.to_path_buf()))?))
}

fn identities(path: &Path, key: &OpenKey) -> Result<Vec<Box<dyn age::Identity>>> {
    match key {
        OpenKey::None => Err(Error::Encrypted(path.to_path_buf())),
        OpenKey::Passphrase(secret) => Ok(vec![Box::new(age::scrypt::Identity::new(phrase(secret)))]),
        OpenKey::Identity(file) => {
            let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(Error::file(file))?);
            let lines = text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1"));
            let keys = lines.map(|line| line.trim().parse::<age::x25519::Identity>());
            let keys: Vec<_> = keys.filter_map(|key| Some(Box::new(key.ok()?) as Box<dyn age::Identity>)).collect();
            if keys.is_empty() { Err(Error::Identity(file.clone())) } else { Ok(keys) }
        }
    }
}
