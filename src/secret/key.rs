//! The key file: made on first use, readable by its owner only, refused when anyone else can read it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use zeroize::Zeroizing;

use super::SecretError;

/// Reads the key, or `None` when there is no key file.
pub(super) fn read(path: &Path) -> Result<Option<Identity>, SecretError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SecretError::file(path, error)),
    };
    if !metadata.is_file() {
        return Err(SecretError::KeyIsNoFile { path: path.to_owned() });
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::KeyIsReadable { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| SecretError::file(path, error))?);
    let key = text.trim().parse().map_err(|_| SecretError::KeyIsBroken { path: path.to_owned() })?;
    Ok(Some(key))
}

/// Makes a key that did not exist. The caller holds the store's lock.
///
/// The file appears under its name only when it is whole and on disk: `link` never replaces a key that exists.
pub(super) fn make(path: &Path) -> Result<Identity, SecretError> {
    let key = Identity::generate();
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let made = write_private(&draft, format!("{}\n", key.to_string().expose_secret()).as_bytes())
        .and_then(|()| fs::hard_link(&draft, path))
        .and_then(|()| sync_folder(path));
    let removed = fs::remove_file(&draft);
    made.and(removed).map_err(|error| SecretError::file(path, error))?;
    Ok(key)
}

/// Writes a new file that only its owner can read, whole and on disk when this returns.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    // A draft left by a crash of a process that had our number: we hold the lock, so nobody is writing it.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes the entry of `path` in its folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
