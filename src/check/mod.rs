//! `kollega check`: everything wrong with bots, systems, schedules and rule books, with file, line and what to do.
//!
//! Shape comes from reading the files; here is their meaning. Nothing is run, no system is asked, and no file is
//! changed. Each file of this module is one area; all of them look at the same walk through a bot.

mod automatic;
mod chains;
mod commits;
mod facts;
mod files;
mod findings;
mod letters;
mod names;
mod parts;
mod personal;
mod report;
mod scope;
mod stages;
mod systems;
mod targets;
mod values;
mod walk;

use std::path::Path;

pub use files::{check_paths, check_rulebooks};
pub use report::{Counts, Report};

use crate::bot::{Bot, System};
use crate::config::Config;
use crate::problem::Problem;
use findings::Findings;

/// What a check must know besides what is checked.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The file, as the user named it.
    pub file: &'a Path,
    pub config: &'a Config,
    /// Whether nothing was left out for its shape; otherwise what may be missing is not complained of.
    pub whole: bool,
}

/// Everything wrong with the meaning of a bot; `source` is the text of its file.
pub fn check_bot(bot: &Bot, source: &str, context: &Context<'_>) -> Vec<Problem> {
    let mut findings = Findings::new(context.file, source);
    let walk = walk::walk(bot);
    let Context { config, whole, .. } = *context;
    check_header(bot, context, &mut findings);
    stages::check(bot, config, whole, &walk, &mut findings);
    automatic::check(bot, &mut findings);
    commits::check(bot, whole, &walk, &mut findings);
    names::check(&bot.item, config, whole, &walk, &mut findings);
    targets::check(&walk, &mut findings);
    targets::check_verify(bot, &mut findings);
    values::check(&bot.item.fields, &walk, &mut findings);
    personal::check(bot, config, &walk, &mut findings);
    findings.sorted()
}

/// Everything wrong with the meaning of a system's file; `source` is its text.
pub fn check_system(system: &System, source: &str, context: &Context<'_>) -> Vec<Problem> {
    let mut findings = Findings::new(context.file, source);
    systems::check(system, context, &mut findings);
    findings.sorted()
}

/// The name of the bot and the field of its reference.
fn check_header(bot: &Bot, context: &Context<'_>, findings: &mut Findings<'_>) {
    let folder =
        context.file.canonicalize().ok().and_then(|file| Some(file.parent()?.file_name()?.to_str()?.to_owned()));
    let in_its_folder = context.file.file_name().is_some_and(|name| name == "bot.yaml");
    if let Some(folder) = folder.filter(|folder| in_its_folder && *folder != bot.bot.value) {
        let message = format!("roboten heter `{}` men mappen `{folder}`", bot.bot.value);
        findings.word(&bot.bot, message, format!("skriv `bot: {folder}`, eller döp om mappen"));
    }
    if let Some(pool) = bot.written_pool().filter(|pool| !Bot::is_pool(&pool.value)) {
        let hint = "skriv ett kort namn av små bokstäver, siffror och bindestreck, som `windows`";
        findings.word(pool, format!("`{}` kan inte vara namnet på en pool", pool.value), hint);
    }
    let known: Vec<&str> = bot.item.fields.0.iter().map(|field| field.name.as_str()).collect();
    let named = std::iter::once(("referensen", &bot.item.reference));
    for (what, field) in named.chain(bot.item.addressee.iter().map(|field| ("adressaten", field))) {
        if !known.contains(&field.value.as_str()) {
            let message = format!("{what} `{}` är inget av ärendets fält", field.value);
            findings.word(field, message, crate::yaml::near(&field.value, &known));
        }
    }
    let deadline = bot.item.deadline.as_ref().filter(|deadline| !crate::deadline::is_written(&deadline.value));
    if let Some(deadline) = deadline {
        findings.word(deadline, format!("`{}` är ingen tidsfrist", deadline.value), crate::deadline::WRITTEN);
    }
}
