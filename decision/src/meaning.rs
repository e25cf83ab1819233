//! What is wrong with a rule book whose every part can be read: what nobody uses, and what can never happen. Each would be read, by the person who wrote it, as if it worked.

use std::collections::{BTreeMap, BTreeSet};

use expression::Template;

use crate::Problem;
use crate::amounts::Table;
use crate::book_file::{BookFile, ForEach, RuleFile, Text};
use crate::validity::Validity;
use crate::yaml::{File, whole};

/// Everything that is wrong with the meaning.
pub(crate) fn problems(file: &File, written: &BookFile, tables: &[Table]) -> Vec<Problem> {
    let all = written.rules.iter().flat_map(texts).chain(written.values.iter().map(|value| &value.value));
    let templates = all.filter_map(|text| Some((text.value.as_str(), Template::parse(&text.value).ok()?)));
    let book = Book { file, written, tables, templates: templates.collect() };
    let mut problems = book.unused_values();
    problems.extend(book.unused_laws());
    problems.extend(book.repeated_kinds());
    problems.extend(book.empty_texts());
    problems.extend(written.values.iter().flat_map(|value| book.constant(&value.value, false)));
    for (index, rule) in written.rules.iter().enumerate() {
        problems.extend(book.conditions(rule));
        problems.extend(book.unused_cells(rule));
        problems.extend(book.unknown_cells(rule));
        problems.extend(written.rules[..index].iter().filter_map(|earlier| book.shadow(earlier, rule)));
    }
    problems
}

struct Book<'a> {
    file: &'a File,
    written: &'a BookFile,
    tables: &'a [Table],
    /// Every text that can be read, by itself.
    templates: BTreeMap<&'a str, Template>,
}

