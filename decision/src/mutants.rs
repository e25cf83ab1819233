//! The small mistakes that a rule book can have: each amount, condition, effect and validity changed, one
//! at a time.

use std::collections::BTreeMap;

use expression::{Month, Mutation, Template};
use rust_decimal::Decimal;

use crate::book_file::{BookFile, Counted, NoteFile, Part, Per, RuleFile, SettingFile, Text};
use crate::guidelines::Guideline;
use crate::validity::Validity;
use crate::yaml::File;
use crate::{Problem, RuleBook};

/// One mistake: what it is called, where it is, and how it is made.
pub(crate) struct Mutant {
    /// The rule or value, the field and the change; no other mutant of the book has the same name.
    pub name: String,
    pub place: Problem,
    pub change: Change,
}

pub(crate) enum Change {
    /// In `rulebook.yaml` as it is written.
    Written(Box<dyn Fn(&mut BookFile) + Send + Sync>),
    /// In a book that has been read: amounts and guidelines.
    Read(Box<dyn Fn(&mut RuleBook) + Send + Sync>),
}

type Of<T> = fn(&mut RuleFile) -> Option<&mut T>;

/// Every mutant of a book.
pub(crate) fn mutants(file: &File, written: &BookFile, book: &RuleBook) -> Vec<Mutant> {
    let mut maker = Maker { file, made: Vec::new(), names: BTreeMap::new() };
    maker.values(written);
    let last = book.tables().last().and_then(|table| Month::new(table.year, 12));
    for (index, rule) in written.rules.iter().enumerate() {
        maker.rule(index, rule);
        maker.validity(index, rule, last);
    }
    maker.laws(written);
    maker.kinds(written);
    maker.parameters(written);
    maker.amounts(book);
    maker.guidelines(book);
    maker.made
}

struct Maker<'a> {
    file: &'a File,
    made: Vec<Mutant>,
    names: BTreeMap<String, usize>,
}

