//! The facts as values that expressions read. What the rules group and compare by is put together here.

use std::collections::{BTreeMap, BTreeSet};

use expression::{Scope, Value, date};
use rust_decimal::Decimal;

use crate::RuleBook;
use crate::book_file::{ForEach, Per};
use crate::facts::{Facts, Income, PastMonth, Person};
use crate::guidelines::Guideline;
use crate::selection::Selection;

/// One thing that a rule is tried for.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub value: Value,
    /// Whom a line about it concerns.
    pub person: Option<String>,
}

/// The values of one application.
pub(crate) struct Values {
    pub scope: Scope,
    items: BTreeMap<ForEach, Vec<Item>>,
}

impl Values {
    pub fn of(facts: &Facts, book: &RuleBook) -> Self {
        let selection = Selection::new(facts.period, book.parameters());
        let persons: Vec<Item> = facts.persons().map(|person| person_item(person, facts, selection)).collect();
        let mut items = BTreeMap::new();
        items.insert(ForEach::Authority, authority_items(facts, book));
        items.insert(
            ForEach::Income,
            facts.incomes.iter().map(|income| income_item(income, facts, book, selection)).collect(),
        );
        items.insert(ForEach::IncomeGroup, income_groups(facts, book, selection));
        items.insert(ForEach::IncomeChange, income_changes(facts, book, selection));
        items.insert(ForEach::Cost, cost_items(facts, book));
        items.insert(ForEach::CostGroup, cost_groups(facts, book));
        items.insert(ForEach::Household, vec![Item { value: Value::UNIT, person: None }]);
        items.insert(ForEach::Result, vec![Item { value: Value::UNIT, person: None }]);
        items.insert(ForEach::Person, persons);
        let scope = scope_of(facts, book, &items, selection);
        Self { scope, items }
    }

    pub fn items(&self, for_each: ForEach) -> &[Item] {
        self.items.get(&for_each).map_or(&[], Vec::as_slice)
    }
}

fn scope_of(facts: &Facts, book: &RuleBook, items: &BTreeMap<ForEach, Vec<Item>>, selection: Selection) -> Scope {
    let list = |for_each: ForEach| {
        let values = items.get(&for_each).into_iter().flatten().map(|item| item.value.clone());
        Value::from_array(values.collect())
    };
    let persons = |of: &[Person]| {
        Value::from_array(of.iter().map(|person| person_item(person, facts, selection).value).collect())
    };
    let household = &facts.household;
    let mut scope = Scope::default();
    scope.set("date", date(facts.date));
    scope.set("period", facts.period);
    scope.set(
        "household",
        record([
            ("kind", Value::from(household.kind.word().to_owned())),
            ("community_size", Value::from(household.community_size)),
            ("members", count(household.adults.len() + household.children.len())),
            ("family", Value::from(is_family(facts, book))),
            ("adults", persons(&household.adults)),
            ("children", persons(&household.children)),
        ]),
    );
    for (name, for_each) in [
        ("persons", ForEach::Person),
        ("incomes", ForEach::Income),
        ("income_groups", ForEach::IncomeGroup),
        ("income_changes", ForEach::IncomeChange),
        ("costs", ForEach::Cost),
        ("cost_groups", ForEach::CostGroup),
        ("authorities", ForEach::Authority),
    ] {
        if book.uses(name) {
            scope.set(name, list(for_each));
        }
    }
    scope.set(
        "flags",
        record([
            ("protected_identity", Value::from(facts.protected_identity)),
            ("first_application", Value::from(facts.first_application)),
            ("interim_number", Value::from(facts.interim_number)),
        ]),
    );
    let assets = facts
        .assets
        .iter()
        .map(|asset| record([("kind", Value::from(asset.kind.clone())), ("amount", Value::from(asset.amount))]));
    scope.set("assets", Value::from_array(assets.collect()));
    scope.set("surplus_previous", or_empty(facts.surplus_previous));
    scope.set("parameters", book.parameters().value().clone());
    scope
}

/// Whether the guidelines' ceilings for families hold.
fn is_family(facts: &Facts, book: &RuleBook) -> bool {
    let two_adults = facts.household.adults.len() > 1 && book.parameters().word("family_ceiling") == "two_persons";
    two_adults || !facts.household.children.is_empty()
}

