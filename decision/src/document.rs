//! The rule book as anybody may read it: what `kollega rules doc` writes, and what a municipality hands out when
//! somebody asks how the suggestions are made. Here it is data; how it looks is the program's.

use std::collections::BTreeMap;

use expression::{Template, Words};
use serde::Serialize;
use serde_json::Value as Json;

use crate::RuleBook;
use crate::amounts::Table;
use crate::book_file::{Counted, ForEach, Part, Per, Total};
use crate::labels::words;
use crate::parameters::{Kind, Parameter};
use crate::rule::{NamedValue, Rule};
use crate::rulebook::IncomeKind;
use crate::suggestion::{Money, Source};
use crate::validity::Validity;

/// A whole rule book in words.
#[derive(Debug, Serialize)]
pub struct Document {
    pub name: String,
    pub title: String,
    pub version: String,
    pub sha256: String,
    pub municipality: String,
    pub sections: Vec<Section>,
    pub values: Vec<NamedWords>,
    pub tables: Vec<TableWords>,
    pub guidelines_source: String,
    pub guidelines: Vec<GuidelineWords>,
    pub counted_incomes: Vec<String>,
    pub parameters: Vec<ParameterWords>,
    pub authorities: Vec<String>,
    pub income_kinds: Vec<KindWords>,
    pub cost_kinds: Vec<String>,
    pub cases: Vec<CaseWords>,
}

/// Rules of the same part of the work, in the order they are tried.
#[derive(Debug, Serialize)]
pub struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub rules: Vec<RuleWords>,
}

/// One rule.
#[derive(Debug, Serialize)]
pub struct RuleWords {
    pub id: String,
    pub title: String,
    pub explanation: String,
    pub valid: String,
    /// What the rule is tried for; none: the household, once.
    pub for_each: Option<&'static str>,
    /// All of them must hold; empty: always.
    pub conditions: Vec<String>,
    /// What the rule does, a sentence each.
    pub effects: Vec<String>,
    pub laws: Vec<LawWords>,
    /// The expressions as they are written, by what they are for.
    pub written: Vec<(&'static str, String)>,
}

/// A legal source and when it is in force.
#[derive(Debug, Serialize)]
pub struct LawWords {
    pub text: String,
    pub verified: bool,
    pub valid: String,
}

/// A value of the book's own that rules use by its name.
#[derive(Debug, Serialize)]
pub struct NamedWords {
    pub name: String,
    pub title: Option<String>,
    pub for_each: Option<&'static str>,
    pub meaning: String,
    pub written: String,
}

/// A year's amounts.
#[derive(Debug, Serialize)]
pub struct TableWords {
    pub year: i32,
    pub title: String,
    pub note: Option<String>,
    pub caution: Option<String>,
    pub cells: Vec<CellWords>,
}

/// One amount; none where it is not verified.
#[derive(Debug, Serialize)]
pub struct CellWords {
    pub name: String,
    pub title: String,
    pub amount: Option<Money>,
    pub source: Option<String>,
}

/// A limit for a cost.
#[derive(Debug, Serialize)]
pub struct GuidelineWords {
    pub cost: String,
    pub per_person: bool,
    pub single: Money,
    pub family: Money,
    pub valid: String,
}

/// A choice that the law leaves open.
#[derive(Debug, Serialize)]
pub struct ParameterWords {
    pub name: String,
    pub title: String,
    pub explanation: String,
    /// What it is set to, as it is written and in words.
    pub value: String,
    pub chosen: String,
    /// What it may be set to.
    pub choices: Vec<ChoiceWords>,
}

/// One of the values that a parameter may have.
#[derive(Debug, Serialize)]
pub struct ChoiceWords {
    pub word: String,
    pub meaning: String,
    pub chosen: bool,
}

/// An income kind and who reports it.
#[derive(Debug, Serialize)]
pub struct KindWords {
    pub kind: String,
    pub about: String,
    /// Counted without a person looking at it.
    pub always_counted: bool,
    pub reported_by: Vec<String>,
}

/// A worked case and what it must give.
#[derive(Debug, Serialize)]
pub struct CaseWords {
    pub name: String,
    pub title: String,
    pub outcome: Option<String>,
    pub amount: Option<String>,
    /// Whether the facts are wrong, so that nothing is worked out.
    pub refused: bool,
    /// What else is expected, in words.
    pub expects: Vec<String>,
}

/// What a line of a suggestion says of the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutRule {
    /// `norm`, `cost` or `income`; none for a rule that makes no line.
    pub part: Option<&'static str>,
    pub explanation: String,
}

