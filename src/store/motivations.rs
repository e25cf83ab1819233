//! The versions of a decision's reasons before it is made: the robot's draft and what people kept of their editing.

use serde_json::json;

use super::events::append;
use super::{Result, Store, Tx, now, query};
use crate::model::{AnswerKind, Event, EventKind, Item, ItemId, Motivation, new_id_at, time_text};

/// The reasons for one answer to a suggestion.
#[derive(Debug, Clone)]
pub struct NewMotivation {
    /// What was made from the suggestion.
    pub draft: String,
    /// What the person makes of it.
    pub text: String,
}

impl Store {
    /// Every version in the item's record, oldest first.
    pub async fn motivations(&self, item: &ItemId) -> Result<Vec<Motivation>> {
        query("select * from motivations where item = $1 order by id").bind(item).fetch_all(self).await
    }

    /// Keeps a person's edit of the reasons for one answer to a suggestion, without deciding.
    pub async fn keep_motivation(
        &self,
        item: &Item,
        suggestion: &str,
        answer: AnswerKind,
        new: &NewMotivation,
        person: &str,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        begin_with(&mut tx, &item.id, suggestion, answer, &new.draft).await?;
        insert(&mut tx, &item.id, suggestion, answer, &new.text, Some(person)).await?;
        let event = Event::new(EventKind::MotivationKept, format!("person:{person}")).item(item);
        append(&mut tx, &[event.detail(json!({"answer": answer}))]).await?;
        tx.commit().await
    }
}

/// Adds the robot's draft, unless there is a version for this answer to this suggestion already.
pub(super) async fn begin_with(
    tx: &mut Tx,
    item: &ItemId,
    suggestion: &str,
    answer: AnswerKind,
    draft: &str,
) -> Result<()> {
    let sql = "select count(*) from motivations where item = $1 and suggestion = $2 and answer = $3";
    let known: i64 = query(sql).bind(item).bind(suggestion).bind(answer.as_str()).fetch_value(&mut *tx).await?;
    if known == 0 { insert(tx, item, suggestion, answer, draft, None).await } else { Ok(()) }
}

async fn insert(
    tx: &mut Tx,
    item: &ItemId,
    suggestion: &str,
    answer: AnswerKind,
    text: &str,
    person: Option<&str>,
) -> Result<()> {
    let now = now(tx).await?;
    query(
        "insert into motivations (id, item, suggestion, answer, text, person, at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(new_id_at(now))
    .bind(item)
    .bind(suggestion)
    .bind(answer.as_str())
    .bind(text)
    .bind(person)
    .bind(time_text(now))
    .execute(&mut *tx)
    .await?;
    Ok(())
}