fn person_item(person: &Person, facts: &Facts, selection: Selection) -> Item {
    let first_day = facts.period.first_day();
    let age = first_day.years_since(person.born).unwrap_or(0);
    let wages = || {
        let wage = |income: &&Income| income.person == person.id && income.kind == "lön" && selection.counts(income);
        facts.incomes.iter().filter(wage)
    };
    // What an authority reports is what counts; the applicant's own figure for it is the same money.
    let reported = wages().any(|income| income.source != "applicant");
    let own_work = wages().filter(|income| !reported || income.source != "applicant");
    let value = record([
        ("id", Value::from(person.id.clone())),
        ("role", Value::from(if person.is_child { "child" } else { "adult" }.to_owned())),
        ("born", date(person.born)),
        ("age", Value::from(i64::from(age))),
        ("born_in_period", Value::from(person.born > first_day)),
        ("assistance_months_in_row", or_empty(person.assistance_months_in_row)),
        ("jobbstimulans_since", person.jobbstimulans_since.map_or(Value::UNIT, Into::into)),
        ("lunch_out", Value::from(person.lunch_out)),
        ("lunch_days", or_empty(person.lunch_days)),
        ("days_at_home", or_empty(person.days_at_home)),
        ("in_school", or_empty(person.in_school)),
        ("earned_this_year", or_empty(person.earned_this_year)),
        ("earned_before", or_empty(person.earned_before)),
        ("history", person.history.as_deref().map_or(Value::UNIT, history)),
        ("own_work", Value::from(own_work.map(|income| income.net).sum::<Decimal>())),
    ]);
    Item { value, person: Some(person.id.clone()) }
}

fn history(months: &[PastMonth]) -> Value {
    let one = |past: &PastMonth| {
        let (month, stimulus) = (Value::from(past.month), Value::from(past.stimulus));
        record([("month", month), ("result", text(past.result)), ("stimulus", stimulus)])
    };
    Value::from_array(months.iter().map(one).collect())
}

/// When an authority answered, and by which answer, in words.
fn answered(id: &str, facts: &Facts) -> Option<String> {
    let (_, reply) = facts.answers.iter().find(|(authority, _)| *authority == id)?;
    let number = reply.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    Some(format!("svar {}{number}", reply.at.format("%Y-%m-%d %H:%M")))
}

/// Who says so, and by which answer.
fn source_title(id: &str, facts: &Facts, book: &RuleBook) -> String {
    let title = book.authority_title(id);
    answered(id, facts).map_or_else(|| title.to_owned(), |answer| format!("{title}, {answer}"))
}

fn authority_items(facts: &Facts, book: &RuleBook) -> Vec<Item> {
    let one = |(id, answer): &(&'static str, &'static str)| {
        let title = Value::from(book.authority_title(id).to_owned());
        let value = record([
            ("id", text(id)),
            ("title", title),
            ("answer", text(answer)),
            ("answered", or_empty(answered(id, facts))),
        ]);
        Item { value, person: None }
    };
    facts.sources.iter().map(one).collect()
}

fn income_item(income: &Income, facts: &Facts, book: &RuleBook, selection: Selection) -> Item {
    let who = facts.persons().find(|person| person.id == income.person);
    let is_same =
        |other: &&Income| other.person == income.person && other.kind == income.kind && selection.counts(other);
    let also_reported = facts.incomes.iter().filter(is_same).any(|other| other.source != "applicant");
    let reported_by = book.reported_by(&income.kind);
    let value = record([
        ("person", Value::from(income.person.clone())),
        ("who", who.map_or(Value::UNIT, |person| person_item(person, facts, selection).value)),
        ("kind", Value::from(income.kind.clone())),
        ("net", Value::from(income.net)),
        ("gross", or_empty(income.gross)),
        ("period", income.period.map_or(Value::UNIT, Into::into)),
        ("paid", income.paid.map_or(Value::UNIT, date)),
        ("source", text(income.source)),
        ("source_title", Value::from(source_title(income.source, facts, book))),
        ("already_reduced", Value::from(income.already_reduced)),
        ("origin", or_empty(income.origin.clone())),
        ("known", Value::from(reported_by.is_some())),
        ("reportable", Value::from(also_reported || reported_by.is_some_and(|authorities| !authorities.is_empty()))),
        ("always_counted", Value::from(book.is_always_counted(&income.kind))),
        ("counted_by_guideline", Value::from(book.guidelines().counted_incomes.contains(&income.kind))),
        ("month", selection.month(income).map_or(Value::UNIT, Into::into)),
        ("use", text(selection.of(income).word())),
        ("candidate", Value::from(income.candidate)),
    ]);
    Item { value, person: Some(income.person.clone()) }
}

/// The sums of a person's incomes of one kind: what was declared, and what authorities report.
#[derive(Default)]
struct Sums {
    declared: Option<Decimal>,
    reported: Option<Decimal>,
    authorities: BTreeSet<&'static str>,
}

fn sums<'a>(incomes: impl Iterator<Item = &'a Income>) -> BTreeMap<(&'a str, &'a str), Sums> {
    let mut groups: BTreeMap<(&str, &str), Sums> = BTreeMap::new();
    for income in incomes {
        let group = groups.entry((&income.person, &income.kind)).or_default();
        let is_declared = income.source == "applicant";
        let sum = if is_declared { &mut group.declared } else { &mut group.reported };
        *sum = Some(sum.unwrap_or_default() + income.net);
        group.authorities.extend((!is_declared).then_some(income.source));
    }
    groups
}

