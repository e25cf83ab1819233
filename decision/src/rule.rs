//! A rule as it is used: its expressions read and its names checked.

use std::collections::BTreeMap;

use expression::{Branch, Month, Template};

use crate::Problem;
use crate::book_file::{ForEach, LawFile, NoteFile, Part, ReferFile, RuleFile, Text, Total};
use crate::names::{RESULT_NAME, Shape, names_of};
use crate::parameters::Parameters;
use crate::suggestion::Source;
use crate::validity::Validity;
use crate::yaml::File;

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub id: String,
    /// Where it stands; no message.
    pub place: Problem,
    pub title: Template,
    pub explanation: String,
    pub laws: Vec<Law>,
    pub validity: Validity,
    /// It is meant to begin, or to end, where no rule with its id does the other.
    pub is_new: bool,
    pub is_ending: bool,
    pub for_each: ForEach,
    pub when: Option<Template>,
    /// Cells of the period's table, by the name they have in this rule.
    pub cells: Vec<(String, Template)>,
    /// A further condition, which may use the cells.
    pub also: Option<Template>,
    pub line: Option<LineRule>,
    /// The thing is shown with no amount, and no later rule makes a line of it.
    pub exclude: bool,
    pub refer: Option<ReferRule>,
    pub deny: Option<NoteRule>,
    pub note: Option<NoteRule>,
    pub inputs: Vec<(String, Template, Option<Template>)>,
    /// The conditions in it, when it was read to be watched.
    pub watched: Vec<Watched>,
}

/// A condition that is watched, and where it stands. The place's message is the whole text that it is a part of.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub place: Problem,
    pub branch: Branch,
}

/// A legal source and when it is in force.
#[derive(Debug, Clone)]
pub(crate) struct Law {
    pub validity: Validity,
    pub source: Source,
}

#[derive(Debug, Clone)]
pub(crate) struct LineRule {
    pub part: Part,
    pub amount: Template,
    pub person: Option<Template>,
}

#[derive(Debug, Clone)]
pub(crate) struct ReferRule {
    pub code: String,
    pub reason: Template,
    pub unknown: Vec<Total>,
    pub conceal: bool,
    pub details: Vec<(String, Template)>,
}

#[derive(Debug, Clone)]
pub(crate) struct NoteRule {
    pub code: String,
    pub text: Template,
}

/// A named value of the book.
#[derive(Debug, Clone)]
pub(crate) struct NamedValue {
    pub name: String,
    /// What it is called where a rule is shown to people.
    pub title: Option<String>,
    /// Where it stands; no message.
    pub place: Problem,
    pub for_each: ForEach,
    pub value: Template,
    /// The conditions in it, when it was read to be watched.
    pub watched: Vec<Watched>,
}

impl Rule {
    /// Every expression of the rule.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let one = [Some(&self.title), self.when.as_ref(), self.also.as_ref()].into_iter().flatten();
        let line = self.line.iter().flat_map(|line| [Some(&line.amount), line.person.as_ref()]).flatten();
        let cells = self.cells.iter().map(|(_, template)| template);
        let inputs = self.inputs.iter().flat_map(|(_, value, from)| [Some(value), from.as_ref()]).flatten();
        let notes = self.deny.iter().chain(&self.note).map(|note| &note.text);
        let reason = self.refer.iter().map(|refer| &refer.reason);
        let details = self.refer.iter().flat_map(|refer| &refer.details).map(|(_, template)| template);
        one.chain(line).chain(cells).chain(inputs).chain(notes).chain(reason).chain(details)
    }

    /// The legal source in force in a period.
    pub fn source(&self, period: Month) -> Option<&Source> {
        self.laws.iter().find(|law| law.validity.contains(period)).map(|law| &law.source)
    }
}

