//! The seal on decisions, and the hash of references: HMACs under a key that stands beside the database, not in it.
//!
//! Whoever can write to the database can still not make a decision that Kollega acts on. The key is made on first use,
//! is readable by its owner only, and is never shown or logged.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{Decision, Delegation, StoredSuggestion, new_id};

const FILE: &str = "seal.key";
const LENGTH: usize = 32;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("förseglingens nyckel {} kan inte användas: {kind}", .file.display())]
pub struct Error {
    file: PathBuf,
    kind: Kind,
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("andra än ägaren kan läsa filen; gör så här: chmod 600 {0}")]
    Open(String),
    #[error("filen är {0} byte, inte 32; återställ den från säkerhetskopian")]
    Length(usize),
    #[error("operativsystemet gav inga slumptal: {0}")]
    Random(getrandom::Error),
}

/// Seals decisions and tells whether a seal is ours.
#[derive(Clone)]
pub struct Seal {
    key: [u8; LENGTH],
}

impl Seal {
    /// Opens the key in the data folder, made if there is none.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let file = data.join(FILE);
        read_or_make(data, &file).map(|key| Self { key }).map_err(|kind| Error { file, kind })
    }

    /// The key in the data folder, none if there is none.
    pub fn existing(data: &Path) -> Result<Option<Self>, Error> {
        if data.join(FILE).exists() { Self::open(data).map(Some) } else { Ok(None) }
    }

    /// The seal of a decision, in hex.
    pub fn seal(&self, decision: &Decision) -> String {
        hex::encode(self.mac(decision).finalize().into_bytes())
    }

    /// Whether the decision is as it was when it was sealed here. Takes equally long for every wrong seal.
    pub fn is_valid(&self, decision: &Decision) -> bool {
        hex::decode(&decision.seal).is_ok_and(|seal| self.mac(decision).verify_slice(&seal).is_ok())
    }

    /// The seal of a delegation, in hex.
    pub fn of_delegation(&self, delegation: &Delegation) -> String {
        hex::encode(self.mac_of(&delegation.sealed_text()).finalize().into_bytes())
    }

    /// Whether the delegation is as it was when it was sealed here.
    pub fn is_valid_delegation(&self, delegation: &Delegation) -> bool {
        let mac = self.mac_of(&delegation.sealed_text());
        hex::decode(&delegation.seal).is_ok_and(|seal| mac.verify_slice(&seal).is_ok())
    }

    /// The seal of a suggestion, in hex.
    pub fn of_suggestion(&self, suggestion: &StoredSuggestion) -> String {
        hex::encode(self.mac_of(&suggestion.sealed_text()).finalize().into_bytes())
    }

    /// Whether the suggestion is as it was when it was sealed here.
    pub fn is_valid_suggestion(&self, suggestion: &StoredSuggestion) -> bool {
        let seal = suggestion.seal.as_deref().and_then(|seal| hex::decode(seal).ok());
        seal.is_some_and(|seal| self.mac_of(&suggestion.sealed_text()).verify_slice(&seal).is_ok())
    }

    /// The keyed hash by which a reference of a bot is known again when its item has been removed, in hex.
    pub fn of_reference(&self, bot: &str, reference: &str) -> String {
        let mut mac = self.empty_mac();
        mac.update(format!("reference|{}:{bot}|{}:{reference}", bot.len(), reference.len()).as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Tells whether two have the same key, and the same of these texts; neither can be found out from it.
    pub fn fingerprint(&self, texts: &[&str]) -> String {
        let mut mac = self.empty_mac();
        mac.update(b"fingerprint");
        for text in texts {
            mac.update(format!("|{}:{text}", text.len()).as_bytes());
        }
        hex::encode(&mac.finalize().into_bytes()[..8])
    }

    fn empty_mac(&self) -> Hmac<Sha256> {
        // A key shorter than the hash's block is filled with zeros: the definition of HMAC.
        let mut block = [0; 64];
        block[..LENGTH].copy_from_slice(&self.key);
        Hmac::<Sha256>::new(&block.into())
    }

    fn mac(&self, decision: &Decision) -> Hmac<Sha256> {
        self.mac_of(&decision.sealed_text())
    }

    fn mac_of(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = self.empty_mac();
        mac.update(text.as_bytes());
        mac
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

fn read_or_make(data: &Path, file: &Path) -> Result<[u8; LENGTH], Kind> {
    if !file.try_exists()? {
        make(data, file)?;
    }
    if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
        return Err(Kind::Open(file.display().to_string()));
    }
    let bytes = fs::read(file)?;
    bytes.as_slice().try_into().map_err(|_| Kind::Length(bytes.len()))
}

/// Makes the key whole under another name and links it into place: of two processes that start at once one wins, and
/// neither reads half a key.
fn make(data: &Path, file: &Path) -> Result<(), Kind> {
    fs::create_dir_all(data)?;
    let mut key = [0; LENGTH];
    getrandom::fill(&mut key).map_err(Kind::Random)?;
    let draft = data.join(format!(".{FILE}.{}", new_id()));
    let mut writer = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writer.set_permissions(Permissions::from_mode(0o600))?;
    writer.write_all(&key)?;
    writer.sync_all()?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemId;

    fn decision() -> Decision {
        Decision {
            id: "D1".into(),
            item: ItemId("I1".into()),
            suggestion: "S1".into(),
            suggestion_id: "abc".into(),
            outcome: "approve".into(),
            amount: Some("6020".into()),
            reason: None,
            changed: false,
            person: "anna".into(),
            person_name: None,
            role: "caseworker".into(),
            at: "2025-12-10T08:00:00.000Z".into(),
            seal: String::new(),
            motivation: None,
            delegation: None,
            delegation_reference: None,
        }
    }

    fn sealed(seal: &Seal) -> Decision {
        let mut decision = decision();
        decision.seal = seal.seal(&decision);
        decision
    }

    #[test]
    fn a_sealed_decision_is_valid_also_after_a_restart() {
        let data = tempfile::tempdir().expect("a folder");
        let decision = sealed(&Seal::open(data.path()).expect("a key"));
        assert!(Seal::open(data.path()).expect("the same key").is_valid(&decision));
    }

    #[test]
    fn every_sealed_part_counts() {
        let data = tempfile::tempdir().expect("a folder");
        let seal = Seal::open(data.path()).expect("a key");
        let changes: [fn(&mut Decision); 14] = [
            |d| d.id.push('x'),
            |d| d.item.0.push('x'),
            |d| d.suggestion.push('x'),
            |d| d.suggestion_id.push('x'),
            |d| d.outcome = "deny".into(),
            |d| d.amount = Some("60200".into()),
            |d| d.reason = Some("x".into()),
            |d| d.changed = true,
            |d| d.person = "bo".into(),
            |d| d.person_name = Some("Bo Ek".into()),
            |d| d.role = "admin".into(),
            |d| d.at.push('x'),
            |d| d.motivation = Some("x".into()),
            |d| d.delegation = Some("G1".into()),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut forged = sealed(&seal);
            change(&mut forged);
            assert!(!seal.is_valid(&forged), "change {index}");
        }
    }

    #[test]
    fn a_decision_by_delegation_is_sealed_with_the_delegation() {
        let data = tempfile::tempdir().expect("a folder");
        let seal = Seal::open(data.path()).expect("a key");
        let delegated = || {
            let mut decision = decision();
            decision.delegation = Some("G1".into());
            decision.delegation_reference = Some("SN 2026/7".into());
            decision.seal = seal.seal(&decision);
            decision
        };
        assert!(seal.is_valid(&delegated()));
        let changes: [fn(&mut Decision); 3] = [
            |d| d.delegation = Some("G2".into()),
            |d| d.delegation_reference = Some("SN 2026/8".into()),
            |d| d.delegation = None,
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut forged = delegated();
            change(&mut forged);
            assert!(!seal.is_valid(&forged), "change {index}");
        }
    }

    #[test]
    fn a_seal_of_another_installation_or_none_is_not_valid() {
        let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let seal = Seal::open(here.path()).expect("a key");
        assert!(!seal.is_valid(&sealed(&Seal::open(there.path()).expect("a key"))));
        assert!(!seal.is_valid(&decision()));
    }

    #[test]
    fn the_key_is_for_its_owner_only() {
        let data = tempfile::tempdir().expect("a folder");
        Seal::open(data.path()).expect("a key");
        let file = data.path().join(FILE);
        assert_eq!(fs::metadata(&file).expect("the key").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(data.path()).expect("the folder").count(), 1);
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("permissions");
        let error = Seal::open(data.path()).expect_err("a key others can read").to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused() {
        let data = tempfile::tempdir().expect("a folder");
        Seal::open(data.path()).expect("a key");
        fs::write(data.path().join(FILE), "").expect("written");
        assert!(Seal::open(data.path()).is_err());
    }
}