impl Maker<'_> {
    fn add(&mut self, name: String, place: Problem, change: Change) {
        let count = self.names.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name} ({count})") };
        self.made.push(Mutant { name, place, change });
    }

    fn written(&mut self, name: String, place: Problem, change: impl Fn(&mut BookFile) + Send + Sync + 'static) {
        self.add(name, place, Change::Written(Box::new(change)));
    }

    fn read(&mut self, name: String, place: Problem, change: impl Fn(&mut RuleBook) + Send + Sync + 'static) {
        self.add(name, place, Change::Read(Box::new(change)));
    }

    /// The mutations of one text, put into place by `set`.
    fn text(
        &mut self,
        (owner, field): (&str, &str),
        text: &Text,
        is_condition: bool,
        set: impl Fn(&mut BookFile, &str) + Send + Sync + Clone + 'static,
    ) {
        let mutations = Template::parse(&text.value).map(|template| template.mutations(is_condition));
        for Mutation { offset, length, from, to, source } in mutations.unwrap_or_default() {
            let place = self.file.within(text, offset, length, "");
            let set = set.clone();
            self.written(format!("{owner} {field}: {from} → {to}"), place, move |book| set(book, &source));
        }
    }

    fn values(&mut self, written: &BookFile) {
        for (index, value) in written.values.iter().enumerate() {
            self.text((&value.name.value, "value"), &value.value, false, move |book, source| {
                source.clone_into(&mut book.values[index].value.value);
            });
        }
    }

    fn rule(&mut self, index: usize, rule: &RuleFile) {
        let id = rule.id.value.as_str();
        let place = self.file.at(&rule.id, "");
        self.written(format!("{id}: tas bort"), place.clone(), move |book| drop(book.rules.remove(index)));
        self.conditions(index, rule);
        self.cells(index, rule);
        self.line(index, rule);
        self.refer(index, rule);
        self.note(index, rule, "deny", rule.deny.as_ref(), |rule| rule.deny.as_mut(), |rule| rule.deny = None);
        self.note(index, rule, "note", rule.note.as_ref(), |rule| rule.note.as_mut(), |rule| rule.note = None);
        if rule.exclude && effects(rule) > 1 {
            self.written(format!("{id} exclude: true → false"), place, move |book| book.rules[index].exclude = false);
        }
    }

    /// A rule that begins or ends a month too early or too late; one with no end, before the last month of the tables.
    fn validity(&mut self, index: usize, rule: &RuleFile, last: Option<Month>) {
        let (id, from) = (rule.id.value.as_str(), &rule.valid.from);
        for month in beside(from) {
            let place = self.file.at(from, "");
            self.written(format!("{id} valid.from: {} → {month}", from.value), place, move |book| {
                book.rules[index].valid.from.value = month.to_string();
            });
        }
        let (before, ends) = match &rule.valid.to {
            Some(to) => (to.value.clone(), beside(to)),
            None => ("tills vidare".to_owned(), last.map(Month::previous).into_iter().collect()),
        };
        for month in ends {
            let place = self.file.at(rule.valid.to.as_ref().unwrap_or(from), "");
            self.written(format!("{id} valid.to: {before} → {month}"), place, move |book| {
                let valid = &mut book.rules[index].valid;
                let mut to = valid.from.clone();
                to.value = month.to_string();
                valid.to = Some(to);
            });
        }
    }

    /// One legal source gives way to the next a month too early or too late.
    fn laws(&mut self, written: &BookFile) {
        for (name, texts) in &written.laws {
            for (index, pair) in texts.windows(2).enumerate() {
                let (Some(to), Some(from)) = (&pair[0].to, &pair[1].from) else { continue };
                for (ends, begins) in beside(to).into_iter().zip(beside(from)) {
                    let key = name.clone();
                    let change = format!("rättskällan {name}: {} → {ends}", to.value);
                    self.written(change, self.file.at(to, ""), move |book| {
                        let Some([.., old, new]) = book.laws.get_mut(&key).and_then(|texts| texts.get_mut(..index + 2))
                        else {
                            return;
                        };
                        for (text, month) in [(&mut old.to, ends), (&mut new.from, begins)] {
                            if let Some(text) = text {
                                text.value = month.to_string();
                            }
                        }
                    });
                }
            }
        }
    }

    fn conditions(&mut self, index: usize, rule: &RuleFile) {
        let id = rule.id.value.as_str();
        let fields: [(&str, Option<&Text>, Of<Text>); 2] = [
            ("when", rule.when.as_ref(), |rule| rule.when.as_mut()),
            ("also", rule.also.as_ref(), |rule| rule.also.as_mut()),
        ];
        for (field, text, of) in fields {
            let Some(text) = text else { continue };
            self.text((id, field), text, true, move |book, source| set(of(&mut book.rules[index]), source));
            let place = self.file.at(text, "");
            self.written(format!("{id} {field}: tas bort"), place, move |book| {
                set(of(&mut book.rules[index]), "${true}");
            });
        }
    }

    fn cells(&mut self, index: usize, rule: &RuleFile) {
        for (name, text) in &rule.cells {
            let field = format!("cells.{name}");
            let key = name.clone();
            self.text((&rule.id.value, &field), text, false, move |book, source| {
                set(book.rules[index].cells.get_mut(&key), source);
            });
            for (other, instead) in rule.cells.iter().filter(|(other, _)| *other != name) {
                let (key, source) = (name.clone(), instead.value.clone());
                let name = format!("{} {field}: samma som {other}", rule.id.value);
                self.written(name, self.file.at(text, ""), move |book| {
                    set(book.rules[index].cells.get_mut(&key), &source);
                });
            }
        }
    }

    fn line(&mut self, index: usize, rule: &RuleFile) {
        let Some(line) = &rule.line else { return };
        let id = rule.id.value.as_str();
        let amount: Of<Text> = |rule| rule.line.as_mut().map(|line| &mut line.amount);
        self.text((id, "amount"), &line.amount, false, move |book, source| {
            set(amount(&mut book.rules[index]), source);
        });
        let place = self.file.at(&line.amount, "");
        if let Some(inner) = line.amount.value.trim().strip_prefix("${").and_then(|text| text.strip_suffix('}')) {
            let negative = format!("${{-({inner})}}");
            self.written(format!("{id} amount: byter tecken"), place.clone(), move |book| {
                set(amount(&mut book.rules[index]), &negative);
            });
        }
        for part in [Part::Norm, Part::Cost, Part::Income].into_iter().filter(|part| *part != line.part) {
            let name = format!("{id} part: {} → {}", word(line.part), word(part));
            self.written(name, place.clone(), move |book| {
                if let Some(line) = &mut book.rules[index].line {
                    line.part = part;
                }
            });
        }
        if let Some(person) = &line.person {
            self.written(format!("{id} person: tas bort"), self.file.at(person, ""), move |book| {
                if let Some(line) = &mut book.rules[index].line {
                    line.person = None;
                }
            });
        }
    }

    fn refer(&mut self, index: usize, rule: &RuleFile) {
        let Some(refer) = &rule.refer else { return };
        let id = rule.id.value.as_str();
        let place = self.file.at(&refer.reason, "");
        self.written(format!("{id} refer.code: {} → {}~", refer.code, refer.code), place.clone(), move |book| {
            if let Some(refer) = &mut book.rules[index].refer {
                refer.code.push('~');
            }
        });
        for (position, total) in refer.unknown.iter().enumerate() {
            let name = format!("{id} refer.unknown: {} tas bort", word(total));
            self.written(name, place.clone(), move |book| {
                if let Some(refer) = &mut book.rules[index].refer {
                    refer.unknown.remove(position);
                }
            });
        }
        if refer.conceal {
            self.written(format!("{id} refer.conceal: true → false"), place.clone(), move |book| {
                if let Some(refer) = &mut book.rules[index].refer {
                    refer.conceal = false;
                }
            });
        }
        if effects(rule) > 1 {
            self.written(format!("{id} refer: tas bort"), place, move |book| book.rules[index].refer = None);
        }
    }

    fn note(
        &mut self,
        index: usize,
        rule: &RuleFile,
        field: &str,
        note: Option<&NoteFile>,
        of: Of<NoteFile>,
        remove: fn(&mut RuleFile),
    ) {
        let Some(note) = note else { return };
        let id = rule.id.value.as_str();
        let place = self.file.at(&note.text, "");
        self.written(format!("{id} {field}.code: {} → {}~", note.code, note.code), place.clone(), move |book| {
            if let Some(note) = of(&mut book.rules[index]) {
                note.code.push('~');
            }
        });
        if effects(rule) > 1 {
            self.written(format!("{id} {field}: tas bort"), place, move |book| remove(&mut book.rules[index]));
        }
    }

    /// A kind that is not in the list is unknown; an authority that does not report a kind is not believed.
    fn kinds(&mut self, written: &BookFile) {
        for (index, kind) in written.income_kinds.iter().enumerate() {
            let counted = if kind.counted == Counted::Always { Counted::ByGuideline } else { Counted::Always };
            let place = crate::yaml::whole(&self.file.path, "");
            let name = format!("income_kinds {}: counted {} → {}", kind.kind, word(kind.counted), word(counted));
            self.written(name, place, move |book| book.income_kinds[index].counted = counted);
            for (position, authority) in kind.reported_by.iter().enumerate() {
                let name = format!("income_kinds {}: reported_by {} tas bort", kind.kind, authority.value);
                self.written(name, self.file.at(authority, ""), move |book| {
                    book.income_kinds[index].reported_by.remove(position);
                });
            }
        }
    }

    /// Every other choice, a number beside, and a list that lacks one.
    fn parameters(&mut self, written: &BookFile) {
        for (name, parameter) in &written.parameters {
            let others: Vec<(String, SettingFile)> = match &parameter.value.value {
                SettingFile::Word(word) if parameter.choices.is_empty() => {
                    let number = word.parse::<Decimal>().unwrap_or_default();
                    let beside = [number + Decimal::ONE, number - Decimal::ONE];
                    beside.map(|other| (format!("{word} → {other}"), SettingFile::Word(other.to_string()))).into()
                }
                SettingFile::Word(word) => {
                    let others = parameter.choices.keys().filter(|other| *other != word);
                    others.map(|other| (format!("{word} → {other}"), SettingFile::Word(other.clone()))).collect()
                }
                SettingFile::List(words) => {
                    let without = |gone: &String| words.iter().filter(|word| *word != gone).cloned().collect();
                    words.iter().map(|gone| (format!("{gone} tas bort"), SettingFile::List(without(gone)))).collect()
                }
            };
            for (change, setting) in others {
                let key = name.clone();
                self.written(format!("parameters {name}: {change}"), self.file.at(&parameter.value, ""), move |book| {
                    if let Some(parameter) = book.parameters.get_mut(&key) {
                        parameter.value.value.clone_from(&setting);
                    }
                });
            }
        }
    }

    fn amounts(&mut self, book: &RuleBook) {
        for (index, table) in book.tables().iter().enumerate() {
            // One that is not known may be filled in at any time: no case says that it stays unknown.
            let amounts = table.cells().filter_map(|(cell, amount)| Some((cell, amount?.amount)));
            for (cell, from) in amounts {
                let place = table.place_of(cell, String::new());
                let (key, to) = (cell.to_owned(), from + Decimal::ONE);
                self.read(format!("{} {cell}: {from} → {to}", table.year), place, move |book| {
                    book.tables_mut()[index].set(&key, Some(to));
                });
            }
        }
    }

    fn guidelines(&mut self, book: &RuleBook) {
        for (index, guideline) in book.guidelines().limits.iter().enumerate() {
            let place = guideline.place.clone();
            let name = format!("riktlinjen {}", guideline.cost);
            for step in [Decimal::ONE, Decimal::NEGATIVE_ONE] {
                let to = guideline.single + step;
                self.read(format!("{name} single: {} → {to}", guideline.single), place.clone(), move |book| {
                    book.guidelines_mut().limits[index].single = to;
                });
                let to = guideline.family + step;
                self.read(format!("{name} family: {} → {to}", guideline.family), place.clone(), move |book| {
                    book.guidelines_mut().limits[index].family = to;
                });
            }
            self.guideline_validity(index, guideline, &place, book);
            let per = if guideline.per == Per::Person { Per::Household } else { Per::Person };
            self.read(format!("{name} per: {} → {}", word(guideline.per), word(per)), place, move |book| {
                book.guidelines_mut().limits[index].per = per;
            });
        }
    }

    /// The same as of a rule. Before the first table no rule asks for a guideline.
    fn guideline_validity(&mut self, index: usize, guideline: &Guideline, place: &Problem, book: &RuleBook) {
        let Validity { from, to } = guideline.validity;
        let last = book.tables().last().and_then(|table| Month::new(table.year, 12));
        let begins = from.into_iter().flat_map(|from| [from.next(), from.previous()]);
        let ends =
            to.map_or_else(|| last.map(Month::previous).into_iter().collect(), |to| vec![to.next(), to.previous()]);
        let begins = begins.map(|month| Validity { from: Some(month), to });
        let changed = begins.chain(ends.into_iter().map(|month| Validity { from, to: Some(month) }));
        let is_known = |month: Option<Month>| month.is_none_or(|month| book.table(month).is_some());
        for validity in changed.filter(|validity| is_known(validity.from)) {
            let shown =
                |month: Option<Month>| month.map_or_else(|| "tills vidare".to_owned(), |month| month.to_string());
            let words = |validity: Validity| format!("{}–{}", shown(validity.from), shown(validity.to));
            let name =
                format!("riktlinjen {} valid: {} → {}", guideline.cost, words(guideline.validity), words(validity));
            self.read(name, place.clone(), move |book| book.guidelines_mut().limits[index].validity = validity);
        }
    }
}

/// The month after and the month before one that is written.
fn beside(month: &Text) -> Vec<Month> {
    let month = month.value.parse::<Month>();
    month.into_iter().flat_map(|month| [month.next(), month.previous()]).collect()
}

fn set(text: Option<&mut Text>, source: &str) {
    if let Some(text) = text {
        source.clone_into(&mut text.value);
    }
}

/// How many things a rule does: the last one can't be taken away from it.
fn effects(rule: &RuleFile) -> usize {
    let own = [rule.line.is_some(), rule.refer.is_some(), rule.deny.is_some(), rule.note.is_some(), rule.exclude];
    own.into_iter().filter(|is_there| *is_there).count()
}

/// A word of the file, as it is written there.
fn word(value: impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}
