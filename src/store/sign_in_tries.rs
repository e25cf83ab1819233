//! Passwords tried lately: counted before they are checked, so that tries at the same time count too.

use std::time::Duration;

use super::{Result, Store, now, query};
use crate::model::{new_id_at, parse_time, time_text};

impl Store {
    /// Counts a try; where there have been `limit` within `window` it is not counted, and how long to wait
    /// for the next is returned.
    pub async fn count_sign_in_try(&self, name_hash: &str, limit: usize, window: Duration) -> Result<Option<Duration>> {
        let mut tx = self.begin().await?;
        tx.one_at_a_time("sign_in_tries").await?;
        let now = now(&mut tx).await?;
        query("delete from sign_in_tries where at <= $1").bind(time_text(now - window)).execute(&mut tx).await?;
        let newest: Vec<String> = query("select at from sign_in_tries where name_hash = $1 order by at desc, id desc")
            .bind(name_hash)
            .fetch_values(&mut tx)
            .await?;
        if let Some(at) = limit.checked_sub(1).and_then(|last| newest.get(last)) {
            let allowed = parse_time(at).unwrap_or(now) + window;
            return Ok(Some((allowed - now).to_std().unwrap_or_default()));
        }
        query("insert into sign_in_tries (id, name_hash, at) values ($1, $2, $3)")
            .bind(new_id_at(now))
            .bind(name_hash)
            .bind(time_text(now))
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Forgets the tries of a name: the password was right.
    pub async fn forget_sign_in_tries(&self, name_hash: &str) -> Result<()> {
        query("delete from sign_in_tries where name_hash = $1").bind(name_hash).execute(self).await?;
        Ok(())
    }
}
