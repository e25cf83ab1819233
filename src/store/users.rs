//! People who may sign in, and their sessions. Passwords are kept as Argon2 hashes, sessions by the hash of their token.

use std::time::Duration;

use super::{Result, Store, now, query};
use crate::model::{User, time_text};

impl Store {
    /// Adds a person, or changes the roles and password of one, and what they are called where that is given.
    pub async fn put_user(&self, name: &str, full_name: Option<&str>, hash: &str, roles: &[String]) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "insert into users (name, full_name, hash, roles, created_at) values ($1, $5, $2, $3, $4)
             on conflict (name) do update set full_name = coalesce(excluded.full_name, users.full_name), hash = excluded.hash,
                 roles = excluded.roles, disabled_at = null",
        )
        .bind(name)
        .bind(hash)
        .bind(serde_json::json!(roles).to_string())
        .bind(at)
        .bind(full_name)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Shuts a person out, with every session.
    pub async fn disable_user(&self, name: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let changed = query("update users set disabled_at = $1 where name = $2 and disabled_at is null")
            .bind(at)
            .bind(name)
            .execute(&mut tx)
            .await?;
        query("delete from sessions where person = $1").bind(name).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// A person who is not shut out.
    pub async fn user(&self, name: &str) -> Result<Option<User>> {
        let sql = "select * from users where name = $1 and disabled_at is null";
        query(sql).bind(name).fetch_optional(self).await
    }

    /// Everyone, by name.
    pub async fn users(&self) -> Result<Vec<User>> {
        query("select * from users order by name").fetch_all(self).await
    }

    /// Keeps a session that ends after `life`.
    pub async fn add_session(&self, token_hash: &str, person: &str, csrf: &str, life: Duration) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = now(&mut tx).await?;
        query("delete from sessions where expires_at < $1").bind(time_text(now)).execute(&mut tx).await?;
        query("insert into sessions (token_hash, person, csrf, created_at, expires_at) values ($1, $2, $3, $4, $5)")
            .bind(token_hash)
            .bind(person)
            .bind(csrf)
            .bind(time_text(now))
            .bind(time_text(now + life))
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }

    /// The person and CSRF token of a session that has not ended.
    pub async fn session(&self, token_hash: &str) -> Result<Option<(User, String)>> {
        let now = time_text(self.now().await?);
        let found: Option<(String, String)> =
            query("select person, csrf from sessions where token_hash = $1 and expires_at > $2")
                .bind(token_hash)
                .bind(now)
                .fetch_optional(self)
                .await?;
        let Some((person, csrf)) = found else { return Ok(None) };
        Ok(self.user(&person).await?.map(|user| (user, csrf)))
    }

    /// Ends a session.
    pub async fn end_session(&self, token_hash: &str) -> Result<()> {
        query("delete from sessions where token_hash = $1").bind(token_hash).execute(self).await?;
        Ok(())
    }
}
