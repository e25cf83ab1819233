//! A rule book: read from its folder, checked as a whole, and then unchanging.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use expression::{Month, Template};

use crate::Problem;
use crate::amounts::Table;
use crate::book_file::{BookFile, Counted, CoverageWanted, IncomeKindFile, ValueFile};
use crate::cases::{Case, CaseReader};
use crate::content::{Content, fingerprint};
use crate::gaps::gaps;
use crate::guidelines::Guidelines;
use crate::names::{Names, names_of};
use crate::parameters::{Parameters, Setting};
use crate::places::Places;
use crate::rule::{Law, NamedValue, Reader, Reads, Rule, read_laws, read_rule};
use crate::suggestion::BookId;
use crate::yaml::{File, whole};

/// One kind of income in the book's catalogue.
#[derive(Debug, Clone)]
pub(crate) struct IncomeKind {
    pub about: String,
    pub counted: Counted,
    pub reported_by: Vec<String>,
}

/// Dated rules, amounts and guidelines. It answers by [`RuleBook::suggest`].
#[derive(Debug, Clone)]
pub struct RuleBook {
    id: BookId,
    title: String,
    coverage: CoverageWanted,
    /// As they are written in the rule book.
    defaults: Arc<Parameters>,
    /// As the municipality has chosen.
    parameters: Arc<Parameters>,
    authorities: Vec<(String, String)>,
    // Shared by the copies that cases are worked out with.
    income_kinds: Arc<BTreeMap<String, IncomeKind>>,
    cost_kinds: Arc<BTreeSet<String>>,
    values: Arc<Vec<NamedValue>>,
    places: Arc<Places>,
    rules: Arc<Vec<Rule>>,
    tables: Arc<Vec<Table>>,
    guidelines: Guidelines,
    cases: Arc<Vec<Case>>,
    content: Arc<Content>,
    /// The names that some expression uses; values that nobody reads are not made.
    used: Arc<BTreeSet<String>>,
}

/// How a rule book is read: as it is, watched (see `coverage`), or with a mistake put into it (see `mutants`).
#[derive(Default)]
pub(crate) struct Reading<'a> {
    pub is_watched: bool,
    pub change: Option<&'a dyn Fn(&mut BookFile)>,
}

impl RuleBook {
    /// Reads a rule book's folder. Everything that is wrong is reported at once.
    pub fn load(dir: &Path) -> Result<Self, Vec<Problem>> {
        Self::read(Content::of_folder(dir))
    }

    /// A rule book from its files' text, wherever they were kept. Everything that is wrong is reported at once.
    pub fn read(content: Content) -> Result<Self, Vec<Problem>> {
        Self::read_as(content, &Reading::default())
    }

