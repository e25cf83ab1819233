//! Which items are meant: by flags, or by their references.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;

use super::super::{Invalid, load_bot, sign_in};
use crate::bot::Bot;
use crate::config::Config;
use crate::duration::parse_duration;
use crate::model::{Item, ItemState, User};
use crate::search;
use crate::store::{ItemFilter, Store};

#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Bara ärenden i det här läget
    #[arg(long, value_name = "LÄGE", value_parser = super::state())]
    state: Option<ItemState>,
    /// Bara den här robotens ärenden
    #[arg(long, value_name = "ROBOT")]
    pub bot: Option<String>,
    /// Bara ärenden vars referens innehåller detta
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Bara ärenden där fältet har värdet; kräver --bot och kan anges flera gånger. Ett personligt fält anges utan värde, som läses från standard in, och kräver --as
    #[arg(long = "field", value_name = "FÄLT=VÄRDE")]
    fields: Vec<String>,
    /// Bara ärenden som skapades för längre sedan än så: 12h, 2d
    #[arg(long, value_name = "TID", value_parser = parse_duration)]
    older_than: Option<Duration>,
    /// Bara ärenden som skapades senare än så: 12h, 2d
    #[arg(long, value_name = "TID", value_parser = parse_duration)]
    newer_than: Option<Duration>,
    /// Bara ärenden som inte är klara fast fristen har gått ut
    #[arg(long)]
    overdue: bool,
}

/// A filter with what must be written down when it is used.
pub(super) struct Search {
    pub filter: ItemFilter,
    bot: Option<Bot>,
    personal: Vec<String>,
}

impl Filter {
    /// Whether anything is left out.
    pub fn is_something(&self) -> bool {
        self.bot.is_some() || self.is_more_than_a_bot()
    }

    /// Whether something else than the bot is said.
    pub fn is_more_than_a_bot(&self) -> bool {
        self.state.is_some()
            || self.reference.is_some()
            || !self.fields.is_empty()
            || self.older_than.is_some()
            || self.newer_than.is_some()
            || self.overdue
    }

    /// The filter as the store takes it, for this person or nobody.
    pub async fn search(self, config: &Config, store: &Store, user: Option<&User>) -> anyhow::Result<Search> {
        let now = store.now().await?;
        let before = |length: Duration| -> anyhow::Result<DateTime<Utc>> {
            let length = chrono::Duration::from_std(length).ok();
            let time = length.and_then(|length| now.checked_sub_signed(length));
            time.ok_or_else(|| Invalid("så gammalt kan inget vara".into()).into())
        };
        let mut filter = ItemFilter {
            state: self.state,
            reference: self.reference,
            created_before: self.older_than.map(before).transpose()?,
            created_after: self.newer_than.map(before).transpose()?,
            overdue_at: self.overdue.then_some(now),
            ..ItemFilter::default()
        };
        let (mut bot, mut personal) = (None, Vec::new());
        if !self.fields.is_empty() {
            let name = self.bot.as_deref().ok_or_else(|| Invalid("--field kräver --bot: fälten är robotens".into()))?;
            let found = load_bot(config, name)?;
            for given in &self.fields {
                let (name, value) = value_of(&found, given)?;
                if search::is_personal(&found, &name) {
                    personal.push(name.clone());
                }
                let field = search::field(&found, &name, &value, user).map_err(|error| Invalid(error.to_string()))?;
                filter.fields.push(field);
            }
            bot = Some(found);
        }
        filter.bot = self.bot;
        Ok(Search { filter, bot, personal })
    }
}

/// The field's name and value. What is personal does not stand on the command line, where others can read it.
fn value_of(bot: &Bot, given: &str) -> anyhow::Result<(String, String)> {
    let known = bot.item.fields.get(given.split('=').next().unwrap_or_default());
    let personal = known.is_some_and(|field| field.personal);
    match given.split_once('=') {
        Some((name, _)) if personal => Err(Invalid(format!(
            "fältet {name} är personligt: skriv bara --field {name}, så läses värdet från standard in; \
             det som står på kommandoraden kan andra se"
        ))
        .into()),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None if personal => Ok((given.to_owned(), sign_in::line(&format!("Värde för {given}: "))?)),
        None => Err(Invalid(format!("--field {given}: skriv --field {given}=VÄRDE")).into()),
    }
}

impl Search {
    /// The items; that personal fields were searched is written down.
    pub async fn items(&self, store: &Store, user: Option<&User>) -> anyhow::Result<Vec<Item>> {
        let items = store.items(&self.filter).await?;
        if let (Some(bot), Some(user)) = (self.bot.as_ref().filter(|_| !self.personal.is_empty()), user) {
            let fields: Vec<&str> = self.personal.iter().map(String::as_str).collect();
            search::record(store, bot, user, &fields, items.len()).await?;
        }
        Ok(items)
    }
}
