//! Versions of rule books, whole: what was approved, and everything that has ever answered. Nothing is taken away.

use super::events::append;
use super::{Result, Store, Tx, now, query};
use crate::model::{Event, EventKind, RuleBookApproval, RuleBookVersion, time_text};

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

/// Why a version is not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// Another approved version has the label: its SHA-256.
    #[error("etiketten är redan den godkända versionen {0}")]
    LabelTaken(String),
    /// It is in use already. The approval stays as it was made.
    #[error("versionen är redan godkänd av {by} {at} som {label}, och används")]
    InUse { label: String, by: String, at: String },
    /// It was approved before, under this label.
    #[error("versionen är redan godkänd under etiketten {0}")]
    OtherLabel(String),
}

/// A version for each of its approvals: by book, the last one first.
const BY_APPROVAL: &str = "select rulebooks.* from rulebook_approvals as approval
    join rulebooks on rulebooks.book = approval.book and rulebooks.sha256 = approval.sha256
    order by approval.book, approval.approved_at desc, approval.sha256";

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

    /// Keeps a version as approved by a person, under its label: the version in use from now on. One that was approved
    /// before another gets one more approval; the first stays as it was made.
    pub async fn approve_rulebook(
        &self,
        content: &BookContent,
        person: &str,
        note: &str,
    ) -> Result<std::result::Result<(), NotApproved>> {
        let mut tx = self.begin().await?;
        if let Some(why) = not_approved(&mut tx, content).await? {
            tx.roll_back().await?;
            return Ok(Err(why));
        }
        let BookContent { book, sha256, label, .. } = content;
        keep(&mut tx, content).await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "update rulebooks set label = $1, approved_at = $2, approved_by = $3, note = $4
             where book = $5 and sha256 = $6 and approved_at is null",
        )
        .bind(label)
        .bind(&at)
        .bind(person)
        .bind(note)
        .bind(book)
        .bind(sha256)
        .execute(&mut tx)
        .await?;
        query(
            "insert into rulebook_approvals (book, sha256, approved_at, approved_by, note) values ($1, $2, $3, $4, $5)",
        )
        .bind(book)
        .bind(sha256)
        .bind(at)
        .bind(person)
        .bind(note)
        .execute(&mut tx)
        .await?;
        let event = Event::new(EventKind::Approved, format!("person:{person}"));
        let detail = serde_json::json!({"rulebook": book, "version": sha256, "label": label});
        append(&mut tx, &[event.detail(detail)]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Every approval of every version, by book, the first one first.
    pub async fn rulebook_approvals(&self) -> Result<Vec<RuleBookApproval>> {
        query("select * from rulebook_approvals order by book, approved_at, sha256").fetch_all(self).await
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
        let mut versions: Vec<RuleBookVersion> = query(BY_APPROVAL).fetch_all(self).await?;
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

/// Why this version can't be approved as it is asked for.
async fn not_approved(tx: &mut Tx, content: &BookContent) -> Result<Option<NotApproved>> {
    let versions: Vec<RuleBookVersion> = query(BY_APPROVAL).fetch_all(&mut *tx).await?;
    let of_book = || versions.iter().filter(|version| version.book == content.book);
    let is_this = |version: &RuleBookVersion| version.sha256 == content.sha256;
    if let Some(other) = of_book().find(|version| version.label == content.label && !is_this(version)) {
        return Ok(Some(NotApproved::LabelTaken(other.sha256.clone())));
    }
    Ok(match of_book().find(|version| is_this(version)) {
        Some(known) if known.label != content.label => Some(NotApproved::OtherLabel(known.label.clone())),
        Some(known) if of_book().next().is_some_and(is_this) => Some(NotApproved::InUse {
            label: known.label.clone(),
            by: known.approved_by.clone().unwrap_or_default(),
            at: known.approved_at.clone().unwrap_or_default(),
        }),
        _ => None,
    })
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
