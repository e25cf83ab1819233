//! The facts as values that expressions read. What the rules group and compare by is put together here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use expression::{Month, Scope, Value, date};
use rust_decimal::Decimal;

use crate::RuleBook;
use crate::book_file::{ForEach, Per};
use crate::facts::{Facts, Income, PastMonth, Person, Reply};
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
    /// By kind, in the order of [`ForEach::ALL`].
    pub items: Items,
}

pub(crate) type Items = [Vec<Item>; ForEach::ALL.len()];

impl Values {
    pub fn of(facts: &Facts, book: &RuleBook) -> Self {
        let selection = Selection::new(facts.period, book.parameters());
        let persons: Vec<Item> = facts.persons().map(|person| person_item(person, facts, selection)).collect();
        let income = |income| income_item(income, &persons, facts, book, selection);
        let items = ForEach::ALL.map(|for_each| match for_each {
            ForEach::Household | ForEach::Result => vec![Item { value: Value::Null, person: None }],
            ForEach::Person => persons.clone(),
            ForEach::Income => facts.incomes.iter().map(income).collect(),
            ForEach::IncomeGroup => income_groups(facts, book, selection),
            ForEach::IncomeChange => income_changes(facts, book, selection),
            ForEach::Cost => cost_items(facts, book),
            ForEach::CostGroup => cost_groups(facts, book),
            ForEach::Authority => authority_items(facts, book),
        });
        let scope = scope_of(facts, book, &items);
        Self { scope, items }
    }
}

