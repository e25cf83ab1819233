//! Which items there are: found by bot, state, reference, age, deadline and the values of fields.

use chrono::{DateTime, Utc};

use super::filtered::Filtered;
use super::{Result, Store};
use crate::model::{Item, ItemState, RunId, time_text};

/// Which items to list, and in which order.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    pub bot: Option<String>,
    pub state: Option<ItemState>,
    /// A part of the reference.
    pub reference: Option<String>,
    pub run: Option<RunId>,
    /// Put in the queue before this.
    pub created_before: Option<DateTime<Utc>>,
    /// Put in the queue after this.
    pub created_after: Option<DateTime<Utc>>,
    /// Not ended, with a deadline before this.
    pub overdue_at: Option<DateTime<Utc>>,
    /// Each of these fields has its value.
    pub fields: Vec<FieldIs>,
    pub order: Order,
    pub descending: bool,
    pub offset: i64,
    /// 0: a thousand.
    pub limit: i64,
}

/// A field with its value as it is stored.
#[derive(Debug, Clone)]
pub struct FieldIs {
    pub name: String,
    pub value: serde_json::Value,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By id: ids are made of the time.
    #[default]
    Created,
    Updated,
    Priority,
    /// Those without a deadline last.
    Deadline,
    Reference,
    State,
}

impl Order {
    /// The expression ordered by, text of ours.
    fn sql(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Self::Created, false) => "id",
            (Self::Created, true) => "id desc",
            (Self::Updated, false) => "updated_at, id",
            (Self::Updated, true) => "updated_at desc, id desc",
            (Self::Priority, false) => "priority, id",
            (Self::Priority, true) => "priority desc, id",
            (Self::Deadline, false) => "coalesce(deadline_at, '9999'), id",
            (Self::Deadline, true) => "coalesce(deadline_at, '') desc, id",
            (Self::Reference, false) => "reference, id",
            (Self::Reference, true) => "reference desc, id desc",
            (Self::State, false) => "state, id",
            (Self::State, true) => "state desc, id",
        }
    }
}

/// How many items are read at a time while fields are compared.
const PAGE: i64 = 1000;

impl Store {
    /// The items a filter lets through, in its order.
    pub async fn items(&self, filter: &ItemFilter) -> Result<Vec<Item>> {
        let limit = if filter.limit == 0 { 1000 } else { filter.limit };
        if filter.fields.is_empty() {
            return self.page(filter, filter.offset, limit).await;
        }
        let (mut found, mut skip, mut offset) = (Vec::new(), filter.offset, 0);
        loop {
            let page = self.page(filter, offset, PAGE).await?;
            let read = i64::try_from(page.len()).unwrap_or(PAGE);
            for item in page.into_iter().filter(|item| filter.fields.iter().all(|field| field.is_in(item))) {
                if skip > 0 {
                    skip -= 1;
                } else {
                    found.push(item);
                }
                if i64::try_from(found.len()) == Ok(limit) {
                    return Ok(found);
                }
            }
            if read < PAGE {
                return Ok(found);
            }
            offset += read;
        }
    }

    /// How many items a filter without fields lets through.
    pub async fn count_items(&self, filter: &ItemFilter) -> Result<i64> {
        filtered(filter).count("items").fetch_value(self).await
    }

    async fn page(&self, filter: &ItemFilter, offset: i64, limit: i64) -> Result<Vec<Item>> {
        let order = filter.order.sql(filter.descending);
        filtered(filter).page("items", order, limit, offset).fetch_all(self).await
    }
}

fn filtered(filter: &ItemFilter) -> Filtered {
    let mut filtered = Filtered::default();
    filtered.by("bot = ", filter.bot.as_ref());
    filtered.by("state = ", filter.state.map(ItemState::as_str));
    filtered.by("run = ", filter.run.as_ref());
    filtered.by("created_at < ", filter.created_before.map(time_text));
    filtered.by("created_at > ", filter.created_after.map(time_text));
    let open = "state not in ('done', 'handed_over', 'failed', 'cancelled') and deadline_at < ";
    filtered.by(open, filter.overdue_at.map(time_text));
    filtered.with_part_of("items", "reference", filter.reference.as_ref());
    filtered.with("fields", filter.fields.iter().find_map(FieldIs::written));
    filtered
}

impl FieldIs {
    fn is_in(&self, item: &Item) -> bool {
        let Some(found) = item.fields.0.get(&self.name) else { return false };
        match (amount(found), amount(&self.value)) {
            (Some(one), Some(other)) => one == other,
            _ => *found == self.value,
        }
    }

    /// How the field stands in the stored text, so that the database can pass over most items; none for amounts, which
    /// can be written in several ways.
    fn written(&self) -> Option<String> {
        let name = serde_json::Value::from(self.name.clone());
        amount(&self.value).is_none().then(|| format!("{name}:{}", self.value))
    }
}

fn amount(value: &serde_json::Value) -> Option<rust_decimal::Decimal> {
    value.get("$money")?.as_str()?.parse().ok()
}
