//! Versions of rule books, whole: what was approved, and everything that has ever answered. Nothing is taken away.

use super::events::append;
use super::{Result, Store, Tx, now, query};
use crate::model::{Event, EventKind, RuleBookVersion, time_text};

/// A version of a rule book with its files.
#[derive(Debug, Clone)]
pub struct BookContent {
    pub book: String,
    /// Over the content.
    pub sha256: String,
    /// What people call it.
    pub label: String,
    /// Path and text.
    pub files: Vec<(String, String)>,
}

/// An approved version that has the label already, by its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTaken(pub String);

impl Store {
    /// Keeps a version that is about to answer; one that is kept already is left as it is.
    pub async fn keep_rulebook(&self, content: &BookContent) -> Result<()> {
        if self.rulebook(&content.book, &content.sha256).await?.is_some() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        keep(&mut tx, content).await?;
        tx.commit().await
    }

    /// Keeps a version as approved by a person, under its label. Approved again, it is the newest.
    pub async fn approve_rulebook(
        &self,
        content: &BookContent,
        person: &str,
        note: &str,
    ) -> Result<std::result::Result<(), LabelTaken>> {
        let mut tx = self.begin().await?;
        let BookContent { book, sha256, label, .. } = content;
        let taken: Option<(String,)> = query(
            "select sha256 from rulebooks where book = $1 and label = $2 and sha256 <> $3 and approved_at is not null limit 1",
        )
        .bind(book)
        .bind(label)
        .bind(sha256)
        .fetch_optional(&mut tx)
        .await?;
        if let Some((other,)) = taken {
            tx.roll_back().await?;
            return Ok(Err(LabelTaken(other)));
        }
        keep(&mut tx, content).await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "update rulebooks set label = $1, approved_at = $2, approved_by = $3, note = $4 where book = $5 and sha256 = $6",
        )
        .bind(label)
        .bind(at)
        .bind(person)
        .bind(note)
        .bind(book)
        .bind(sha256)
        .execute(&mut tx)
        .await?;
        let event = Event::new(EventKind::Approved, format!("person:{person}"));
        let detail = serde_json::json!({"rulebook": book, "version": sha256, "label": label});
        append(&mut tx, &[event.detail(detail)]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// One version.
    pub async fn rulebook(&self, book: &str, sha256: &str) -> Result<Option<RuleBookVersion>> {
        query("select * from rulebooks where book = $1 and sha256 = $2")
            .bind(book)
            .bind(sha256)
            .fetch_optional(self)
            .await
    }

    /// Every version of every book, by book: what was approved last first, then what was kept last.
    pub async fn rulebooks(&self) -> Result<Vec<RuleBookVersion>> {
        query("select * from rulebooks order by book, coalesce(approved_at, '') desc, kept_at desc, sha256")
            .fetch_all(self)
            .await
    }

    /// The version of each book that was approved last.
    pub async fn approved_rulebooks(&self) -> Result<Vec<RuleBookVersion>> {
        let sql = "select * from rulebooks where approved_at is not null order by book, approved_at desc, sha256";
        let mut versions: Vec<RuleBookVersion> = query(sql).fetch_all(self).await?;
        versions.dedup_by(|later, first| later.book == first.book);
        Ok(versions)
    }

    /// Path and text of a version's files, by path.
    pub async fn rulebook_files(&self, book: &str, sha256: &str) -> Result<Vec<(String, String)>> {
        query("select path, content from rulebook_files where book = $1 and sha256 = $2 order by path")
            .bind(book)
            .bind(sha256)
            .fetch_all(self)
            .await
    }
}

async fn keep(tx: &mut Tx, content: &BookContent) -> Result<()> {
    let BookContent { book, sha256, label, files } = content;
    let at = time_text(now(tx).await?);
    let new = query(
        "insert into rulebooks (book, sha256, label, kept_at) values ($1, $2, $3, $4) on conflict (book, sha256) do nothing",
    )
    .bind(book)
    .bind(sha256)
    .bind(label)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    if new == 0 {
        return Ok(());
    }
    for (path, text) in files {
        query("insert into rulebook_files (book, sha256, path, content) values ($1, $2, $3, $4)")
            .bind(book)
            .bind(sha256)
            .bind(path)
            .bind(text)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