fn scope_of(facts: &Facts, book: &RuleBook, items: &Items) -> Scope {
    let list = |items: &[Item]| Value::from(items.iter().map(|item| item.value.clone()).collect::<Vec<_>>());
    let household = &facts.household;
    let (adults, children) = items[ForEach::Person as usize].split_at(household.adults.len());
    let mut scope = book.places().empty.clone();
    scope.set("date", date(facts.date));
    scope.set("period", facts.period);
    scope.set("application", application_title(facts));
    scope.set(
        "household",
        record([
            ("kind", Value::from(household.kind.word())),
            ("community_size", Value::from(household.community_size)),
            ("members", count(household.adults.len() + household.children.len())),
            ("family", Value::from(is_family(facts, book))),
            ("adults", list(adults)),
            ("children", list(children)),
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
            scope.set(name, list(&items[for_each as usize]));
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
    let assets =
        facts.assets.iter().map(|asset| record([("kind", text(&asset.kind)), ("amount", Value::from(asset.amount))]));
    scope.set("assets", assets.collect::<Vec<_>>());
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
        // What a child may earn is counted by the calendar year, and what was earned before is the period's year's.
        let of_year = |month: Month| month.year() == facts.period.year();
        let wage = move |income: &&Income| {
            income.person == person.id
                && income.kind == "lön"
                && selection.counts(income)
                && selection.month(income).is_none_or(of_year)
        };
        facts.incomes.iter().filter(wage)
    };
    // What an authority reports is what counts; the applicant's own figure for it is the same money.
    let reported = wages().any(|income| income.source != "applicant");
    let own_work = || wages().filter(|income| !reported || income.source != "applicant");
    let before_tax = |income: &Income| income.gross.unwrap_or(income.net);
    let value = record([
        ("id", text(&person.id)),
        ("role", Value::from(if person.is_child { "child" } else { "adult" })),
        ("born", date(person.born)),
        ("age", Value::from(i64::from(age))),
        ("born_in_period", Value::from(person.born > first_day)),
        ("assistance_months_in_row", or_empty(person.assistance_months_in_row)),
        ("jobbstimulans_since", or_empty(person.jobbstimulans_since)),
        ("lunch_out", Value::from(person.lunch_out)),
        ("lunch_days", or_empty(person.lunch_days)),
        ("days_at_home", or_empty(person.days_at_home)),
        ("in_school", or_empty(person.in_school)),
        ("earned_this_year", or_empty(person.earned_this_year)),
        ("earned_before", or_empty(person.earned_before)),
        ("history", or_empty(person.history.as_deref().map(history))),
        ("own_work", Value::from(own_work().map(|income| income.net).sum::<Decimal>())),
        ("own_work_gross", Value::from(own_work().map(before_tax).sum::<Decimal>())),
    ]);
    Item { value, person: Some(person.id.clone()) }
}

fn history(months: &[PastMonth]) -> Value {
    let one = |past: &PastMonth| {
        let (month, stimulus) = (Value::from(past.month), Value::from(past.stimulus));
        record([("month", month), ("result", text(past.result)), ("stimulus", stimulus)])
    };
    Value::from(months.iter().map(one).collect::<Vec<_>>())
}

/// When an authority answered, and by which answer, in words.
fn answered(id: &str, facts: &Facts) -> Option<String> {
    let (_, reply) = facts.answers.iter().find(|(authority, _)| *authority == id)?;
    Some(format!("svar {}", when_and_which(reply)))
}

fn when_and_which(reply: &Reply) -> String {
    let number = reply.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{}{number}", reply.at.format("%Y-%m-%d %H:%M"))
}

/// The application, with when it came in and its number.
fn application_title(facts: &Facts) -> String {
    let came = facts.application.as_ref().map(|reply| format!(", inkom {}", when_and_which(reply)));
    format!("ansökan{}", came.unwrap_or_default())
}

/// What says so, and by which answer.
fn source_title(id: &str, facts: &Facts, book: &RuleBook) -> String {
    if id == "applicant" {
        return application_title(facts);
    }
    let title = book.authority_title(id);
    answered(id, facts).map_or_else(|| title.to_owned(), |answer| format!("{title}, {answer}"))
}

fn authority_items(facts: &Facts, book: &RuleBook) -> Vec<Item> {
    let one = |(id, answer): &(&'static str, &'static str)| {
        let title = Value::from(book.authority_title(id));
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

fn income_item(income: &Income, persons: &[Item], facts: &Facts, book: &RuleBook, selection: Selection) -> Item {
    let who = persons.iter().find(|item| item.person.as_ref() == Some(&income.person));
    let is_same =
        |other: &&Income| other.person == income.person && other.kind == income.kind && selection.counts(other);
    let also_reported = facts.incomes.iter().filter(is_same).any(|other| other.source != "applicant");
    let reported_by = book.reported_by(&income.kind);
    let value = record([
        ("person", text(&income.person)),
        ("who", or_empty(who.map(|item| item.value.clone()))),
        ("kind", text(&income.kind)),
        ("net", Value::from(income.net)),
        ("gross", or_empty(income.gross)),
        ("period", or_empty(income.period)),
        ("paid", or_empty(income.paid)),
        ("source", text(income.source)),
        ("source_title", Value::from(source_title(income.source, facts, book))),
        ("already_reduced", Value::from(income.already_reduced)),
        ("origin", or_empty(income.origin.as_deref())),
        ("known", Value::from(reported_by.is_some())),
        ("reportable", Value::from(also_reported || reported_by.is_some_and(|authorities| !authorities.is_empty()))),
        ("right_source", Value::from(reported_by.is_none_or(|authorities| is_right_source(income, authorities)))),
        ("always_counted", Value::from(book.is_always_counted(&income.kind))),
        ("counted_by_guideline", Value::from(book.guidelines().counted_incomes.contains(&income.kind))),
        ("month", or_empty(selection.month(income))),
        ("use", text(selection.of(income).word())),
        ("candidate", Value::from(income.candidate)),
    ]);
    Item { value, person: Some(income.person.clone()) }
}

/// Whether the authority is one that reports the kind. Where the book names none, whoever reports it may.
fn is_right_source(income: &Income, authorities: &[String]) -> bool {
    income.source == "applicant" || authorities.is_empty() || authorities.iter().any(|id| id == income.source)
}

/// The sums of a person's incomes of one kind: what was declared, and what authorities report.
#[derive(Default)]
struct Sums<'a> {
    declared: Option<Decimal>,
    reported: Option<Decimal>,
    authorities: BTreeSet<&'static str>,
    /// What tells one payment from another, as far as the facts do.
    payments: BTreeMap<Payment<'a>, usize>,
}

type Payment<'a> = (&'static str, Decimal, Option<Month>, Option<NaiveDate>, Option<&'a str>);

fn sums<'a>(incomes: impl Iterator<Item = &'a Income>) -> BTreeMap<(&'a str, &'a str), Sums<'a>> {
    let mut groups: BTreeMap<(&str, &str), Sums<'_>> = BTreeMap::new();
    for income in incomes {
        let group = groups.entry((&income.person, &income.kind)).or_default();
        let is_declared = income.source == "applicant";
        let sum = if is_declared { &mut group.declared } else { &mut group.reported };
        *sum = Some(sum.unwrap_or_default() + income.net);
        group.authorities.extend((!is_declared).then_some(income.source));
        let payment = (income.source, income.net, income.period, income.paid, income.origin.as_deref());
        *group.payments.entry(payment).or_default() += 1;
    }
    groups
}

/// Whether authorities report a kind, or have reported it this time.
fn is_reportable(kind: &str, book: &RuleBook, sums: Option<&Sums<'_>>) -> Value {
    let by_book = book.reported_by(kind).is_some_and(|authorities| !authorities.is_empty());
    Value::from(by_book || sums.is_some_and(|sums| sums.reported.is_some()))
}

fn counted<'a>(facts: &'a Facts, selection: Selection<'a>) -> impl Iterator<Item = &'a Income> {
    facts.incomes.iter().filter(move |income| selection.counts(income))
}

fn income_groups(facts: &Facts, book: &RuleBook, selection: Selection) -> Vec<Item> {
    let one = |((person, kind), sums): ((&str, &str), Sums<'_>)| {
        let value = record([
            ("person", text(person)),
            ("kind", text(kind)),
            ("reportable", is_reportable(kind, book, Some(&sums))),
            ("declared", or_empty(sums.declared)),
            ("reported", or_empty(sums.reported)),
            ("authorities", count(sums.authorities.len())),
            ("alike", count(sums.payments.values().copied().max().unwrap_or_default())),
        ]);
        Item { value, person: Some(person.to_owned()) }
    };
    sums(counted(facts, selection)).into_iter().map(one).collect()
}

fn income_changes(facts: &Facts, book: &RuleBook, selection: Selection) -> Vec<Item> {
    let Some(previous) = selection.compared(facts) else { return Vec::new() };
    let (before, now) = (sums(previous.iter()), sums(counted(facts, selection)));
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).copied().collect();
    let sum = |of: Option<&Sums<'_>>| or_empty(of.and_then(|sums| sums.reported.or(sums.declared)));
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
            ("kind", text(&cost.kind)),
            ("applied", Value::from(cost.applied)),
            ("person", or_empty(cost.person.as_deref())),
            ("known", Value::from(book.knows_cost(&cost.kind))),
            ("guideline", or_empty(guideline)),
            ("guideline_source", text(&guidelines.source)),
        ]);
        Item { value, person: cost.person.clone() }
    };
    facts.costs.iter().map(one).collect()
}

