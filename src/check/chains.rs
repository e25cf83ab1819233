//! Schedules that start each other in a circle: each alone is right, together they never stop.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::problem::Problem;
use crate::schedule::{AfterSource, Schedule, line_of_field};

/// A schedule that was read, its file, and the file's text.
pub(super) type Read = (PathBuf, String, Schedule);

/// One problem for each schedule that starts after one that, through others, starts after it.
pub(super) fn circles(schedules: &[Read]) -> Vec<Problem> {
    let starts_after = |later: &Schedule| -> Vec<usize> {
        let Some(after) = &later.triggers.after else { return Vec::new() };
        let is_source = |(_, _, earlier): &Read| match &after.source {
            AfterSource::Bot(bot) => earlier.bot == *bot,
            AfterSource::Schedule(name) => earlier.name == *name,
        };
        (0..schedules.len()).filter(|&place| is_source(&schedules[place])).collect()
    };
    let before: Vec<Vec<usize>> = schedules.iter().map(|(_, _, schedule)| starts_after(schedule)).collect();
    let mut problems = Vec::new();
    for (place, (file, text, _)) in schedules.iter().enumerate() {
        let Some(circle) = way_back(place, &before) else { continue };
        let names: Vec<&str> = circle.iter().map(|&place| schedules[place].2.name.as_str()).collect();
        let message = format!("scheman startar varandra i en cirkel: {}", names.join(" efter "));
        let line = line_of_field(text, "start_on").unwrap_or_default();
        let hint = "ta bort start_on i ett av dem, eller låt det följa klockan (cron)";
        problems.push(Problem::at(file, line, 1, message).length("start_on".len()).hint(hint));
    }
    problems
}

/// From a place to itself along the edges, if there is such a way.
fn way_back(start: usize, edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    let (mut ways, mut seen) = (vec![vec![start]], BTreeSet::new());
    while let Some(way) = ways.pop() {
        for &next in &edges[*way.last()?] {
            let further = [way.as_slice(), &[next]].concat();
            if next == start {
                return Some(further);
            }
            if seen.insert(next) {
                ways.push(further);
            }
        }
    }
    None
}
