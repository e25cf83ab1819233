//! An item's life: the one place where its state changes, and only as `ItemState::may_become` allows.
//!
//! The claim alone is a statement of its own (`items::claim_item`): it finds and takes in one go.

use super::query::{Query, Value, made, query};
use super::{Error, Result, Tx};
use crate::model::{ItemId, ItemState};

/// A change of an item's state, with what else changes in the item.
pub(super) struct Change<'a> {
    pub item: &'a ItemId,
    pub from: ItemState,
    pub to: ItemState,
    /// Now, as text.
    pub at: &'a str,
    /// What else is set, text of ours: its parameters begin with `$3`.
    pub also: &'static str,
    pub values: Vec<Value>,
}

/// Changes the state of an item, which the transaction holds.
pub(super) async fn change_state(tx: &mut Tx, change: Change<'_>) -> Result<()> {
    let Change { item, from, to, at, also, values } = change;
    let statement = changing(from, to, at, also, "id = $2")?.bind(item);
    values.into_iter().fold(statement, Query::bind).must_change(tx, not_allowed(from, to)).await
}

/// The statement that changes the state of every item in one state for which `which` is true; text of ours, whose
/// parameters, with those of what else is set, begin with `$2`.
pub(super) fn changing(from: ItemState, to: ItemState, at: &str, also: &str, which: &str) -> Result<Query> {
    allow(from, to)?;
    let sql = format!("update items set state = '{to}', updated_at = $1{also} where state = '{from}' and ({which})");
    Ok(made(sql).bind(at))
}

/// How many commits an item has that nobody knows the outcome of. What a person took over in an earlier attempt is theirs.
pub(super) const OPEN_INTENTS: &str = "select count(*) from intents where item = $1 and (outcome is null
     or outcome = 'uncertain' and attempt = (select attempt from items where id = $1))";

/// Whether the item may have a commit that nobody knows the outcome of: until that is known it is not let go of.
pub(super) async fn has_open_intent(tx: &mut Tx, item: &ItemId) -> Result<bool> {
    let open: i64 = query(OPEN_INTENTS).bind(item).fetch_value(tx).await?;
    Ok(open > 0)
}

/// Refuses a change that is not in the table.
pub(super) fn allow(from: ItemState, to: ItemState) -> Result<()> {
    if from.may_become(to) { Ok(()) } else { Err(not_allowed(from, to)) }
}

fn not_allowed(from: ItemState, to: ItemState) -> Error {
    Error::NotAllowed { from: from.to_string(), to: to.to_string() }
}