impl RuleBook {
    /// The whole book in words: every rule with its legal sources, every table, guideline, choice and case.
    pub fn document(&self) -> Document {
        Document {
            name: self.name().to_owned(),
            title: self.title().to_owned(),
            version: self.version().to_owned(),
            sha256: self.sha256().to_owned(),
            municipality: self.guidelines().municipality.clone(),
            sections: self.sections(),
            values: self.values().iter().map(|value| named(value, &self.words(&[]))).collect(),
            tables: self.tables().iter().rev().map(table).collect(),
            guidelines_source: self.guidelines().source.clone(),
            guidelines: self.guideline_words(),
            counted_incomes: self.guidelines().counted_incomes.clone(),
            parameters: self.parameters().all().map(parameter).collect(),
            authorities: self.authorities().iter().map(|(_, title)| title.clone()).collect(),
            income_kinds: self.kind_words(),
            cost_kinds: self.cost_kinds().map(ToOwned::to_owned).collect(),
            cases: self.cases().iter().map(|case| self.case_words(case)).collect(),
        }
    }

    /// What each rule is for, by its id: the explanation of the one that is valid last.
    pub fn about_rules(&self) -> BTreeMap<String, AboutRule> {
        let about = |rule: &Rule| AboutRule { part: part_of(rule), explanation: rule.explanation.clone() };
        self.rules().iter().map(|rule| (rule.id.clone(), about(rule))).collect()
    }

    fn sections(&self) -> Vec<Section> {
        const SECTIONS: [(&str, &str); 5] = [
            ("norm", "Riksnormen"),
            ("kostnader", "Skäliga kostnader utöver riksnormen"),
            ("inkomster", "Inkomster"),
            ("handlaggare", "Ärenden som en handläggare utreder"),
            ("resultat", "När allt är räknat"),
        ];
        let of = |id: &'static str| self.rules().iter().filter(move |rule| section_of(rule) == id);
        let rules = |id: &'static str| of(id).map(|rule| self.rule_words(rule)).collect();
        let section =
            |(id, title): (&'static str, &'static str)| Section { id, title, rules: with_different_titles(rules(id)) };
        SECTIONS.into_iter().map(section).filter(|section| !section.rules.is_empty()).collect()
    }

