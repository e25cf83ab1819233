//! The caseworker's desk: which items a person may decide on, and the one way to a recorded decision.
//!
//! The console and `kollega decide` both go through here. Who may decide stands in the bot's decide stage; a person
//! without that role is refused before the store is asked. Nothing here works on an item.

mod explained;
mod motivation;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bot::{Bot, FieldSpec, FieldType};
use crate::config::Config;
use crate::model::{Decision, Event, EventKind, Item, ItemId, ItemState, StoredSuggestion, User};
use crate::seal::Seal;
use crate::store::{self, Answer, ItemFilter, NewDecision, Refusal, Store};
use crate::wording;

pub use explained::{Explained, Unexplained};
pub use motivation::Prepared;

/// Roles that may see what an item is about: its suggestion and the fields that are not personal.
const READERS: &[&str] = &["caseworker", "reviewer", "auditor"];
/// Roles that may settle an uncertain item and start a new attempt.
pub const OPERATORS: &[&str] = &["operations", "it"];
/// Roles that may approve a version of a robot's script.
pub const APPROVERS: &[&str] = &["developer", "it"];
/// Roles that may approve a version of a rule book: those who answer for what it says, not those who write programs.
pub const RULE_APPROVERS: &[&str] = &["reviewer", "admin"];

/// Roles that may record and end delegations to the automated decision function.
pub const DELEGATORS: &[&str] = &["admin"];

/// Roles that may plan and draw spot checks.
pub const SAMPLERS: &[&str] = &["auditor", "reviewer", "admin"];
/// Roles that may assess what was drawn.
pub const REVIEWERS: &[&str] = &["reviewer"];

/// Why a decision was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bot's script cannot be read, so nobody knows who may decide.
    #[error("roboten {0} kan inte läsas, så det går inte att veta vem som får besluta; kör `kollega check`")]
    Bot(String),
    /// The item is not in a stage that a person decides.
    #[error("ärendet är inte i en etapp där någon beslutar (läge: {})", wording::item_state(*.0))]
    NoDecision(ItemState),
    /// The person has not the role.
    #[error("{person} får inte besluta här: det kräver rollen {} ({role})", wording::role(.role))]
    Role {
        /// Who.
        person: String,
        /// The role that the stage names.
        role: String,
    },
    /// The person has taken away all of the reasons.
    #[error("motiveringen är tom: skriv varför beslutet blir som det blir, eller låt utkastet stå kvar")]
    NoMotivation,
    /// What is to be decided on is not what Kollega suggested.
    #[error(
        "förslaget är ändrat i databasen, eller inte gjort av Kollega, och får inte beslutas: kör om ärendet med `kollega rerun {0}`"
    )]
    ChangedSuggestion(String),
    /// The store says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// An item that waits for a decision, with the suggestion to answer.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub item: Item,
    pub suggestion: Option<StoredSuggestion>,
}

/// One field of an item as a person may see it.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// None where the bot does not know the field.
    pub kind: Option<FieldType>,
    pub personal: bool,
    /// None: hidden from this person.
    pub value: Option<serde_json::Value>,
}

/// Reads bots by name, each once.
pub struct Bots<'a> {
    config: &'a Config,
    known: BTreeMap<String, Option<Bot>>,
}

impl<'a> Bots<'a> {
    /// Nothing read yet.
    pub fn new(config: &'a Config) -> Self {
        Self { config, known: BTreeMap::new() }
    }

    /// The bot of this name, if its script can be read.
    pub fn get(&mut self, name: &str) -> Option<&Bot> {
        let file = self.config.bot_file(name);
        self.known.entry(name.to_owned()).or_insert_with(|| Bot::load(&file).ok()).as_ref()
    }

