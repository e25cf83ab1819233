//! A rule as it is used: its expressions read and its names checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::{Branch, Month, Template, Type, Typed, Types};

use crate::Problem;
use crate::book_file::{ForEach, LawFile, NoteFile, Part, ReferFile, RuleFile, Text, Total};
use crate::document::valid;
use crate::names::{Names, RESULT_NAME};
use crate::rulebook::twice;
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
    /// Where it stands; no message.
    place: Problem,
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
    pub kind: Arc<Typed>,
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

/// How the expressions of a book are read.
#[derive(Clone, Copy)]
pub(crate) struct Reads<'a> {
    pub file: &'a File,
    pub names: &'a Names,
    pub is_watched: bool,
    /// Whether what can be read, but can't be right, is a problem.
    pub is_judged: bool,
}

/// What an expression must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    Condition,
    Amount,
    Person,
}

/// Reads the expressions of one rule or value, and knows which names it may use.
pub(crate) struct Reader<'a> {
    reads: Reads<'a>,
    types: Types,
    pub problems: Vec<Problem>,
    pub watched: Vec<Watched>,
}

impl<'a> Reader<'a> {
    pub fn new(reads: Reads<'a>, for_each: ForEach, values: &[NamedValue]) -> Self {
        let mut types = reads.names.of(for_each);
        let seen = values.iter().filter(|value| value.for_each == ForEach::Household || value.for_each == for_each);
        for value in seen {
            types.add(&value.name, value.kind.clone());
        }
        Self { reads, types, problems: Vec::new(), watched: Vec::new() }
    }

    /// A template; a problem is kept and an empty one stands in for it.
    pub fn template(&mut self, text: &Text) -> Template {
        self.read(text, Wanted::Anything).0
    }

    /// A named value, and what is known of it.
    pub fn value(&mut self, text: &Text) -> (Template, Typed) {
        self.refuse_text(text);
        self.read(text, Wanted::Anything)
    }

    /// A condition, which holds for all that is read after it.
    fn condition(&mut self, text: &Text) -> Template {
        self.refuse_text(text);
        let (template, _) = self.read(text, Wanted::Condition);
        self.types.suppose(&template);
        template
    }

    fn amount(&mut self, text: &Text) -> Template {
        self.refuse_text(text);
        self.read(text, Wanted::Amount).0
    }

    fn read(&mut self, text: &Text, wanted: Wanted) -> (Template, Typed) {
        match Template::parse(&text.value) {
            Ok(template) => {
                let is_known = self.check_names(text, &template);
                let kind = if is_known && self.reads.is_judged {
                    self.judge(text, &template, wanted)
                } else {
                    Type::Any.into()
                };
                let is_condition = wanted == Wanted::Condition;
                let watched = if self.reads.is_watched { self.watch(text, &template, is_condition) } else { template };
                (watched, kind)
            }
            Err(error) => {
                let problem = self.reads.file.within(text, error.offset, error.length, error.message);
                self.problems.push(Problem { hint: error.hint, ..problem });
                let empty = Template::parse("").unwrap_or_else(|_| unreachable!("an empty text is a template"));
                (empty, Type::Any.into())
            }
        }
    }

    /// What a text gives; what can't be right in it is kept as problems.
    fn judge(&mut self, text: &Text, template: &Template, wanted: Wanted) -> Typed {
        let (typed, findings) = template.infer(&self.types);
        let is_sound = findings.is_empty();
        let file = self.reads.file;
        self.problems.extend(findings.into_iter().map(|finding| file.found(text, finding)));
        let of = typed.kind();
        let fits = match wanted {
            Wanted::Anything => true,
            Wanted::Condition => matches!(of, Type::Any | Type::Bool),
            Wanted::Amount => matches!(of, Type::Any | Type::Number),
            Wanted::Person => matches!(of.there(), Type::Any | Type::Text(_) | Type::Empty),
        };
        if is_sound && !fits && text.value.contains("${") {
            let given =
                if of.may_be_empty() { format!("{} eller tomt", of.indefinite()) } else { of.indefinite().to_owned() };
            let (message, hint) = match wanted {
                Wanted::Condition => (
                    format!("villkoret ger {given}, men ska ge ja eller nej"),
                    "jämför med något, till exempel ${household.members > 1}",
                ),
                Wanted::Amount => (
                    format!("beloppet är {given}, men ska vara ett tal"),
                    "skriv ett uttryck som alltid ger ett tal, till exempel ${cost.applied}",
                ),
                Wanted::Person | Wanted::Anything => {
                    (format!("radens person är {given}, men ska vara en beteckning"), "skriv till exempel ${person.id}")
                }
            };
            let problem = file.within(text, 0, text.value.trim_end().chars().count(), message);
            self.problems.push(Problem { hint: Some(hint.to_owned()), ..problem });
        }
        typed
    }

