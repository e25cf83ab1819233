//! Which version of a rule book answers: the approved one that a schedule's run is held to, or the files as they are.
//!
//! A schedule never answers by edited files: its run is held to the newest version that a person has approved, by the
//! SHA-256 of its content. Who starts a run by hand may use the files; what they answered is kept, and marked.

use std::collections::BTreeMap;

use decision::{Content, RuleBook};

use crate::bot::Bot;
use crate::config::Config;
use crate::model::{RuleBookVersion, Run};
use crate::store::{self, BookContent, Store};

/// How much of a SHA-256 people see, and must write at least to name a version.
const SHORT: usize = 12;
pub const SHORTEST: usize = 8;

/// The rule book that answers in a run, kept for ever before it does; or why there is none. A new attempt uses what is
/// approved now: it is made because something was wrong.
pub async fn of_run(
    store: &Store,
    config: &Config,
    run: &Run,
    attempt: i64,
    name: &str,
) -> store::Result<Result<RuleBook, String>> {
    if run.schedule.is_none() {
        let book = match current(config, name) {
            Ok(book) => book,
            Err(why) => return Ok(Err(why)),
        };
        store.keep_rulebook(&content_of(&book)).await?;
        return Ok(Ok(book));
    }
    let held = run.rulebooks.as_deref().and_then(|text| serde_json::from_str::<BTreeMap<String, String>>(text).ok());
    let held = held.unwrap_or_default().remove(name).filter(|_| attempt <= 1);
    let approved = || async {
        let versions = store.approved_rulebooks().await?;
        store::Result::Ok(versions.into_iter().find(|version| version.book == name).map(|version| version.sha256))
    };
    let sha256 = match held {
        Some(sha256) => Some(sha256),
        None => approved().await?,
    };
    match sha256 {
        Some(sha256) => kept(store, name, &sha256).await,
        None => Ok(Err(not_approved(name))),
    }
}

/// The rule book as its files are now, or why it can't be read.
pub fn current(config: &Config, name: &str) -> Result<RuleBook, String> {
    RuleBook::load(&config.rulebook(name)).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        format!("regelboken `{name}` kan inte läsas: {first}")
    })
}

/// A version as it was kept, without its cases, or why it can't be used.
pub async fn kept(store: &Store, name: &str, sha256: &str) -> store::Result<Result<RuleBook, String>> {
    let files = store.rulebook_files(name, sha256).await?;
    if files.is_empty() {
        return Ok(Err(format!("regelbokens version {} av {name} finns inte sparad", short(sha256))));
    }
    let place = format!("{name} {}", short(sha256));
    Ok(match RuleBook::read(Content::kept(&place, files).without_cases()) {
        Ok(book) if book.sha256() == sha256 => Ok(book),
        Ok(_) => Err(format!(
            "regelbokens version {place} är ändrad i databasen: innehållet stämmer inte med kontrollsumman"
        )),
        Err(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Err(format!("regelbokens version {place} kan inte läsas: {first}"))
        }
    })
}

/// A version with all its files, to be kept under the label that its file gives it.
pub fn content_of(book: &RuleBook) -> BookContent {
    BookContent {
        book: book.name().to_owned(),
        sha256: book.sha256().to_owned(),
        label: book.version().to_owned(),
        files: book.content().files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect(),
    }
}

/// The rule books that a bot asks.
pub fn names_of(bot: &Bot) -> impl Iterator<Item = &str> {
    bot.stages.iter().filter_map(|stage| Some(stage.suggest.as_ref()?.value.rulebook.value.as_str()))
}

/// The approved versions that a bot's run is held to, or what is missing.
pub fn held_to(bot: &Bot, approved: &[RuleBookVersion]) -> Result<BTreeMap<String, String>, String> {
    let mut held = BTreeMap::new();
    for name in names_of(bot) {
        let version = approved.iter().find(|version| version.book == name).ok_or_else(|| not_approved(name))?;
        held.insert(name.to_owned(), version.sha256.clone());
    }
    Ok(held)
}

/// What to do about a rule book without an approved version.
pub fn not_approved(name: &str) -> String {
    format!("regelboken {name} har ingen godkänd version: kör `kollega rules approve {name} --note \"…\"`")
}

/// As much of a SHA-256 as people need.
pub fn short(sha256: &str) -> String {
    sha256.chars().take(SHORT).collect()
}