    /// The role that may decide on the item now.
    pub fn role(&mut self, item: &Item) -> Result<String, Error> {
        if let Some(role) = item.decide_role.as_ref().filter(|_| item.state == ItemState::AwaitingDecision) {
            return Ok(role.clone());
        }
        let bot = self.get(&item.bot).ok_or_else(|| Error::Bot(item.bot.clone()))?;
        let stage = item.stage.as_deref().and_then(|name| bot.stage(name));
        let decide = stage.and_then(|stage| stage.decide.as_ref()).ok_or(Error::NoDecision(item.state))?;
        Ok(decide.value.role.value.clone())
    }
}

/// Where people decide: the store, the bots, and the seal that makes a decision theirs.
#[derive(Debug, Clone)]
pub struct Desk {
    pub store: Store,
    pub config: Arc<Config>,
    pub seal: Seal,
}

impl Desk {
    /// The desk of an installation.
    pub fn of(app: &crate::app::App) -> Self {
        Self { store: app.store.clone(), config: Arc::new(app.config.clone()), seal: app.seal.clone() }
    }

    /// The items that the person may decide on, oldest first.
    pub async fn inbox(&self, user: &User) -> store::Result<Vec<Waiting>> {
        let found = self.store.awaiting_suggestions().await?;
        let mut suggestions: BTreeMap<ItemId, StoredSuggestion> =
            found.into_iter().map(|suggestion| (suggestion.item.clone(), suggestion)).collect();
        let mut bots = Bots::new(&self.config);
        let mut items = self.store.items(&awaiting()).await?;
        items.retain(|item| bots.role(item).is_ok_and(|role| user.has_role(&role)));
        let waiting = |item: Item| Waiting { suggestion: suggestions.remove(&item.id), item };
        Ok(items.into_iter().map(waiting).collect())
    }

    /// The items that wait for a decision that nobody can make: their bot cannot be read, or has changed.
    pub async fn stuck(&self) -> store::Result<Vec<Item>> {
        let mut bots = Bots::new(&self.config);
        let mut items = self.store.items(&awaiting()).await?;
        items.retain(|item| bots.role(item).is_err());
        Ok(items)
    }

    /// The role by which the person may decide on the item as it is now, or why they may not.
    pub fn may_decide(&self, item: &Item, user: &User) -> Result<String, Error> {
        if item.state != ItemState::AwaitingDecision {
            return Err(Refusal::NotWaiting(item.state).into());
        }
        let role = Bots::new(&self.config).role(item)?;
        if user.has_role(&role) { Ok(role) } else { Err(Error::Role { person: user.name.clone(), role }) }
    }

    /// Records a signed-in person's decision; or says why not, and records that it was tried.
    pub async fn decide(&self, item: &Item, user: &User, reply: Reply) -> Result<Decision, Error> {
        let role = self.admit(item, user).await?;
        let current = self.whole_suggestion(item).await?;
        let motivation = self.settled(item, current, &reply).await?;
        let new = NewDecision {
            item: item.id.clone(),
            stage: item.stage.clone(),
            suggestion: reply.suggestion,
            answer: reply.answer,
            reason: reply.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
            person: user.name.clone(),
            person_name: user.full_name.clone(),
            role,
            motivation,
        };
        Ok(self.store.decide(&new, |decision| self.seal.seal(decision)).await??)
    }

    /// The suggestion in force, none where there is none; one whose seal is wrong is refused.
    pub async fn whole_suggestion(&self, item: &Item) -> Result<Option<StoredSuggestion>, Error> {
        let current = self.store.suggestion(&item.id).await?;
        match current {
            Some(current) if !self.seal.is_valid_suggestion(&current) => {
                Err(Error::ChangedSuggestion(item.reference.clone()))
            }
            current => Ok(current),
        }
    }

    /// The role by which the person decides; or why they may not, recorded as tried.
    pub async fn admit(&self, item: &Item, user: &User) -> Result<String, Error> {
        let allowed = self.may_decide(item, user);
        if let Err(error) = &allowed {
            let event = Event::new(EventKind::DecisionRefused, format!("person:{}", user.name)).item(item);
            self.store.append(&[event.detail(serde_json::json!({"why": error.to_string()}))]).await?;
        }
        allowed
    }
}

