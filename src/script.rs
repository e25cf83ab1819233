//! The script that a run uses: the bot's file as it is, or the approved one that the run is held to.

use crate::bot::Bot;
use crate::config::Config;
use crate::model::{Run, Script};
use crate::problem::Problem;
use crate::store::{self, Store};

/// A run held to what was approved last when it was queued.
pub const NEWEST_APPROVED: &str = "newest_approved";
/// A run held to one script.
pub const EXACT: &str = "exact";

/// The bot as a run uses it, or why it can't be read. A new attempt in a run that is held to the newest approved script uses what is newest now:
/// it is made because something was wrong.
pub async fn bot_of(store: &Store, config: &Config, run: &Run, attempt: i64) -> store::Result<Result<Bot, String>> {
    let script = match run.pin.as_deref() {
        None => return Ok(current(config, &run.bot)),
        Some(NEWEST_APPROVED) if attempt > 1 => store.newest_approved(&run.bot).await?,
        Some(_) => store.approved(&run.bot, &run.version).await?.into_iter().next(),
    };
    Ok(match script {
        Some(script) => read(config, &script),
        None => Err(format!("den godkända versionen {} av {} finns inte", run.version, run.bot)),
    })
}

/// The bot as its file is now, or why it can't be read.
pub fn current(config: &Config, bot: &str) -> Result<Bot, String> {
    Bot::load(&config.bot_file(bot)).map_err(|problems| unreadable(&problems))
}

/// The bot as an approved script has it, or why it can't be read.
pub fn read(config: &Config, script: &Script) -> Result<Bot, String> {
    Bot::read(&config.bot_file(&script.bot), &script.script).map_err(|problems| unreadable(&problems))
}

/// How much of a version is told.
const SHORT: usize = 12;

/// A version as it is told.
pub fn short(version: &str) -> &str {
    version.get(..SHORT).unwrap_or(version)
}

/// Tells whether another node has the same scripts.
pub fn fingerprint(config: &Config) -> String {
    let version = |bot: &String| {
        let source = std::fs::read_to_string(config.bot_file(bot)).unwrap_or_default();
        format!("{bot} {}\n", Bot::version_of(&source))
    };
    let all: String = config.bot_names().iter().map(version).collect();
    short(&Bot::version_of(&all)).to_owned()
}

/// What comes before the fault.
const UNREADABLE: &str = "robotens skript kan inte läsas: ";

/// The fault alone, for whoever has said already that the script can't be read.
pub fn fault(why: &str) -> &str {
    why.strip_prefix(UNREADABLE).unwrap_or(why)
}

fn unreadable(problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    format!("{UNREADABLE}{first}")
}