    /// What names are called: the book's own by their titles, of the facts by our words. `cells`: those of the rule that
    /// is told, by their names in it.
    pub(crate) fn words<'a>(&'a self, cells: &'a [(String, Template)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            if let Some(value) = self.values().iter().find(|value| value.name == name) {
                return value.title.clone();
            }
            match name.split_once('.') {
                Some(("cells", cell)) => {
                    let (_, cell) = cells.iter().find(|(known, _)| known == cell)?;
                    Some(format!("tabellens belopp ({})", self.cell_words(cell)))
                }
                Some(("parameters", parameter)) => self.choice_words(parameter),
                _ => words(name).or_else(|| cell_text(name)),
            }
        }
    }

    /// The cell of a table that a rule reads.
    pub(crate) fn cell_words(&self, cell: &Template) -> String {
        cell_title(&cell.readable(&self.words(&[])))
    }

    /// A choice of the municipality's; after a space also one of the words for it.
    fn choice_words(&self, name: &str) -> Option<String> {
        let (name, word) =
            name.split_once(' ').map_or((name, None), |(name, word)| (name, Some(word.trim_matches('"'))));
        let (_, parameter) = self.parameters().all().find(|(known, _)| *known == name)?;
        match word {
            None => Some(format!("kommunens val ”{}”", parameter.title)),
            Some(word) => parameter.meaning(word).map(|meaning| format!("”{meaning}”")),
        }
    }

    /// One rule in words.
    pub(crate) fn rule_words(&self, rule: &Rule) -> RuleWords {
        rule_words(rule, &self.words(&rule.cells))
    }

    fn guideline_words(&self) -> Vec<GuidelineWords> {
        let one = |guideline: &crate::guidelines::Guideline| GuidelineWords {
            cost: guideline.cost.clone(),
            per_person: guideline.per == Per::Person,
            single: guideline.single.into(),
            family: guideline.family.into(),
            valid: valid(guideline.validity),
        };
        self.guidelines().limits.iter().map(one).collect()
    }

    fn case_words(&self, case: &crate::Case) -> CaseWords {
        let expected = case.expected();
        let text = |key: &str| expected.get(key).and_then(Json::as_str).map(ToOwned::to_owned);
        CaseWords {
            name: case.name.clone(),
            title: case.title.clone(),
            outcome: text("outcome"),
            amount: text("amount"),
            refused: expected.contains_key("error"),
            expects: expected.iter().filter_map(|(key, value)| self.expects(key, value)).collect(),
        }
    }

    /// Why a case is referred, and what is noted, by the titles of the rules that do it.
    fn expects(&self, key: &str, value: &Json) -> Option<String> {
        let title = |code: &str| {
            let has = |rule: &&Rule| match key {
                "refer" => rule.refer.as_ref().is_some_and(|refer| refer.code == code),
                _ => rule.note.iter().chain(&rule.deny).any(|note| note.code == code),
            };
            let rule = self.rules().iter().find(has);
            rule.map_or_else(|| own_code(code).to_owned(), |rule| rule.title.outline(&self.words(&rule.cells)))
        };
        let mut titles: Vec<String> =
            value.as_array().into_iter().flatten().filter_map(Json::as_str).map(title).collect();
        let told = match key {
            "refer" => "lämnas över",
            "notes" => "anmärkning",
            _ => return None,
        };
        titles.dedup();
        (!titles.is_empty()).then(|| format!("{told}: {}", titles.join("; ")))
    }

    fn kind_words(&self) -> Vec<KindWords> {
        let titles = |ids: &[String]| ids.iter().map(|id| self.authority_title(id).to_owned()).collect();
        let one = |(name, kind): (&str, &IncomeKind)| KindWords {
            kind: name.to_owned(),
            about: kind.about.clone(),
            always_counted: kind.counted == Counted::Always,
            reported_by: titles(&kind.reported_by),
        };
        self.income_kinds().map(one).collect()
    }
}

fn parameter((name, parameter): (&str, &Parameter)) -> ParameterWords {
    let value = parameter.setting.shown();
    let choices = match &parameter.kind {
        Kind::Choice(choices) => {
            let one = |(word, meaning): (&String, &String)| ChoiceWords {
                word: word.clone(),
                meaning: meaning.clone(),
                chosen: *word == value,
            };
            choices.iter().map(one).collect()
        }
        Kind::Number | Kind::IncomeKinds(_) => Vec::new(),
    };
    let chosen = parameter.meaning(&value).unwrap_or(&value).to_owned();
    let (title, explanation) = (parameter.title.clone(), parameter.explanation.clone());
    ParameterWords { name: name.to_owned(), title, explanation, value, chosen, choices }
}

/// Rules that would be called the same are told apart by when they apply, or by their names.
fn with_different_titles(rules: Vec<RuleWords>) -> Vec<RuleWords> {
    let same = |one: &RuleWords, two: &RuleWords| one.title == two.title;
    let told = |rule: &RuleWords| {
        let others: Vec<&RuleWords> =
            rules.iter().filter(|other| same(rule, other) && !std::ptr::eq(*other, rule)).collect();
        if others.is_empty() {
            rule.title.clone()
        } else if others.iter().all(|other| other.valid != rule.valid) {
            format!("{} ({})", rule.title, rule.valid)
        } else {
            format!("{} ({})", rule.title, rule.id)
        }
    };
    let titles: Vec<String> = rules.iter().map(told).collect();
    rules.into_iter().zip(titles).map(|(rule, title)| RuleWords { title, ..rule }).collect()
}