    fn watch(&mut self, text: &Text, template: &Template, is_condition: bool) -> Template {
        let (template, branches) = template.watched(is_condition);
        let file = self.reads.file;
        self.watched.extend(branches.into_iter().map(|branch| {
            let place = file.within(text, branch.offset, branch.length, text.value.trim());
            Watched { place, branch }
        }));
        template
    }

    fn refuse_text(&mut self, text: &Text) {
        if !text.value.contains("${") {
            let problem = self.reads.file.at(text, "ett uttryck ${…} väntas");
            let problem = Problem { hint: Some("skriv '${…}' kring uttrycket".to_owned()), ..problem };
            self.problems.push(problem);
        }
    }

    /// Whether every name that is used is known, with its fields.
    fn check_names(&mut self, text: &Text, template: &Template) -> bool {
        let before = self.problems.len();
        for path in template.uses() {
            let Some((name, fields)) = path.segments.split_first() else { continue };
            let Some(kind) = self.types.get(name) else {
                let hint = format!("här finns {}", self.types.names().collect::<Vec<_>>().join(", "));
                self.push(text, path.offset, name, format!("namnet ”{name}” är okänt"), hint);
                continue;
            };
            let mut kind = kind.clone();
            if let (true, Some(known)) = (["cells", "parameters"].contains(&name.as_str()), kind.fields())
                && fields.first().is_none_or(|one| !known.contains(&one.as_str()))
            {
                let hint = format!("här finns {}", known.join(", "));
                let message = match name.as_str() {
                    "cells" => "regeln har ingen sådan cell under cells",
                    _ => "regelboken har ingen sådan parameter under parameters",
                };
                self.push(text, path.offset, name, message.to_owned(), hint);
                continue;
            }
            for (index, field) in fields.iter().enumerate() {
                let Some(next) = kind.field(field) else {
                    let owner = path.segments[..=index].join(".");
                    let known = kind.fields().unwrap_or_default().join(", ");
                    let hint = if known.is_empty() {
                        "det är ett enkelt värde".to_owned()
                    } else {
                        format!("här finns {known}")
                    };
                    self.push(text, path.offset, name, format!("{owner} har inget fält ”{field}”"), hint);
                    break;
                };
                kind = next;
            }
        }
        self.problems.len() == before
    }

    fn push(&mut self, text: &Text, offset: usize, name: &str, message: String, hint: String) {
        let problem = self.reads.file.within(text, offset, name.chars().count(), message);
        self.problems.push(Problem { hint: Some(hint), ..problem });
    }
}

/// Reads a rule; all of its problems at once.
pub(crate) fn read_rule(
    reads: Reads<'_>,
    written: &RuleFile,
    values: &[NamedValue],
    laws: &BTreeMap<String, Vec<Law>>,
) -> Result<Rule, Vec<Problem>> {
    let file = reads.file;
    let mut reader = Reader::new(reads, written.for_each, values);
    let when = written.when.as_ref().map(|text| reader.condition(text));
    let cells: Vec<_> = written.cells.iter().map(|(name, text)| (name.clone(), reader.template(text))).collect();
    if !cells.is_empty() {
        let cell = |name: &String| (name.clone().into(), Type::Number);
        reader.types.add("cells", Type::record(written.cells.keys().map(cell)));
    }
    let also = written.also.as_ref().map(|text| reader.condition(text));
    let title = reader.template(&written.title);
    let line = written.line.as_ref().map(|line| LineRule {
        part: line.part,
        amount: reader.amount(&line.amount),
        person: line.person.as_ref().map(|text| reader.read(text, Wanted::Person).0),
    });
    let inputs = written.inputs.iter().map(|(name, input)| {
        (name.clone(), reader.template(&input.value), input.from.as_ref().map(|text| reader.template(text)))
    });
    let inputs = inputs.collect();
    if written.for_each != ForEach::Result {
        reader.types.add(RESULT_NAME.0, reads.names.kind(RESULT_NAME.1));
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
            explanation: written.explanation.value.trim().to_owned(),
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
        let known = parts.into_iter().map(valid).collect::<Vec<_>>().join("; ");
        let hint = format!("under laws finns den {known}: skriv den också för regelns övriga månader");
        let problem = format!("rättskällan ”{}” täcker inte hela regelns giltighet", written.law.value);
        return Err(Problem { hint: Some(hint), ..file.at(&written.law, problem) });
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
            Ok(validity) => {
                if let Some(other) = laws.iter().find(|known| known.validity.overlaps(validity)) {
                    let problem = file.at(&law.text, "två rättskällor med samma namn gäller samtidigt");
                    problems.push(twice(problem, &other.place));
                }
                let source = Source { text: law.text.value.trim().to_owned(), verified: law.verified };
                laws.push(Law { validity, place: file.at(&law.text, ""), source });
            }
        }
    }
    if problems.is_empty() { Ok(laws) } else { Err(problems) }
}