/// Reads the expressions of one rule or value, and knows which names it may use.
pub(crate) struct Reader<'a> {
    pub file: &'a File,
    pub names: Vec<(String, Shape)>,
    /// The cells that the rule names.
    pub cells: Vec<String>,
    /// The parameters of the book.
    parameters: Vec<String>,
    pub problems: Vec<Problem>,
    is_watched: bool,
    pub watched: Vec<Watched>,
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a File, for_each: ForEach, values: &[NamedValue], parameters: &Parameters) -> Self {
        let mut names: Vec<(String, Shape)> =
            names_of(for_each).into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect();
        let seen = values.iter().filter(|value| value.for_each == ForEach::Household || value.for_each == for_each);
        names.extend(seen.map(|value| (value.name.clone(), Shape::Any)));
        let parameters = parameters.names().map(str::to_owned).collect();
        let (cells, problems, watched) = (Vec::new(), Vec::new(), Vec::new());
        Self { file, names, cells, parameters, problems, is_watched: false, watched }
    }

    /// The same, making templates whose conditions are watched.
    #[must_use]
    pub fn watching(self, is_watched: bool) -> Self {
        Self { is_watched, ..self }
    }

    /// A template; a problem is kept and an empty one stands in for it.
    pub fn template(&mut self, text: &Text) -> Template {
        self.read(text, false)
    }

    fn read(&mut self, text: &Text, is_condition: bool) -> Template {
        match Template::parse(&text.value) {
            Ok(template) => {
                self.check_names(text, &template);
                if self.is_watched { self.watch(text, &template, is_condition) } else { template }
            }
            Err(error) => {
                let problem = self.file.within(text, error.offset, error.length, error.message);
                self.problems.push(Problem { hint: error.hint, ..problem });
                Template::parse("").unwrap_or_else(|_| unreachable!("an empty text is a template"))
            }
        }
    }

    fn watch(&mut self, text: &Text, template: &Template, is_condition: bool) -> Template {
        let (template, branches) = template.watched(is_condition);
        let file = self.file;
        self.watched.extend(branches.into_iter().map(|branch| {
            let place = file.within(text, branch.offset, branch.length, text.value.trim());
            Watched { place, branch }
        }));
        template
    }

    /// A template that must be an expression.
    pub fn expression(&mut self, text: &Text) -> Template {
        self.refuse_text(text);
        self.template(text)
    }

    /// A template that must be a condition.
    pub fn condition(&mut self, text: &Text) -> Template {
        self.refuse_text(text);
        self.read(text, true)
    }

    fn refuse_text(&mut self, text: &Text) {
        if !text.value.contains("${") {
            let problem = self.file.at(text, "ett uttryck ${…} väntas");
            self.problems.push(problem);
        }
    }

    fn check_names(&mut self, text: &Text, template: &Template) {
        for path in template.uses() {
            let Some((name, fields)) = path.segments.split_first() else { continue };
            let Some((_, shape)) = self.names.iter().find(|(known, _)| known == name) else {
                let hint = format!(
                    "här finns {}",
                    self.names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
                );
                self.push(text, path.offset, name, format!("namnet ”{name}” är okänt"), hint);
                continue;
            };
            if name == "cells" && fields.first().is_none_or(|cell| !self.cells.contains(cell)) {
                let hint = format!("här finns {}", self.cells.join(", "));
                self.push(text, path.offset, name, "regeln har ingen sådan cell under cells".to_owned(), hint);
                continue;
            }
            if name == "parameters" && fields.first().is_none_or(|one| !self.parameters.contains(one)) {
                let hint = format!("här finns {}", self.parameters.join(", "));
                let message = "regelboken har ingen sådan parameter under parameters".to_owned();
                self.push(text, path.offset, name, message, hint);
                continue;
            }
            let mut shape = *shape;
            for (index, field) in fields.iter().enumerate() {
                let Some(next) = shape.field(field) else {
                    let owner = path.segments[..=index].join(".");
                    let known = shape.fields().unwrap_or_default().join(", ");
                    let hint = if known.is_empty() {
                        "det är ett enkelt värde".to_owned()
                    } else {
                        format!("här finns {known}")
                    };
                    self.push(text, path.offset, name, format!("{owner} har inget fält ”{field}”"), hint);
                    break;
                };
                shape = next;
            }
        }
    }

    fn push(&mut self, text: &Text, offset: usize, name: &str, message: String, hint: String) {
        let problem = self.file.within(text, offset, name.chars().count(), message);
        self.problems.push(Problem { hint: Some(hint), ..problem });
    }
}

/// Reads a rule; all of its problems at once.
pub(crate) fn read_rule(
    file: &File,
    written: &RuleFile,
    values: &[NamedValue],
    laws: &BTreeMap<String, Vec<Law>>,
    parameters: &Parameters,
    is_watched: bool,
) -> Result<Rule, Vec<Problem>> {
    let mut reader = Reader::new(file, written.for_each, values, parameters).watching(is_watched);
    let when = written.when.as_ref().map(|text| reader.condition(text));
    let cells: Vec<_> = written.cells.iter().map(|(name, text)| (name.clone(), reader.template(text))).collect();
    if !cells.is_empty() {
        reader.names.push(("cells".to_owned(), Shape::Any));
        reader.cells = written.cells.keys().cloned().collect();
    }
    let title = reader.template(&written.title);
    let also = written.also.as_ref().map(|text| reader.condition(text));
    let line = written.line.as_ref().map(|line| LineRule {
        part: line.part,
        amount: reader.expression(&line.amount),
        person: line.person.as_ref().map(|text| reader.template(text)),
    });
    let inputs = written.inputs.iter().map(|(name, input)| {
        (name.clone(), reader.template(&input.value), input.from.as_ref().map(|text| reader.template(text)))
    });
    let inputs = inputs.collect();
    if written.for_each != ForEach::Result {
        reader.names.push((RESULT_NAME.0.to_owned(), RESULT_NAME.1));
    }
    let refer = written.refer.as_ref().map(|refer| read_refer(&mut reader, refer));
    let deny = written.deny.as_ref().map(|note| read_note(&mut reader, note));
    let note = written.note.as_ref().map(|note| read_note(&mut reader, note));
    let (mut problems, watched) = (reader.problems, reader.watched);
    problems.extend(check_shape(file, written));
    let validity = Validity::read(file, &written.valid.from, written.valid.to.as_ref());
    let laws = read_laws_of(file, written, laws, &validity);
    match (validity, laws, problems.is_empty()) {
        (Ok(validity), Ok(laws), true) => Ok(Rule {
            id: written.id.value.clone(),
            place: file.at(&written.id, ""),
            title,
            explanation: written.explanation.trim().to_owned(),
            laws,
            validity,
            is_new: written.valid.new,
            is_ending: written.valid.ends,
            for_each: written.for_each,
            when,
            cells,
            also,
            line,
            exclude: written.exclude,
            refer,
            deny,
            note,
            inputs,
            watched,
        }),
        (validity, laws, _) => {
            problems.extend(validity.err());
            problems.extend(laws.err());
            Err(problems)
        }
    }
}