fn rule_words(rule: &Rule, words: Words<'_>) -> RuleWords {
    let conditions = [&rule.when, &rule.also];
    let laws = (rule.laws.iter())
        .filter(|law| law.validity.overlaps(rule.validity))
        .map(|law| law_words(&law.source, law.validity));
    RuleWords {
        id: rule.id.clone(),
        title: rule.title.outline(words),
        explanation: rule.explanation.clone(),
        valid: valid(rule.validity),
        for_each: each(rule.for_each),
        conditions: conditions.iter().copied().flatten().flat_map(|when| when.conditions(words)).collect(),
        effects: effects(rule, words),
        laws: laws.collect(),
        written: written(rule),
    }
}

fn named(value: &NamedValue, words: Words<'_>) -> NamedWords {
    NamedWords {
        name: value.name.clone(),
        title: value.title.clone(),
        for_each: each(value.for_each),
        meaning: value.value.readable(words),
        written: value.value.source().to_owned(),
    }
}

fn part_of(rule: &Rule) -> Option<&'static str> {
    match (rule.line.as_ref().map(|line| line.part), rule.for_each) {
        (Some(Part::Norm), _) => Some("norm"),
        (Some(Part::Cost), _) => Some("cost"),
        (Some(Part::Income), _) => Some("income"),
        (None, ForEach::Income) if rule.exclude => Some("income"),
        (None, ForEach::Cost) if rule.exclude => Some("cost"),
        _ => None,
    }
}

fn section_of(rule: &Rule) -> &'static str {
    match (part_of(rule), rule.for_each) {
        (Some("norm"), _) => "norm",
        (Some("cost"), _) | (_, ForEach::Cost | ForEach::CostGroup) => "kostnader",
        (Some(_), _) | (_, ForEach::Income | ForEach::IncomeGroup | ForEach::IncomeChange) => "inkomster",
        (None, ForEach::Result) => "resultat",
        _ => "handlaggare",
    }
}

pub(crate) fn each(for_each: ForEach) -> Option<&'static str> {
    Some(match for_each {
        ForEach::Household | ForEach::Result => return None,
        ForEach::Person => "varje person i hushållet",
        ForEach::Income => "varje inkomst",
        ForEach::IncomeGroup => "varje slag av inkomst för sig",
        ForEach::IncomeChange => "varje inkomst jämförd med förra perioden",
        ForEach::Cost => "varje kostnad",
        ForEach::CostGroup => "varje slag av kostnad för sig",
        ForEach::Authority => "varje myndighet",
    })
}

fn effects(rule: &Rule, words: Words<'_>) -> Vec<String> {
    let mut effects = Vec::new();
    if let Some(line) = &rule.line {
        let amount = line.amount.readable(words);
        effects.push(match (line.part, amount.strip_prefix("minus ")) {
            (Part::Norm, _) => format!("Till riksnormen läggs {amount}."),
            (Part::Cost, _) => format!("Till behovet läggs {amount}."),
            // A line takes from the need what it says below zero.
            (Part::Income, Some(amount)) => format!("Till inkomsterna läggs {amount}."),
            (Part::Income, None) => format!("Från inkomsterna dras {amount}."),
        });
    }
    if rule.exclude {
        effects.push("Beloppet visas men räknas inte med.".to_owned());
    }
    if let Some(refer) = &rule.refer {
        effects.push(format!("Lämnas till handläggare (kod {}): ”{}”.", refer.code, refer.reason.outline(words)));
        effects.extend(unknown(&refer.unknown));
        if refer.conceal {
            effects.push("Ingenting annat av förslaget visas.".to_owned());
        }
    }
    if let Some(deny) = &rule.deny {
        effects.push(format!("Avslag föreslås: ”{}”.", deny.text.outline(words)));
    }
    if let Some(note) = &rule.note {
        effects.push(format!("Anmärkning till handläggaren: ”{}”.", note.text.outline(words)));
    }
    effects
}

fn unknown(totals: &[Total]) -> Option<String> {
    let name = |total: &Total| match total {
        Total::Norm => "riksnormen",
        Total::Need => "behovet",
        Total::Income => "inkomsterna",
        Total::Choice => "beloppet, som handläggaren väljer",
    };
    let names: Vec<&str> = totals.iter().map(name).collect();
    (!names.is_empty()).then(|| format!("Det går då inte att veta {}, så inget belopp föreslås.", names.join(" och ")))
}