    /// Reads it in another way than a suggestion needs.
    pub(crate) fn read_as(content: Content, reading: &Reading<'_>) -> Result<Self, Vec<Problem>> {
        let file = content.file("rulebook.yaml").map_err(|problem| vec![problem])?;
        let mut written: BookFile = file.read().map_err(|problem| vec![problem])?;
        if let Some(change) = reading.change {
            change(&mut written);
        }
        // A mistake that is tried out may well leave something unused; what was kept was judged when it was kept.
        let is_judged = reading.change.is_none() && !content.is_kept();
        let mut problems = Vec::new();
        let laws = kept(read_all_laws(&file, &written), &mut problems);
        let income_kinds: Vec<&str> = written.income_kinds.iter().map(|kind| kind.kind.as_str()).collect();
        // Without its parameters nothing else of the book can be judged.
        let parameters = match Parameters::read(&file, &written.parameters, &income_kinds) {
            Ok(parameters) => parameters,
            Err(more) => return Err(sorted(problems.into_iter().chain(more).collect())),
        };
        let names = Names::new(&written, &parameters);
        let reads = Reads { file: &file, names: &names, is_watched: reading.is_watched, is_judged };
        let values = kept(read_values(reads, &written.values), &mut problems);
        // A rule can only be judged by laws and values that are right themselves.
        let sound = problems.is_empty();
        let rules = if sound { kept(read_rules(reads, &written, &values, &laws), &mut problems) } else { Vec::new() };
        let (files, tables) = read_tables(&content, is_judged, &mut problems);
        let guidelines_file = content.file("guidelines.yaml").map_err(|problem| vec![problem]);
        let guidelines = guidelines_file
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|guidelines| Guidelines::read(guidelines, &written.cost_kinds, &income_kinds, is_judged));
        problems.extend(check_kinds(&file, &written));
        problems.extend(crate::identity::personal_data(&content));
        if is_judged && problems.is_empty() {
            problems.extend(unread_parameters(&file, &written, &values, &rules));
        }
        if is_judged {
            problems.extend(crate::meaning::problems(&file, &written, &tables));
        }
        if is_judged && written.coverage == CoverageWanted::Required {
            problems.extend(gaps(&rules, &tables));
        }
        let settings = match (&guidelines, &guidelines_file) {
            (Ok(guidelines), Ok(file)) => kept(parameters.read_settings(file, &guidelines.settings), &mut problems),
            _ => BTreeMap::new(),
        };
        if is_judged {
            let chosen = guidelines_file.as_ref().ok().zip(guidelines.as_ref().ok().map(|one| &one.settings));
            problems.extend(parameters.with(&settings).same_months(&file, &written.parameters, chosen));
        }
        let cases = CaseReader {
            content: &content,
            parameters: &parameters,
            cost_kinds: &written.cost_kinds,
            income_kinds: &income_kinds,
            tables: &tables,
            is_judged,
        };
        let cases = kept(cases.read(), &mut problems);
        let guidelines = match guidelines {
            Ok(guidelines) if problems.is_empty() => guidelines,
            Ok(_) => return Err(sorted(problems)),
            Err(more) => {
                problems.extend(more);
                return Err(sorted(problems));
            }
        };
        let sha256 = fingerprint([&file].into_iter().chain(guidelines_file.as_ref().ok()).chain(&files));
        let templates = values.iter().map(|value| &value.value).chain(rules.iter().flat_map(Rule::templates));
        let used =
            templates.flat_map(|template| template.uses().iter().filter_map(|path| path.segments.first().cloned()));
        let used = used.collect();
        Ok(Self {
            used: Arc::new(used),
            id: BookId { name: written.rulebook.value, version: written.version, sha256 },
            title: written.title.value,
            coverage: written.coverage,
            parameters: Arc::new(parameters.with(&settings)),
            defaults: Arc::new(parameters),
            authorities: written.authorities.into_iter().map(|one| (one.id.value, one.title.value)).collect(),
            income_kinds: Arc::new(written.income_kinds.into_iter().map(income_kind).collect()),
            cost_kinds: Arc::new(written.cost_kinds.into_iter().collect()),
            places: Arc::new(Places::new(&values)),
            values: Arc::new(values),
            rules: Arc::new(rules),
            tables: Arc::new(tables),
            guidelines,
            cases: Arc::new(cases),
            content: Arc::new(content),
        })
    }

    /// Whether a rule or condition that its cases do not reach, or a month without a rule, is an error.
    pub fn requires_coverage(&self) -> bool {
        self.coverage == CoverageWanted::Required
    }

    pub fn name(&self) -> &str {
        &self.id.name
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    pub fn version(&self) -> &str {
        &self.id.version
    }

    /// Over everything that an answer depends on: rules, amounts and guidelines, but not the cases.
    pub fn sha256(&self) -> &str {
        &self.id.sha256
    }

    /// The text of its files.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The worked cases of the book.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Amounts that are not what the published increase would make them, to be compared with the statute once more; rules
    /// that begin or end beside nothing, where that is no error; and guidelines that are lower for a family.
    pub fn warnings(&self) -> Vec<Problem> {
        let amounts = self.tables.windows(2).flat_map(|pair| pair[1].unexpected(&pair[0]));
        let gaps = if self.requires_coverage() { Vec::new() } else { gaps(&self.rules, &self.tables) };
        amounts.chain(gaps).chain(self.guidelines.warnings()).collect()
    }

    pub(crate) fn id(&self) -> &BookId {
        &self.id
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Takes other guidelines than the municipality's, and the parameters that go with them.
    pub(crate) fn choose_anew(&mut self, guidelines: Guidelines, settings: &BTreeMap<String, Setting>) {
        self.guidelines = guidelines;
        self.parameters =
            if settings.is_empty() { self.defaults.clone() } else { Arc::new(self.defaults.with(settings)) };
    }

    /// Takes the rule book's own value of a parameter; whether it is another than the municipality's.
    pub(crate) fn choose_default(&mut self, name: &str) -> bool {
        let Some(setting) = self.defaults.setting(name).cloned() else { return false };
        let is_other = self.parameters.setting(name) != Some(&setting);
        self.choose(&BTreeMap::from([(name.to_owned(), setting)]));
        is_other
    }

    /// Sets some parameters otherwise.
    pub(crate) fn choose(&mut self, settings: &BTreeMap<String, Setting>) {
        if !settings.is_empty() {
            self.parameters = Arc::new(self.parameters.with(settings));
        }
    }

    pub(crate) fn guidelines(&self) -> &Guidelines {
        &self.guidelines
    }

    pub(crate) fn uses(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    pub(crate) fn values(&self) -> &[NamedValue] {
        &self.values
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(crate) fn tables_mut(&mut self) -> &mut [Table] {
        Arc::make_mut(&mut self.tables).as_mut_slice()
    }

    pub(crate) fn guidelines_mut(&mut self) -> &mut Guidelines {
        &mut self.guidelines
    }

    pub(crate) fn table(&self, period: Month) -> Option<&Table> {
        self.tables.iter().find(|table| table.covers(period))
    }

    /// What an authority is called.
    pub(crate) fn authority_title(&self, id: &str) -> &str {
        let found = self.authorities.iter().find(|(known, _)| known == id);
        found.map_or("myndigheten", |(_, title)| title.as_str())
    }

    /// The authorities that report an income kind; nothing when the kind is unknown.
    pub(crate) fn reported_by(&self, kind: &str) -> Option<&[String]> {
        self.income_kinds.get(kind).map(|kind| kind.reported_by.as_slice())
    }

    /// Whether a kind counts without a person looking at it.
    pub(crate) fn is_always_counted(&self, kind: &str) -> bool {
        self.income_kinds.get(kind).is_some_and(|kind| kind.counted == Counted::Always)
    }

    /// All income kinds by name.
    pub(crate) fn income_kinds(&self) -> impl Iterator<Item = (&str, &IncomeKind)> {
        self.income_kinds.iter().map(|(name, kind)| (name.as_str(), kind))
    }

    pub(crate) fn authorities(&self) -> &[(String, String)] {
        &self.authorities
    }

    pub(crate) fn cost_kinds(&self) -> impl Iterator<Item = &str> {
        self.cost_kinds.iter().map(String::as_str)
    }

    pub(crate) fn knows_cost(&self, kind: &str) -> bool {
        self.cost_kinds.contains(kind)
    }
}

fn income_kind(written: IncomeKindFile) -> (String, IncomeKind) {
    let reported_by = written.reported_by.into_iter().map(|id| id.value).collect();
    (written.kind, IncomeKind { about: written.about, counted: written.counted, reported_by })
}

/// What was read, or nothing and the problems.
fn kept<T: Default>(read: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> T {
    read.unwrap_or_else(|more| {
        problems.extend(more);
        T::default()
    })
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}

fn read_all_laws(file: &File, written: &BookFile) -> Result<BTreeMap<String, Vec<Law>>, Vec<Problem>> {
    let (mut laws, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, texts) in &written.laws {
        laws.insert(name.clone(), kept(read_laws(file, texts), &mut problems));
    }
    if problems.is_empty() { Ok(laws) } else { Err(problems) }
}

/// Named values may use those above them only, so there are no circles.
fn read_values(reads: Reads<'_>, written: &[ValueFile]) -> Result<Vec<NamedValue>, Vec<Problem>> {
    let file = reads.file;
    let (mut values, mut problems) = (Vec::<NamedValue>::new(), circles(file, written));
    if !problems.is_empty() {
        return Err(problems);
    }
    for value in written {
        let (name, for_each) = (&value.name.value, value.for_each);
        let taken = names_of(for_each).iter().any(|(known, _)| known == name)
            || values.iter().any(|known| known.name == *name)
            || ["result", "cells"].contains(&name.as_str());
        if taken {
            problems.push(file.at(&value.name, format!("namnet ”{name}” är redan taget")));
        }
        let mut reader = Reader::new(reads, for_each, &values);
        let (template, kind) = reader.value(&value.value);
        problems.extend(reader.problems);
        let (name, place, watched) = (name.clone(), file.at(&value.name, ""), reader.watched);
        let title = value.title.clone();
        values.push(NamedValue { name, title, place, for_each, value: template, kind: kind.into(), watched });
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// Values that use one below them, or, through others, themselves.
fn circles(file: &File, written: &[ValueFile]) -> Vec<Problem> {
    let of_facts = |name: &str, value: &ValueFile| names_of(value.for_each).iter().any(|(known, _)| *known == name);
    let place = |name: &str| written.iter().position(|value| value.name.value == name && !of_facts(name, value));
    let uses = |index: usize| -> Vec<usize> {
        let template = Template::parse(&written[index].value.value);
        let names = template.iter().flat_map(|template| template.uses().to_vec()).collect::<Vec<_>>();
        names.iter().filter_map(|path| place(path.segments.first()?)).collect()
    };
    let reaches = |from: usize, to: usize| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(next) = open.pop() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.extend(uses(next));
            }
        }
        false
    };
    let mut problems = Vec::new();
    for index in 0..written.len() {
        for used in uses(index).into_iter().filter(|used| *used >= index) {
            let (name, other) = (&written[index].name, &written[used].name.value);
            let message = if used == index {
                format!("värdet ”{other}” använder sig självt")
            } else if reaches(used, index) {
                format!("värdena bildar en cirkel: ”{}” och ”{other}” använder varandra", name.value)
            } else {
                format!("”{}” använder ”{other}”, som står längre ned; flytta upp det", name.value)
            };
            let line = file.at(&written[used].name, "").line;
            let hint = if used == index {
                "skriv värdet av fakta eller av värden ovanför, eller ta bort det".to_owned()
            } else {
                format!("”{other}” står på rad {line}; ett värde får bara använda dem som står ovanför det")
            };
            problems.push(Problem { hint: Some(hint), ..file.at(name, message) });
        }
    }
    problems
}

fn read_rules(
    reads: Reads<'_>,
    written: &BookFile,
    values: &[NamedValue],
    laws: &BTreeMap<String, Vec<Law>>,
) -> Result<Vec<Rule>, Vec<Problem>> {
    let file = reads.file;
    let (mut rules, mut problems) = (Vec::<Rule>::new(), Vec::new());
    for rule in &written.rules {
        match read_rule(reads, rule, values, laws) {
            Err(more) => problems.extend(more),
            Ok(read) => {
                let same = |known: &&Rule| known.id == read.id && known.validity.overlaps(read.validity);
                if let Some(other) = rules.iter().find(same) {
                    let message = format!("två regler ”{}” gäller samtidigt", read.id);
                    problems.push(twice(file.at(&rule.id, message), &other.place));
                }
                rules.push(read);
            }
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// A problem with two things that are in force at once, and where the other stands.
pub(crate) fn twice(problem: Problem, other: &Problem) -> Problem {
    let line = other.line_beside(&problem);
    let hint = format!(
        "den andra står på {line}; låt den ena sluta gälla (to) månaden innan den andra börjar (from), eller ta bort den ena"
    );
    Problem { hint: Some(hint), ..problem }
}

fn unread_parameters(file: &File, written: &BookFile, values: &[NamedValue], rules: &[Rule]) -> Vec<Problem> {
    let templates = values.iter().map(|value| &value.value).chain(rules.iter().flat_map(Rule::templates));
    let paths = templates.flat_map(Template::uses).map(|path| path.segments.as_slice());
    let used = paths.filter_map(|path| match path {
        [first, name, ..] if first == "parameters" => Some(name.as_str()),
        _ => None,
    });
    Parameters::unread(file, &written.parameters, &used.collect::<Vec<_>>())
}

fn check_kinds(file: &File, written: &BookFile) -> Vec<Problem> {
    let known: BTreeSet<&str> = written.authorities.iter().map(|authority| authority.id.value.as_str()).collect();
    let mut problems = Vec::new();
    for authority in &written.authorities {
        if !crate::facts::AUTHORITIES.contains(&authority.id.value.as_str()) {
            problems
                .push(file.at(&authority.id, format!("myndigheten ”{}” finns inte i underlaget", authority.id.value)));
        }
    }
    for id in written.income_kinds.iter().flat_map(|kind| &kind.reported_by) {
        if !known.contains(id.value.as_str()) {
            problems.push(file.at(id, format!("myndigheten ”{}” står inte under authorities", id.value)));
        }
    }
    problems
}

fn read_tables(content: &Content, is_judged: bool, problems: &mut Vec<Problem>) -> (Vec<File>, Vec<Table>) {
    let (mut files, mut tables) = (Vec::new(), Vec::<Table>::new());
    for file in content.files_in("amounts") {
        let read = file.map_err(|problem| vec![problem]).and_then(|file| {
            let table = Table::read(&file, is_judged)?;
            Ok((file, table))
        });
        match read {
            Err(more) => problems.extend(more),
            Ok((file, table)) if tables.iter().any(|known| known.year == table.year) => {
                let others = tables.iter().filter(|known| known.year == table.year).map(Table::file_name);
                let message = format!("två filer har beloppen för {}", table.year);
                let hint = format!("den andra är {}; låt ett år stå i en fil", others.collect::<Vec<_>>().join(", "));
                problems.push(Problem { hint: Some(hint), ..whole(&file.path, message) });
            }
            Ok((file, table)) => {
                files.push(file);
                tables.push(table);
            }
        }
    }
    if tables.is_empty() && problems.is_empty() {
        problems.push(whole(&content.folder().join("amounts"), "det finns inga tabeller med belopp"));
    }
    tables.sort_by_key(|table| table.year);
    (files, tables)
}