/// Whether authorities report a kind, or have reported it this time.
fn is_reportable(kind: &str, book: &RuleBook, sums: Option<&Sums>) -> Value {
    let by_book = book.reported_by(kind).is_some_and(|authorities| !authorities.is_empty());
    Value::from(by_book || sums.is_some_and(|sums| sums.reported.is_some()))
}

fn counted<'a>(facts: &'a Facts, selection: Selection<'a>) -> impl Iterator<Item = &'a Income> {
    facts.incomes.iter().filter(move |income| selection.counts(income))
}

fn income_groups(facts: &Facts, book: &RuleBook, selection: Selection) -> Vec<Item> {
    let one = |((person, kind), sums): ((&str, &str), Sums)| {
        let value = record([
            ("person", text(person)),
            ("kind", text(kind)),
            ("reportable", is_reportable(kind, book, Some(&sums))),
            ("declared", or_empty(sums.declared)),
            ("reported", or_empty(sums.reported)),
            ("authorities", count(sums.authorities.len())),
        ]);
        Item { value, person: Some(person.to_owned()) }
    };
    sums(counted(facts, selection)).into_iter().map(one).collect()
}

fn income_changes(facts: &Facts, book: &RuleBook, selection: Selection) -> Vec<Item> {
    let Some(previous) = selection.compared(facts) else { return Vec::new() };
    let (before, now) = (sums(previous.iter()), sums(counted(facts, selection)));
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).copied().collect();
    let sum = |of: Option<&Sums>| or_empty(of.and_then(|sums| sums.reported.or(sums.declared)));
    let one = |(person, kind): (&str, &str)| {
        let value = record([
            ("person", text(person)),
            ("kind", text(kind)),
            ("reportable", is_reportable(kind, book, None)),
            ("before", sum(before.get(&(person, kind)))),
            ("now", sum(now.get(&(person, kind)))),
        ]);
        Item { value, person: Some(person.to_owned()) }
    };
    keys.into_iter().map(one).collect()
}

fn ceiling(guideline: Option<&Guideline>, facts: &Facts, book: &RuleBook) -> Option<Decimal> {
    guideline.map(|guideline| if is_family(facts, book) { guideline.family } else { guideline.single })
}

fn cost_items(facts: &Facts, book: &RuleBook) -> Vec<Item> {
    let guidelines = book.guidelines();
    let one = |cost: &crate::facts::Cost| {
        let guideline = ceiling(guidelines.of(&cost.kind, facts.period), facts, book);
        let value = record([
            ("kind", Value::from(cost.kind.clone())),
            ("applied", Value::from(cost.applied)),
            ("person", or_empty(cost.person.clone())),
            ("known", Value::from(book.knows_cost(&cost.kind))),
            ("guideline", or_empty(guideline)),
            ("guideline_source", Value::from(guidelines.source.clone())),
        ]);
        Item { value, person: cost.person.clone() }
    };
    facts.costs.iter().map(one).collect()
}

/// Costs of one kind together, so that a cost in two rows is compared with its guideline once. Where the guideline is
/// for each person and the rows name nobody, they are taken for one each, as long as there are adults enough.
fn cost_groups(facts: &Facts, book: &RuleBook) -> Vec<Item> {
    let mut groups: BTreeMap<(&str, Option<&str>, usize), Decimal> = BTreeMap::new();
    for (row, cost) in facts.costs.iter().enumerate() {
        let guideline = book.guidelines().of(&cost.kind, facts.period);
        let per_person = guideline.is_some_and(|guideline| guideline.per == Per::Person);
        let unnamed = facts.costs.iter().filter(|other| other.kind == cost.kind && other.person.is_none()).count();
        let one_each = per_person && cost.person.is_none() && unnamed <= facts.household.adults.len();
        let person = cost.person.as_deref().filter(|_| per_person);
        *groups.entry((&cost.kind, person, if one_each { row + 1 } else { 0 })).or_default() += cost.applied;
    }
    let one = |((kind, person, _), applied): ((&str, Option<&str>, usize), Decimal)| {
        let guideline = ceiling(book.guidelines().of(kind, facts.period), facts, book);
        let value = record([
            ("kind", text(kind)),
            ("person", person.map_or(Value::UNIT, text)),
            ("applied", Value::from(applied)),
            ("guideline", or_empty(guideline)),
        ]);
        Item { value, person: person.map(str::to_owned) }
    };
    groups.into_iter().map(one).collect()
}

/// A record of named values.
pub(crate) fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::from_map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}

fn count(count: usize) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(crate) fn or_empty<T: Clone + Send + Sync + 'static>(value: Option<T>) -> Value {
    value.map_or(Value::UNIT, Value::from)
}