fn written(rule: &Rule) -> Vec<(&'static str, String)> {
    let one = |what, template: &Template| (what, template.source().to_owned());
    let when = rule.when.iter().map(|when| one("when", when));
    let also = rule.also.iter().map(|also| one("also", also));
    let line = rule.line.iter().map(|line| one("amount", &line.amount));
    let cells = rule.cells.iter().map(|(name, cell)| ("cell", format!("{name}: {}", cell.source())));
    when.chain(cells).chain(also).chain(line).collect()
}

fn law_words(source: &Source, validity: Validity) -> LawWords {
    LawWords { text: source.text.clone(), verified: source.verified, valid: valid(validity) }
}

fn table(table: &Table) -> TableWords {
    let cell = |(name, cell): (&str, Option<&crate::amounts::Cell>)| CellWords {
        name: name.to_owned(),
        title: cell_title(name),
        amount: cell.map(|cell| cell.amount.into()),
        source: cell.map(|cell| cell.source.clone()),
    };
    let mut cells: Vec<_> = table.cells().collect();
    cells.sort_by_key(|(name, _)| cell_order(name));
    TableWords {
        year: table.year,
        title: table.title.clone(),
        note: table.note.clone(),
        caution: table.caution.clone(),
        cells: cells.into_iter().map(cell).collect(),
    }
}

/// What an amount is for; its own name where that is not known.
pub(crate) fn cell_title(name: &str) -> String {
    let years =
        |ages: &str| if ages == "0" { "under 1 år".to_owned() } else { format!("{} år", ages.replace('-', "–")) };
    match name.split_once('.') {
        Some(("adults", "single")) => "Ensam vuxen".to_owned(),
        Some(("adults", "cohabiting_pair")) => "Två sammanboende tillsammans".to_owned(),
        Some(("children", ages)) => format!("Barn {}", years(ages)),
        Some(("children_lunch_out", ages)) => format!("Barn {}, utan lunch", years(ages)),
        Some(("shared", "1")) => "Gemensamma kostnader, 1 person".to_owned(),
        Some(("shared", members)) => format!("Gemensamma kostnader, {members} personer"),
        _ if name == "prisbasbelopp" => "Prisbasbelopp".to_owned(),
        _ => name.to_owned(),
    }
}

/// A text that is the name of a cell, or what such names begin with.
fn cell_text(text: &str) -> Option<String> {
    let name = text.strip_prefix('"')?.strip_suffix('"')?;
    let title = match name {
        "children." => "Barn i åldern ".to_owned(),
        "children_lunch_out." => "Barn, utan lunch, i åldern ".to_owned(),
        "shared." => "Gemensamma kostnader, antal personer ".to_owned(),
        _ => cell_title(name),
    };
    (title != name).then(|| format!("”{title}”"))
}

/// Where a cell stands among the others: by its group, then by the first number in its name.
pub(crate) fn cell_order(name: &str) -> (usize, u32, String) {
    const GROUPS: [&str; 4] = ["adults", "children", "children_lunch_out", "shared"];
    let (group, rest) = name.split_once('.').unwrap_or((name, ""));
    let number = match rest {
        "single" => 1,
        "cohabiting_pair" => 2,
        ages => ages.split('-').next().and_then(|number| number.parse().ok()).unwrap_or_default(),
    };
    let group = GROUPS.iter().position(|known| *known == group).unwrap_or(GROUPS.len());
    (group, number, name.to_owned())
}

/// What a code is for that no rule of the book has: the program's own.
fn own_code(code: &str) -> &str {
    match code {
        "table_missing" => "Årets tabell saknas",
        "table_caution" => "Varning i årets tabell",
        "unverified_amount" => "Ett belopp är inte verifierat",
        "rule_failed" => "En regel kunde inte räknas",
        other => other,
    }
}

pub(crate) fn valid(validity: Validity) -> String {
    match (validity.from, validity.to) {
        (Some(from), Some(to)) => format!("{from} till {to}"),
        (Some(from), None) => format!("från {from}"),
        (None, Some(to)) => format!("till och med {to}"),
        (None, None) => "utan gräns".to_owned(),
    }
}