impl Book<'_> {
    fn unused_values(&self) -> Vec<Problem> {
        let by_name: BTreeMap<&str, &Text> =
            self.written.values.iter().map(|value| (value.name.value.as_str(), &value.value)).collect();
        let mut open: Vec<String> =
            self.written.rules.iter().flat_map(texts).flat_map(|text| self.names(text)).collect();
        let mut used = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some(value) = by_name.get(name.as_str())
                && used.insert(name)
            {
                open.extend(self.names(value));
            }
        }
        let unused = self.written.values.iter().filter(|value| !used.contains(&value.name.value));
        unused
            .map(|value| {
                let message = format!("värdet ”{}” används inte", value.name.value);
                hinted(self.file.at(&value.name, message), "ta bort det, eller använd det i en regel")
            })
            .collect()
    }

    fn unused_laws(&self) -> Vec<Problem> {
        let used: BTreeSet<&str> = self.written.rules.iter().map(|rule| rule.law.value.as_str()).collect();
        let mut problems = Vec::new();
        for (name, texts) in &self.written.laws {
            match texts.first() {
                None => problems.push(whole(&self.file.path, format!("rättskällan ”{name}” har ingen text"))),
                Some(first) if !used.contains(name.as_str()) => {
                    let problem =
                        self.file.at(&first.text, format!("rättskällan ”{name}” används inte av någon regel"));
                    problems.push(hinted(problem, "ta bort den, eller skriv den som law i en regel"));
                }
                Some(_) => {}
            }
        }
        problems
    }

    fn repeated_kinds(&self) -> Vec<Problem> {
        let incomes: Vec<&str> = self.written.income_kinds.iter().map(|kind| kind.kind.as_str()).collect();
        let costs: Vec<&str> = self.written.cost_kinds.iter().map(String::as_str).collect();
        let twice = |list: &[&str], under: &str| {
            let repeated = list.iter().enumerate().filter(|(index, kind)| list[..*index].contains(kind));
            repeated
                .map(|(_, kind)| whole(&self.file.path, format!("slaget ”{kind}” står två gånger under {under}")))
                .collect::<Vec<_>>()
        };
        let mut problems = twice(&incomes, "income_kinds");
        problems.extend(twice(&costs, "cost_kinds"));
        let ids = &self.written.authorities;
        let repeated =
            ids.iter().enumerate().filter(|(index, one)| ids[..*index].iter().any(|two| two.id.value == one.id.value));
        problems.extend(
            repeated.map(|(_, one)| self.file.at(&one.id, format!("myndigheten ”{}” står två gånger", one.id.value))),
        );
        problems
    }

    /// Titles and explanations that say nothing: they are what people read.
    fn empty_texts(&self) -> Vec<Problem> {
        let (title, explanation) = ("titeln (title)", "förklaringen (explanation)");
        let mut texts = vec![(&self.written.title, title)];
        texts.extend(self.written.authorities.iter().map(|authority| (&authority.title, title)));
        let parameters = self.written.parameters.values();
        texts.extend(parameters.flat_map(|one| [(&one.title, title), (&one.explanation, explanation)]));
        let rules = self.written.rules.iter();
        texts.extend(rules.flat_map(|one| [(&one.title, title), (&one.explanation, explanation)]));
        let empty = texts.into_iter().filter(|(text, _)| text.value.trim().is_empty());
        empty
            .map(|(text, what)| {
                hinted(self.file.at(text, format!("{what} är tom")), "skriv den med ord för den som läser regelboken")
            })
            .collect()
    }

    fn conditions(&self, rule: &RuleFile) -> Vec<Problem> {
        let own = [&rule.when, &rule.also].into_iter().flatten();
        let mut problems: Vec<Problem> = own.flat_map(|text| self.constant(text, true)).collect();
        if let Some(line) = &rule.line {
            problems.extend(self.constant(&line.amount, false));
        }
        problems.extend(rule.cells.values().flat_map(|text| self.constant(text, false)));
        problems
    }

    fn constant(&self, text: &Text, is_condition: bool) -> Vec<Problem> {
        let findings = self.parsed(text).map(|template| template.constant_conditions(is_condition)).unwrap_or_default();
        findings.into_iter().map(|finding| self.file.found(text, finding)).collect()
    }

    fn unused_cells(&self, rule: &RuleFile) -> Vec<Problem> {
        let used: BTreeSet<String> = texts(rule)
            .into_iter()
            .filter_map(|text| self.parsed(text))
            .flat_map(|template| template.uses().to_vec())
            .filter_map(|path| match path.segments.as_slice() {
                [first, cell, ..] if first == "cells" => Some(cell.clone()),
                _ => None,
            })
            .collect();
        let unused = rule.cells.iter().filter(|(name, _)| !used.contains(*name));
        unused
            .map(|(name, text)| {
                let problem = self.file.at(text, format!("cellen ”{name}” används inte i regeln"));
                hinted(problem, &format!("ta bort den, eller använd cells.{name} i beloppet eller i also"))
            })
            .collect()
    }

    /// A cell's name, or how it begins, must stand in every table that the rule is tried with.
    fn unknown_cells(&self, rule: &RuleFile) -> Vec<Problem> {
        let validity = self.validity(rule);
        let tables = || self.tables.iter().filter(|table| validity.is_some_and(|validity| table.overlaps(validity)));
        let mut problems = Vec::new();
        for text in rule.cells.values().flat_map(|text| self.with_values(text)) {
            let Some(template) = self.parsed(text) else { continue };
            for (name, offset) in template.beginnings() {
                let is_whole = template.is_constant();
                if !is_whole && !name.contains('.') {
                    continue;
                }
                let is_there = |table: &&Table| {
                    table.cells().any(|(cell, _)| if is_whole { cell == name } else { cell.starts_with(&name) })
                };
                if let Some(table) = tables().find(|table| !is_there(table)) {
                    let message = format!("cellen ”{name}” finns inte i {}", table.title);
                    let known = table.cells().map(|(cell, _)| cell).collect::<Vec<_>>().join(", ");
                    let problem = self.file.within(text, offset, name.chars().count(), message);
                    problems.push(hinted(problem, &format!("här finns {known}")));
                }
            }
        }
        problems
    }

    /// A text and the named values in it, which may be where a cell's name is put together.
    fn with_values<'t>(&'t self, text: &'t Text) -> Vec<&'t Text> {
        let names = self.names(text);
        let values = self.written.values.iter().filter(|value| names.contains(&value.name.value));
        std::iter::once(text).chain(values.map(|value| &value.value)).collect()
    }

    /// A rule that an earlier one leaves nothing for, or that does the same as it.
    fn shadow(&self, earlier: &RuleFile, rule: &RuleFile) -> Option<Problem> {
        let (first, second) = (self.validity(earlier)?, self.validity(rule)?);
        if earlier.for_each != rule.for_each || !first.overlaps(second) {
            return None;
        }
        let same = |one: &Option<Text>, two: &Option<Text>| {
            one.as_ref().map(|text| text.value.trim()) == two.as_ref().map(|text| text.value.trim())
        };
        let same_when = same(&earlier.when, &rule.when);
        let same_also = same(&earlier.also, &rule.also);
        let always = earlier.also.is_none() && earlier.cells.is_empty() && (earlier.when.is_none() || same_when);
        let takes_all = earlier.exclude && always && second.is_covered_by(&[first]);
        if takes_all && (rule.line.is_some() || rule.exclude) {
            let what = if rule.for_each == ForEach::Cost { "kostnaden" } else { "inkomsten" };
            let message =
                format!("regeln ”{}” träffar aldrig: ”{}” tar bort {what} före den", rule.id.value, earlier.id.value);
            return Some(hinted(self.file.at(&rule.id, message), "ändra villkoret eller giltigheten i en av dem"));
        }
        let adds_the_same = match (&earlier.line, &rule.line) {
            (Some(one), Some(two)) => one.part == two.part && one.amount.value == two.amount.value,
            _ => false,
        };
        if adds_the_same && same_when && same_also && earlier.id.value != rule.id.value {
            let message =
                format!("reglerna ”{}” och ”{}” räknar samma sak två gånger", earlier.id.value, rule.id.value);
            let hint = "låt den ena sluta gälla (valid.to) innan den andra börjar";
            return Some(hinted(self.file.at(&rule.id, message), hint));
        }
        None
    }

    fn parsed(&self, text: &Text) -> Option<&Template> {
        self.templates.get(text.value.as_str())
    }

    /// The names that a text uses.
    fn names(&self, text: &Text) -> Vec<String> {
        let uses = self.parsed(text).map(Template::uses).unwrap_or_default();
        uses.iter().filter_map(|path| path.segments.first().cloned()).collect()
    }

    fn validity(&self, rule: &RuleFile) -> Option<Validity> {
        Validity::read(self.file, &rule.valid.from, rule.valid.to.as_ref()).ok()
    }
}

/// Every text of a rule that may hold expressions.
fn texts(rule: &RuleFile) -> Vec<&Text> {
    let mut texts = vec![&rule.title];
    texts.extend([&rule.when, &rule.also].into_iter().flatten());
    texts.extend(rule.cells.values());
    texts.extend(rule.line.iter().flat_map(|line| [Some(&line.amount), line.person.as_ref()]).flatten());
    texts.extend(rule.refer.iter().flat_map(|refer| refer.details.values().chain([&refer.reason])));
    texts.extend(rule.deny.iter().chain(&rule.note).map(|note| &note.text));
    texts.extend(rule.inputs.values().flat_map(|input| [Some(&input.value), input.from.as_ref()]).flatten());
    texts
}

fn hinted(problem: Problem, hint: &str) -> Problem {
    Problem { hint: Some(hint.to_owned()), ..problem }
}
