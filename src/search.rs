//! Finding items by what stands in their fields: who may, and that it is recorded.
//!
//! What is personal may be searched only by those who may read it. That they did is an event; what they searched for is
//! written down nowhere.

use serde_json::json;

use crate::bot::{Bot, FieldType};
use crate::desk;
use crate::model::{Event, EventKind, User};
use crate::runner::Record;
use crate::store::{self, FieldIs, Store};

/// Why a field can't be searched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bot has no such field.
    #[error("roboten {bot} har inget fält {name}; fälten är {known}")]
    Unknown {
        /// Which bot.
        bot: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Lists and maps.
    #[error("fältet {0} är en lista eller namngivna värden: det går inte att söka i")]
    NotOne(String),
    /// The text is no value of the field's type.
    #[error("{0}")]
    NoValue(String),
    /// The person may not read the field.
    #[error("fältet {0} är personligt: bara en inloggad handläggare får söka i det")]
    Personal(String),
}

/// Whether the field is one that only some may search in.
pub fn is_personal(bot: &Bot, name: &str) -> bool {
    bot.item.fields.get(name).is_none_or(|field| field.personal)
}

/// The field with its value, for a person; nobody for what is not personal.
pub fn field(bot: &Bot, name: &str, text: &str, user: Option<&User>) -> Result<FieldIs, Error> {
    let fields = &bot.item.fields;
    let Some(spec) = fields.get(name) else {
        let known: Vec<&str> = fields.0.iter().map(|field| field.name.as_str()).collect();
        return Err(Error::Unknown { bot: bot.bot.value.clone(), name: name.into(), known: known.join(", ") });
    };
    if matches!(spec.kind, FieldType::List | FieldType::Map) {
        return Err(Error::NotOne(name.into()));
    }
    if spec.personal && !user.is_some_and(desk::may_see_personal) {
        return Err(Error::Personal(name.into()));
    }
    let mut record = Record::default();
    record.set(fields, name, &text.trim().to_owned().into()).map_err(Error::NoValue)?;
    Ok(FieldIs { name: name.into(), value: record.store()[name].clone() })
}

/// Writes down that a person has searched in personal fields, and how many items that showed.
pub async fn record(store: &Store, bot: &Bot, user: &User, fields: &[&str], hits: usize) -> store::Result<()> {
    let mut event = Event::new(EventKind::Searched, format!("person:{}", user.name));
    event.bot = Some(bot.bot.value.clone());
    store.append(&[event.detail(json!({"fields": fields, "hits": hits}))]).await
}