fn read_refer(reader: &mut Reader, refer: &ReferFile) -> ReferRule {
    ReferRule {
        code: refer.code.clone(),
        reason: reader.template(&refer.reason),
        unknown: refer.unknown.clone(),
        conceal: refer.conceal,
        details: refer.details.iter().map(|(name, text)| (name.clone(), reader.template(text))).collect(),
    }
}

fn read_note(reader: &mut Reader, note: &NoteFile) -> NoteRule {
    NoteRule { code: note.code.clone(), text: reader.template(&note.text) }
}

/// A rule must do something, and only what its place allows.
fn check_shape(file: &File, written: &RuleFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    let does_nothing =
        written.line.is_none() && written.refer.is_none() && written.deny.is_none() && written.note.is_none();
    if does_nothing && !written.exclude {
        problems.push(file.at(&written.id, "regeln gör ingenting: den behöver line, refer, deny, note eller exclude"));
    }
    if written.line.is_some() && written.exclude {
        problems.push(file.at(&written.id, "en regel kan inte ha både line och exclude"));
    }
    if written.for_each == ForEach::Result && (written.line.is_some() || written.exclude) {
        problems.push(file.at(&written.id, "en regel om resultatet kan inte lägga till rader"));
    }
    if written.deny.is_some() && written.for_each != ForEach::Result {
        problems.push(file.at(&written.id, "avslag (deny) kan bara följa av resultatet: skriv for_each: result"));
    }
    if written.exclude && !matches!(written.for_each, ForEach::Income | ForEach::Cost) {
        problems.push(file.at(&written.id, "exclude gäller bara for_each: income eller cost"));
    }
    if written.also.is_some() && written.cells.is_empty() {
        problems.push(file.at(&written.id, "also är till för villkor som använder cells; använd when"));
    }
    problems
}

fn read_laws_of(
    file: &File,
    written: &RuleFile,
    laws: &BTreeMap<String, Vec<Law>>,
    validity: &Result<Validity, Problem>,
) -> Result<Vec<Law>, Problem> {
    let Some(found) = laws.get(&written.law.value) else {
        let known = laws.keys().cloned().collect::<Vec<_>>().join(", ");
        let problem = file.at(&written.law, format!("rättskällan ”{}” finns inte under laws", written.law.value));
        return Err(Problem { hint: Some(format!("här finns {known}")), ..problem });
    };
    let parts: Vec<Validity> = found.iter().map(|law| law.validity).collect();
    if validity.as_ref().is_ok_and(|validity| !validity.is_covered_by(&parts)) {
        return Err(
            file.at(&written.law, format!("rättskällan ”{}” täcker inte hela regelns giltighet", written.law.value))
        );
    }
    Ok(found.clone())
}

/// The legal sources of one name; two may not be in force at once.
pub(crate) fn read_laws(file: &File, written: &[LawFile]) -> Result<Vec<Law>, Vec<Problem>> {
    let (mut laws, mut problems) = (Vec::<Law>::new(), Vec::new());
    for law in written {
        match Validity::read_open(file, law.from.as_ref(), law.to.as_ref()) {
            Err(problem) => problems.push(problem),
            Ok(_) if law.text.value.trim().is_empty() => problems.push(file.at(&law.text, "rättskällan är tom")),
            Ok(validity) if laws.iter().any(|known| known.validity.overlaps(validity)) => {
                problems.push(file.at(&law.text, "två rättskällor med samma namn gäller samtidigt"));
            }
            Ok(validity) => {
                let source = Source { text: law.text.value.trim().to_owned(), verified: law.verified };
                laws.push(Law { validity, source });
            }
        }
    }
    if problems.is_empty() { Ok(laws) } else { Err(problems) }
}
