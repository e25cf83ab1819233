//! Which script a schedule's run is to use: the file as it is, or one that a person has approved.

use crate::config::Config;
use crate::model::Script;
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
}

/// What the store has of what a schedule asks for.
pub(super) enum Found {
    File,
    Approved { scripts: Vec<Script>, pin: &'static str },
}

/// Asks the store for the scripts that a schedule can be held to.
pub(super) async fn look_up(store: &Store, schedule: &Schedule) -> store::Result<Found> {
    Ok(match &schedule.version {
        ScriptVersion::Newest => Found::File,
        ScriptVersion::NewestApproved => {
            let newest = store.newest_approved(&schedule.bot).await?;
            Found::Approved { scripts: newest.into_iter().collect(), pin: NEWEST_APPROVED }
        }
        ScriptVersion::Exact(beginning) => {
            Found::Approved { scripts: store.approved(&schedule.bot, beginning).await?, pin: EXACT }
        }
    })
}

impl Found {
    /// The script to run, read through, or why none can be.
    pub fn choose(&self, config: &Config, schedule: &Schedule) -> Result<Chosen, String> {
        let bot = &schedule.bot;
        match self {
            Self::File => {
                let bot = current(config, bot)?;
                Ok(Chosen { pool: bot.pool().to_owned(), version: bot.version, pin: None })
            }
            Self::Approved { scripts, pin } => match scripts.as_slice() {
                [] => Err(format!("versionen {} är inte godkänd: kör `kollega bots approve {bot}`", schedule.version)),
                [script] => {
                    let pool = read(config, script)?.pool().to_owned();
                    Ok(Chosen { version: script.version.clone(), pool, pin: Some((*pin).to_owned()) })
                }
                _ => Err(format!("flera godkända versioner börjar på {}: skriv fler tecken", schedule.version)),
            },
        }
    }
}