/// Whether the person may read suggestions, and the fields that are not personal.
pub fn may_read(user: &User) -> bool {
    READERS.iter().any(|role| user.has_role(role))
}

/// Whether the person may see what is personal: why an item was handed over, and the personal fields.
pub fn may_see_personal(user: &User) -> bool {
    user.has_role("caseworker")
}

/// Whether the person's work is to decide.
pub fn has_inbox(user: &User) -> bool {
    user.has_role("caseworker") || user.has_role("reviewer")
}

/// Whether the person may settle uncertain items and start new attempts.
pub fn may_operate(user: &User) -> bool {
    OPERATORS.iter().any(|role| user.has_role(role))
}

/// Whether the person may approve a version of a robot's script.
pub fn may_approve(user: &User) -> bool {
    APPROVERS.iter().any(|role| user.has_role(role))
}

/// Whether the person may record and end delegations.
pub fn may_delegate(user: &User) -> bool {
    DELEGATORS.iter().any(|role| user.has_role(role))
}

/// Whether the person may plan and draw spot checks.
pub fn may_sample(user: &User) -> bool {
    SAMPLERS.iter().any(|role| user.has_role(role))
}

/// Whether the person may assess what was drawn.
pub fn may_review(user: &User) -> bool {
    REVIEWERS.iter().any(|role| user.has_role(role))
}

/// Whether the person may approve a version of a rule book.
pub fn may_approve_rules(user: &User) -> bool {
    RULE_APPROVERS.iter().any(|role| user.has_role(role))
}

/// How much of an item a person may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// State and events only.
    Outside,
    /// The suggestion and what is not personal.
    Case,
    /// Everything.
    Personal,
}

impl Desk {
    /// How much of the item the person may see: all of it where they may decide on it.
    pub fn sight(&self, item: &Item, user: &User) -> Sight {
        if may_see_personal(user) || self.may_decide(item, user).is_ok() {
            Sight::Personal
        } else if may_read(user) {
            Sight::Case
        } else {
            Sight::Outside
        }
    }

    /// The item's fields in the bot's order. Where the bot cannot be read, or a field is not in it, all counts as
    /// personal; so do lists and maps, which can hold anything.
    pub fn fields(&self, item: &Item, sight: Sight) -> Vec<Field> {
        let mut bots = Bots::new(&self.config);
        let specs = bots.get(&item.bot).map(|bot| bot.item.fields.0.as_slice()).unwrap_or_default();
        let mut fields: Vec<(usize, Field)> = Vec::new();
        for (name, value) in item.fields.0.as_object().into_iter().flatten() {
            let place = specs.iter().position(|spec| &spec.name == name);
            let personal = place.is_none_or(|place| is_personal(&specs[place]));
            let shown = sight == Sight::Personal || (sight == Sight::Case && !personal);
            let kind = place.map(|place| specs[place].kind);
            let field = Field { name: name.clone(), kind, personal, value: shown.then(|| value.clone()) };
            fields.push((place.unwrap_or(usize::MAX), field));
        }
        fields.sort_by_key(|(place, _)| *place);
        fields.into_iter().map(|(_, field)| field).collect()
    }
}

fn awaiting() -> ItemFilter {
    ItemFilter { state: Some(ItemState::AwaitingDecision), limit: i64::MAX, ..ItemFilter::default() }
}

fn is_personal(spec: &FieldSpec) -> bool {
    spec.personal || matches!(spec.kind, FieldType::List | FieldType::Map)
}

/// What a signed-in person answers to a suggestion.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The stored suggestion that the person saw.
    pub suggestion: String,
    pub answer: Answer,
    pub reason: Option<String>,
    /// The reasons as the applicant reads them; none: the version kept last, or the draft.
    pub motivation: Option<String>,
}
