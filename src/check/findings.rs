//! What the checks of one file have found so far.

use std::path::Path;

use expression::Path as Name;

use crate::bot::Text;
use crate::problem::Problem;
use crate::yaml::{Place, Placed, locate};

/// What is wrong with one file, and how a place in it is shown.
pub(super) struct Findings<'a> {
    file: &'a Path,
    source: &'a str,
    pub problems: Vec<Problem>,
}

impl<'a> Findings<'a> {
    pub fn new(file: &'a Path, source: &'a str) -> Self {
        Self { file, source, problems: Vec::new() }
    }

    /// Something wrong at a place.
    pub fn at(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let problem = Problem::at(self.file, place.line, place.column, message).length(place.length).hint(hint);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Something wrong with what stands under the key `key`, whose value begins at `place`.
    pub fn key(&mut self, place: Place, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let upwards = (1..=place.line).rev().map(|line| (line, self.source.lines().nth(line - 1).unwrap_or_default()));
        let found = upwards.take(20).find_map(|(line, text)| Some((line, text, text.find(&format!("{key}:"))?)));
        let place = found.map_or(place, |(line, text, at)| Place {
            line,
            column: text[..at].chars().count() + 1,
            length: key.len(),
            quoted: false,
        });
        self.at(place, message, hint);
    }

    /// Something wrong with a word.
    pub fn word(&mut self, word: &Placed<String>, message: impl Into<String>, hint: impl Into<String>) {
        let place = locate(self.source, word.place, &word.value, 0, word.value.len());
        self.at(place, message, hint);
    }

    /// Something wrong with a text as a whole.
    pub fn text(&mut self, text: &Text, message: impl Into<String>, hint: impl Into<String>) {
        self.at(text.place, message, hint);
    }

    /// Something wrong with a part of a text, in bytes.
    pub fn within(&mut self, text: &Text, at: (usize, usize), message: impl Into<String>, hint: impl Into<String>) {
        self.at(locate(self.source, text.place, text.source(), at.0, at.1), message, hint);
    }

    /// Something wrong with a name in a text; the caret stands under its part number `part`.
    pub fn name(&mut self, text: &Text, name: &Name, part: usize, message: impl Into<String>, hint: impl Into<String>) {
        let at = part_of(text.source(), name, part);
        self.within(text, at, message, hint);
    }
}

/// Where a part of a name stands in its text.
fn part_of(source: &str, name: &Name, part: usize) -> (usize, usize) {
    let mut at = name.offset;
    for (index, segment) in name.segments.iter().enumerate() {
        let found = source.get(at..).and_then(|rest| rest.find(segment.as_str())).unwrap_or_default();
        at += found;
        if index == part {
            return (at, segment.len());
        }
        at += segment.len();
    }
    (name.offset, name.segments.first().map_or(1, String::len))
}

impl Findings<'_> {
    /// All of it, in the order of the file.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.problems.sort();
        self.problems.dedup();
        self.problems
    }
}
