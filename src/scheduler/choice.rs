//! Which script a schedule's run is to use, the file as it is or one that a person has approved; and which versions of
//! rule books, always approved ones.

use crate::config::Config;
use crate::model::{RuleBookVersion, Script};
use crate::rulebook;
use crate::schedule::{Schedule, ScriptVersion};
use crate::script::{EXACT, NEWEST_APPROVED, current, read};
use crate::store::{self, Store};

/// The script of a run about to be queued.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub version: String,
    pub pool: String,
    /// How the run is held to it; none where the file rules.
    pub pin: Option<String>,
    /// The versions of rule books that it is held to: JSON, by book.
    pub rulebooks: String,
}

/// What the store has of what a schedule asks for.
pub(super) struct Found {
    scripts: Scripts,
    /// The newest approved version of each rule book.
    rulebooks: Vec<RuleBookVersion>,
}

enum Scripts {
    File,
    Approved { scripts: Vec<Script>, pin: &'static str },
}

/// Asks the store for the scripts and rule books that a schedule can be held to.
pub(super) async fn look_up(store: &Store, schedule: &Schedule) -> store::Result<Found> {
    Ok(Found { scripts: scripts(store, schedule).await?, rulebooks: store.approved_rulebooks().await? })
}

async fn scripts(store: &Store, schedule: &Schedule) -> store::Result<Scripts> {
    Ok(match &schedule.version {
        ScriptVersion::Newest => Scripts::File,
        ScriptVersion::NewestApproved => {
            let newest = store.newest_approved(&schedule.bot).await?;
            Scripts::Approved { scripts: newest.into_iter().collect(), pin: NEWEST_APPROVED }
        }
        ScriptVersion::Exact(beginning) => {
            Scripts::Approved { scripts: store.approved(&schedule.bot, beginning).await?, pin: EXACT }
        }
    })
}

impl Found {
    /// The script to run, read through, with its rule books; or why none can be.
    pub fn choose(&self, config: &Config, schedule: &Schedule) -> Result<Chosen, String> {
        let name = &schedule.bot;
        let (bot, pin) = match &self.scripts {
            Scripts::File => (current(config, name)?, None),
            Scripts::Approved { scripts, pin } => match scripts.as_slice() {
                [] if schedule.version == ScriptVersion::NewestApproved => {
                    return Err(format!("ingen version av {name} är godkänd: kör `kollega bots approve {name}`"));
                }
                [] => {
                    return Err(format!(
                        "versionen {} är inte godkänd: kör `kollega bots approve {name}`",
                        schedule.version
                    ));
                }
                [script] => (read(config, script)?, Some((*pin).to_owned())),
                _ => return Err(format!("flera godkända versioner börjar på {}: skriv fler tecken", schedule.version)),
            },
        };
        let rulebooks = serde_json::json!(rulebook::held_to(&bot, &self.rulebooks)?).to_string();
        Ok(Chosen { pool: bot.pool().to_owned(), version: bot.version, pin, rulebooks })
    }
}
