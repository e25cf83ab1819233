//! The schedules in the documentation are right, and start when it says they do.
//!
//! A block fenced as `yaml schedule` is a schedule file; a block fenced as `text times NAME AFTER UNTIL` is what the
//! schedule NAME of the same page does after AFTER and until UNTIL.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use kollega::schedule::{Context, Nominal, Schedule, check};

/// A fenced block: what stands after the fence, and what is in it.
pub struct Block {
    pub info: String,
    pub text: String,
}

pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(Block { info: info.to_owned(), text: text.join("\n") });
    }
    blocks
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    here.chain(folders.iter().flat_map(|folder| pages(folder))).collect()
}

fn read(page: &Path, source: &str) -> Schedule {
    let name = source.lines().find_map(|line| line.strip_prefix("schedule: ")).expect("the example has a name");
    let context = Context::at("2026-11-23T12:00:00Z".parse().expect("a time"));
    let checked = check(&Path::new("schedules").join(format!("{name}.yaml")), source, context);
    let wrong: Vec<_> = checked.problems.iter().chain(&checked.warnings).map(|one| one.render(source)).collect();
    assert!(wrong.is_empty(), "{}: {}", page.display(), wrong.join("\n"));
    checked.schedule.expect("nothing is wrong with it")
}

fn line(one: &Nominal) -> String {
    let sign = if one.starts() { "start" } else { "-    " };
    format!("{sign} {} {}", one.local.format("%Y-%m-%d %H:%M"), one.remark()).trim_end().to_owned()
}

fn times(schedule: &Schedule, after: &str, until: &str) -> String {
    let time = |text: &str| text.parse().expect("a time");
    schedule.nominal_times(time(after), time(until)).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_schedule_in_the_docs_is_right_and_starts_when_the_docs_say() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (mut schedules_seen, mut times_seen) = (0, 0);
    for page in pages(&docs) {
        let mut schedules = BTreeMap::new();
        for block in blocks(&fs::read_to_string(&page).expect("the page is there")) {
            match block.info.split(' ').collect::<Vec<_>>().as_slice() {
                ["yaml", "schedule"] => {
                    let schedule = read(&page, &block.text);
                    schedules.insert(schedule.name.clone(), schedule);
                    schedules_seen += 1;
                }
                ["text", "times", name, after, until] => {
                    let schedule = schedules.get(*name).expect("the page has the schedule before its times");
                    assert_eq!(times(schedule, after, until), block.text, "{}", page.display());
                    times_seen += 1;
                }
                _ => {}
            }
        }
    }
    assert!(schedules_seen >= 7 && times_seen >= 3, "the blocks are found: {schedules_seen}, {times_seen}");
}
