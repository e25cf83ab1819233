//! Removing an item wholly: its record, what was suggested and decided, and why people did what they did. Its events
//! stay, and hold nothing personal; so do its intents. That its reference has been here stays as a keyed hash.

use super::events::append;
use super::items::{Enqueued, item_in};
use super::{Error, Result, Store, Tx, made, now, query};
use crate::model::{Event, EventKind, ItemId, time_text};
use crate::seal::Seal;

/// The tables that hold an item's own record; each names the item in its column `item`.
const RECORD: &[&str] = &["suggestions", "decisions", "motivations", "attempts", "operations", "spot_texts"];

impl Store {
    /// The store with the key under which references of removed items are known again.
    #[must_use]
    pub fn with_seal(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// Removes an ended item wholly, by a person; `why` is a word of ours. Its reference is refused from then on.
    pub async fn remove_item(&self, id: &ItemId, person: &str, why: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let item = item_in(&mut tx, id).await?;
        if !item.state.is_final() {
            tx.roll_back().await?;
            return Err(Error::NotAllowed { from: item.state.to_string(), to: "borttaget".into() });
        }
        let (Some(hash), fingerprint) = self.hashes(&item.bot, &item.reference) else { return Err(Error::OtherKey) };
        query("insert into reference_keys (fingerprint) values ($1) on conflict (fingerprint) do nothing")
            .bind(&fingerprint)
            .execute(&mut tx)
            .await?;
        if is_other_key(&mut tx, &fingerprint).await? {
            return Err(Error::OtherKey);
        }
        let at = time_text(now(&mut tx).await?);
        query("insert into removed_references (hash, at) values ($1, $2) on conflict (hash) do nothing")
            .bind(hash)
            .bind(at)
            .execute(&mut tx)
            .await?;
        for table in RECORD {
            made(format!("delete from {table} where item = $1")).bind(id).execute(&mut tx).await?;
        }
        query("delete from items where id = $1").bind(id).execute(&mut tx).await?;
        let event = Event::new(EventKind::Removed, format!("person:{person}")).item(&item);
        append(&mut tx, &[event.detail(serde_json::json!({"why": why}))]).await?;
        tx.commit().await
    }

    /// Lets go of what the database's own journal still holds of what was removed: done after the last removal.
    pub async fn forget_removed(&self) -> Result<()> {
        // PostgreSQL writes over what its autovacuum has cleared; only a superuser could hurry it.
        self.empty_journal().await
    }

    /// The keyed hash of a reference, none without a key, and the fingerprint of the key.
    pub(super) fn hashes(&self, bot: &str, reference: &str) -> (Option<String>, String) {
        let seal = self.seal.as_ref();
        (seal.map(|seal| seal.of_reference(bot, reference)), seal.map(|seal| seal.fingerprint(&[])).unwrap_or_default())
    }

    /// What became of an item that is not there and was not put in: it has been removed, or nobody here can tell.
    pub(super) async fn removed(&self, tx: &mut Tx, fingerprint: &str) -> Result<Enqueued> {
        if is_other_key(tx, fingerprint).await? { Err(Error::OtherKey) } else { Ok(Enqueued::Removed) }
    }

    /// A person has replaced a lost key: what was removed under it can't be known again. How many items that is.
    pub async fn forget_reference_key(&self) -> Result<i64> {
        let mut tx = self.begin().await?;
        query("delete from reference_keys").execute(&mut tx).await?;
        let lost = query("select count(*) from removed_references").fetch_value(&mut tx).await?;
        tx.commit().await?;
        Ok(lost)
    }

    /// Whether an item of this reference has been removed.
    pub async fn is_removed(&self, bot: &str, reference: &str) -> Result<bool> {
        Ok(self.removal_of(bot, reference).await?.is_some())
    }

    /// When an item of this reference was removed, whichever robot's it was; none where none was.
    pub async fn removed_at(&self, reference: &str) -> Result<Option<String>> {
        let bots: Vec<(String,)> = query("select distinct bot from runs order by bot").fetch_all(self).await?;
        for (bot,) in bots {
            if let Some(at) = self.removal_of(&bot, reference).await? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    async fn removal_of(&self, bot: &str, reference: &str) -> Result<Option<String>> {
        let (hash, _) = self.hashes(bot, reference);
        let at: Option<(String,)> =
            query("select at from removed_references where hash = $1").bind(hash).fetch_optional(self).await?;
        Ok(at.map(|(at,)| at))
    }
}

/// Whether references were removed under a key that is not this one.
async fn is_other_key(tx: &mut Tx, fingerprint: &str) -> Result<bool> {
    let sql = "select count(*) from reference_keys where fingerprint <> $1";
    let others: i64 = query(sql).bind(fingerprint).fetch_value(&mut *tx).await?;
    Ok(others > 0)
}
