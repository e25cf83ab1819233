//! Whether the worked cases of a rule book would notice a mistake: every mutant of it is tried, and those that no case
//! notices are the answer. Mutants that can't be noticed are listed in `mutants.yaml` of the book, each with its reason.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_saphyr::Spanned;
use sha2::{Digest, Sha256};

use crate::book_file::BookFile;
use crate::mutants::{Change, Mutant, mutants};
use crate::rulebook::Reading;
use crate::yaml::File;
use crate::{Content, Problem, RuleBook};

/// What became of the mutants.
#[derive(Debug, Clone, Default)]
pub struct MutationReport {
    /// How many were tried.
    pub tried: usize,
    /// How many the rule book's own check refused before any case.
    pub refused: usize,
    /// How many `mutants.yaml` excuses.
    pub excused: usize,
    /// Those that no case noticed. The message is the mutant's name.
    pub survivors: Vec<Problem>,
    /// Excuses in `mutants.yaml` for what is noticed, or is not there.
    pub stale: Vec<Problem>,
}

/// A part of all mutants, the same each time for the same seed.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub seed: u64,
    pub count: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExcusesFile {
    equivalent: Vec<ExcuseFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExcuseFile {
    mutants: Vec<Spanned<String>>,
    reason: Spanned<String>,
}

/// Tries the mutants of the rule book in a folder, all or a sample of them, on all processors. All of its cases must
/// come out as expected before.
pub fn mutate(dir: &Path, sample: Option<Sample>) -> Result<MutationReport, Vec<Problem>> {
    let book = RuleBook::load(dir)?;
    refuse_failing_cases(&book, dir)?;
    let file = book.content().file("rulebook.yaml").map_err(|problem| vec![problem])?;
    let written: BookFile = file.read().map_err(|problem| vec![problem])?;
    let excuses = read_excuses(&dir.join("mutants.yaml"))?;
    let mut all = mutants(&file, &written, &book);
    if let Some(sample) = sample {
        all.sort_by_cached_key(|mutant| Sha256::digest(format!("{} {}", sample.seed, mutant.name)).to_vec());
        all.truncate(sample.count);
    }
    let fates = try_all(&book, &all);
    let mut report = MutationReport { tried: all.len(), ..MutationReport::default() };
    for (mutant, fate) in all.iter().zip(&fates) {
        let excused = excuses
            .as_ref()
            .is_some_and(|(_, list)| list.iter().flat_map(|one| &one.mutants).any(|name| name.value == mutant.name));
        match fate {
            Fate::Refused => report.refused += 1,
            Fate::Survived if excused => report.excused += 1,
            Fate::Survived => report.survivors.push(Problem { message: mutant.name.clone(), ..mutant.place.clone() }),
            Fate::Noticed => {}
        }
    }
    if let (Some((file, list)), None) = (&excuses, sample) {
        let survived =
            |name: &str| all.iter().zip(&fates).any(|(one, fate)| one.name == name && *fate == Fate::Survived);
        let stale = list.iter().flat_map(|one| &one.mutants).filter(|name| !survived(&name.value));
        report.stale.extend(stale.map(|name| file.at(name, "ändringen märks, eller finns inte: ta bort raden")));
    }
    report.survivors.sort();
    Ok(report)
}

fn refuse_failing_cases(book: &RuleBook, dir: &Path) -> Result<(), Vec<Problem>> {
    let failed = book.run_cases().into_iter().find(|result| !result.passed);
    failed.map_or(Ok(()), |failed| {
        let message = format!("fallet {} stämmer inte: {}", failed.case, failed.differences.join("; "));
        Err(vec![crate::yaml::whole(&dir.join("cases"), message)])
    })
}

fn read_excuses(path: &Path) -> Result<Option<(File, Vec<ExcuseFile>)>, Vec<Problem>> {
    if !path.exists() {
        return Ok(None);
    }
    let file = File::open(path).map_err(|problem| vec![problem])?;
    let read: ExcusesFile = file.read().map_err(|problem| vec![problem])?;
    let empty = read.equivalent.iter().filter(|one| one.reason.value.trim().is_empty());
    let problems: Vec<Problem> = empty.map(|one| file.at(&one.reason, "skälet är tomt")).collect();
    if problems.is_empty() { Ok(Some((file, read.equivalent))) } else { Err(problems) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused,
    Noticed,
    Survived,
}

fn try_all(book: &RuleBook, all: &[Mutant]) -> Vec<Fate> {
    let content = book.content().clone().without_cases();
    let next = AtomicUsize::new(0);
    let fates = Mutex::new(vec![Fate::Survived; all.len()]);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                // What noticed the last mutant often notices the next one too, so it is asked first.
                let mut order: Vec<usize> = (0..book.cases().len()).collect();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = all.get(index) else { break };
                    let fate = fate(&content, book, mutant, &mut order);
                    if let Ok(mut fates) = fates.lock() {
                        fates[index] = fate;
                    }
                }
            });
        }
    });
    fates.into_inner().unwrap_or_default()
}

fn fate(content: &Content, book: &RuleBook, mutant: &Mutant, order: &mut Vec<usize>) -> Fate {
    let changed = match &mutant.change {
        Change::Read(change) => {
            let mut changed = book.clone();
            change(&mut changed);
            changed
        }
        Change::Written(change) => {
            let reading = Reading { change: Some(change.as_ref()), ..Reading::default() };
            match RuleBook::read_as(content.clone(), &reading) {
                Ok(changed) => changed,
                Err(_) => return Fate::Refused,
            }
        }
    };
    match order.iter().position(|case| !changed.run_case(&book.cases()[*case]).passed) {
        Some(position) => {
            let case = order.remove(position);
            order.insert(0, case);
            Fate::Noticed
        }
        None => Fate::Survived,
    }
}