/// Costs of one kind together, so that a cost in two rows is compared with its guideline once. Where the guideline is
/// for each person and the rows name nobody, they are taken for one each, as long as there are adults enough.
fn cost_groups(facts: &Facts, book: &RuleBook) -> Vec<Item> {
    type Rows<'a> = BTreeMap<(Decimal, Option<&'a str>), usize>;
    let mut groups: BTreeMap<(&str, Option<&str>, usize), (Decimal, Rows<'_>)> = BTreeMap::new();
    for (row, cost) in facts.costs.iter().enumerate() {
        let guideline = book.guidelines().of(&cost.kind, facts.period);
        let per_person = guideline.is_some_and(|guideline| guideline.per == Per::Person);
        let unnamed = facts.costs.iter().filter(|other| other.kind == cost.kind && other.person.is_none()).count();
        let one_each = per_person && cost.person.is_none() && unnamed <= facts.household.adults.len();
        let person = cost.person.as_deref().filter(|_| per_person);
        let (applied, rows) = groups.entry((&cost.kind, person, if one_each { row + 1 } else { 0 })).or_default();
        *applied += cost.applied;
        *rows.entry((cost.applied, cost.person.as_deref())).or_default() += 1;
    }
    let one = |((kind, person, _), (applied, rows)): ((&str, Option<&str>, usize), (Decimal, Rows<'_>))| {
        let guideline = ceiling(book.guidelines().of(kind, facts.period), facts, book);
        let value = record([
            ("kind", text(kind)),
            ("person", or_empty(person)),
            ("applied", Value::from(applied)),
            ("guideline", or_empty(guideline)),
            ("alike", count(rows.values().copied().max().unwrap_or_default())),
        ]);
        Item { value, person: person.map(str::to_owned) }
    };
    groups.into_iter().map(one).collect()
}

/// A record of named values.
pub(crate) fn record<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::record(fields)
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn count(count: usize) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(crate) fn or_empty<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}
