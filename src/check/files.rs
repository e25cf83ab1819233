//! Finding what is to be checked, and reading it: shape first, then meaning of what could be read.

use std::path::{Path, PathBuf};

use chrono::Utc;

use super::chains::{Read, circles};
use super::{Context, Report, check_bot, check_system};
use crate::bot::{Bot, System};
use crate::config::Config;
use crate::problem::Problem;
use crate::schedule::{self, Schedule};
use crate::yaml::{Outcome, read_what_can_be};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Bot,
    System,
    Schedule,
    /// A folder.
    Rulebook,
}

/// Checks files and folders; without any, all that the configuration names.
pub fn check_paths(paths: &[PathBuf], config: &Config) -> Report {
    let mut report = Report::default();
    let mut found = Vec::new();
    if paths.is_empty() {
        for folder in [&config.bots, &config.signins, &config.schedules, &config.rulebooks] {
            search(&config.path(folder), &mut found);
        }
    }
    for path in paths {
        match named(path) {
            Ok(here) => found.extend(here),
            Err(problem) => report.problems.push(problem),
        }
    }
    found.sort();
    found.dedup();
    let mut schedules = Vec::new();
    for (kind, path) in found {
        match kind {
            Kind::Rulebook => read_rulebook(&path, false, &mut report),
            _ => schedules.extend(read_file(kind, &path, config, &mut report)),
        }
    }
    report.problems.extend(circles(&schedules));
    report.finish()
}

/// What a path that the user named holds.
fn named(path: &Path) -> Result<Vec<(Kind, PathBuf)>, Problem> {
    let mut found = Vec::new();
    if path.is_dir() {
        search(path, &mut found);
        return Ok(found);
    }
    let source = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let kind = kind_of(path, &source).ok_or_else(|| {
        Problem::at(path, 0, 0, "det går inte att se vad filen är")
            .hint("en robot börjar med `bot:`, ett system med `system:` och ett schema med `schedule:`")
    })?;
    Ok(vec![(kind, path.to_owned())])
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "filen finns inte".to_owned(),
        std::io::ErrorKind::InvalidData => "filen är inte text i UTF-8".to_owned(),
        std::io::ErrorKind::PermissionDenied => "filen får inte läsas".to_owned(),
        _ => format!("filen kan inte läsas: {error}"),
    };
    Problem::at(path, 0, 0, message).hint("kontrollera namnet och rättigheterna")
}

/// Everything that can be checked in a folder and the folders in it.
fn search(folder: &Path, found: &mut Vec<(Kind, PathBuf)>) {
    if folder.join("rulebook.yaml").is_file() {
        found.push((Kind::Rulebook, folder.to_owned()));
        return;
    }
    for path in entries(folder) {
        let hidden = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'));
        if path.is_dir() && !hidden {
            search(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            let kind = std::fs::read_to_string(&path).ok().and_then(|source| kind_of(&path, &source));
            found.extend(kind.map(|kind| (kind, path)));
        }
    }
}

/// What a file is, by its name, its first keys, or its folder.
fn kind_of(path: &Path, source: &str) -> Option<Kind> {
    if path.file_name().is_some_and(|name| name == "bot.yaml") {
        return Some(Kind::Bot);
    }
    let by_key = source.lines().find_map(|line| match line.split_once(':')?.0 {
        "system" => Some(Kind::System),
        "schedule" => Some(Kind::Schedule),
        "bot" => Some(Kind::Bot),
        _ => None,
    });
    // A schedule names its bot, too.
    let schedule = source.lines().any(|line| line.starts_with("schedule:") || line.starts_with("cron:"));
    if schedule { Some(Kind::Schedule) } else { by_key.or_else(|| kind_of_folder(path)) }
}

fn kind_of_folder(path: &Path) -> Option<Kind> {
    match path.parent()?.file_name()?.to_str()? {
        "schedules" => Some(Kind::Schedule),
        "systems" => Some(Kind::System),
        _ => None,
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The names of the folders in a folder.
pub(super) fn folders(folder: &Path) -> Vec<String> {
    let folders = entries(folder).into_iter().filter(|path| path.is_dir());
    folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

/// The names of the YAML files in a folder.
pub(super) fn stems(folder: &Path) -> Vec<String> {
    let files =
        entries(folder).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// What a schedule says is given back: some of what can be wrong with it shows beside the others.
fn read_file(kind: Kind, file: &Path, config: &Config, report: &mut Report) -> Option<Read> {
    let source = match std::fs::read_to_string(file) {
        Ok(source) => source,
        Err(error) => {
            report.problems.push(unreadable(file, &error));
            return None;
        }
    };
    let mut schedule = None;
    match kind {
        Kind::Bot => read_bot(file, &source, config, report),
        Kind::System => read_system(file, &source, config, report),
        Kind::Schedule => schedule = read_schedule(file, &source, config, report),
        Kind::Rulebook => {}
    }
    let read = schedule.map(|schedule| (file.to_owned(), source.clone(), schedule));
    report.keep(file, source);
    read
}

fn read_bot(file: &Path, source: &str, config: &Config, report: &mut Report) {
    report.checked.bots += 1;
    let Outcome { value, problems, whole } = read_what_can_be::<Bot>(file, source);
    report.problems.extend(problems);
    if let Some(mut bot) = value {
        bot.folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        report.problems.extend(check_bot(&bot, source, &Context { file, config, whole }));
    }
}

fn read_system(file: &Path, source: &str, config: &Config, report: &mut Report) {
    report.checked.systems += 1;
    let Outcome { value, problems, whole } = read_what_can_be::<System>(file, source);
    report.problems.extend(problems);
    if let Some(system) = value {
        report.problems.extend(check_system(&system, source, &Context { file, config, whole }));
    }
}

fn read_schedule(file: &Path, source: &str, config: &Config, report: &mut Report) -> Option<Schedule> {
    report.checked.schedules += 1;
    let bots = folders(&config.path(&config.bots));
    let context = schedule::Context { now: Utc::now(), bots: Some(&bots), calendar: Some(&config.calendar) };
    let checked = schedule::check(file, source, context);
    report.problems.extend(checked.problems);
    report.warnings.extend(checked.warnings);
    checked.schedule
}

/// Checks rule books alone; `is_strict`: what is otherwise a warning is wrong.
pub fn check_rulebooks(folders: &[PathBuf], is_strict: bool) -> Report {
    let mut report = Report::default();
    for folder in folders {
        read_rulebook(folder, is_strict, &mut report);
    }
    report.finish()
}

fn read_rulebook(folder: &Path, is_strict: bool, report: &mut Report) {
    report.checked.rulebooks += 1;
    let checked = decision::check(folder, is_strict);
    report.problems.extend(checked.errors.into_iter().map(Problem::from));
    report.warnings.extend(checked.warnings.into_iter().map(Problem::from));
}
