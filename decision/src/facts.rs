//! The facts of an application, read strictly from JSON. What can't be right is an error here; what is right but can't
//! be decided by rules is the rule book's to refer.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use expression::Month;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::facts_reader::{FactsError, Place, Record};

type Result<T> = std::result::Result<T, FactsError>;

#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub date: NaiveDate,
    pub period: Month,
    pub household: Household,
    pub incomes: Vec<Income>,
    pub costs: Vec<Cost>,
    /// The answer of each authority; one that is left out was not asked.
    pub sources: Vec<(&'static str, &'static str)>,
    pub protected_identity: bool,
    pub first_application: bool,
    /// Incomes of the period before, to compare with; nothing when they were not given.
    pub previous_incomes: Option<Vec<Income>>,
    pub surplus_previous: Option<Decimal>,
    pub assets: Vec<Asset>,
}

#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub kind: Kind,
    pub community_size: i64,
    pub adults: Vec<Person>,
    pub children: Vec<Person>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    Couple,
    Shared,
}

impl Kind {
    const WORDS: [(&'static str, Self); 3] =
        [("single", Self::Single), ("couple", Self::Couple), ("shared", Self::Shared)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Couple => "couple",
            Self::Shared => "shared",
        }
    }
}

/// An adult or a child; the fields of the other are left empty.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub id: String,
    pub is_child: bool,
    pub born: NaiveDate,
    pub assistance_months_in_row: Option<i64>,
    pub jobbstimulans_since: Option<Month>,
    pub lunch_out: bool,
    pub days_at_home: Option<i64>,
    pub in_school: Option<bool>,
    pub earned_this_year: Option<Decimal>,
}

#[derive(Debug, Clone)]
pub(crate) struct Income {
    pub person: String,
    pub kind: String,
    pub net: Decimal,
    pub gross: Option<Decimal>,
    pub period: Option<Month>,
    pub paid: Option<NaiveDate>,
    pub source: &'static str,
    pub already_reduced: bool,
    pub origin: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Cost {
    pub kind: String,
    pub applied: Decimal,
    pub person: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub kind: String,
    pub amount: Decimal,
}

/// The authorities whose answers count.
pub(crate) const AUTHORITIES: [&str; 5] = ["fk", "af", "csn", "skv", "so"];

const INCOME_SOURCES: [(&str, &str); 6] =
    [("applicant", "applicant"), ("fk", "fk"), ("af", "af"), ("csn", "csn"), ("skv", "skv"), ("so", "so")];

const ANSWERS: [(&str, &str); 5] =
    [("ok", "ok"), ("partial", "partial"), ("error", "error"), ("timeout", "timeout"), ("not_asked", "not_asked")];

/// What may stand at the top of the facts of `ekonomiskt-bistand`.
pub const FACT_NAMES: &[&str] = &[
    "date",
    "period",
    "household",
    "incomes",
    "costs",
    "sources",
    "flags",
    "previous_incomes",
    "surplus_previous",
    "assets",
];

impl Facts {
    /// Reads and checks the facts of `ekonomiskt-bistand`.
    pub fn read(json: &Json) -> Result<Self> {
        let root = Place::root(json).record(FACT_NAMES)?;
        let period = root.required("period")?.month()?;
        let flags = root.required("flags")?.record(&["protected_identity", "first_application"])?;
        let facts = Self {
            date: root.required("date")?.date()?,
            period,
            household: read_household(&root.required("household")?, period)?,
            incomes: read_list(&root.required("incomes")?, read_income)?,
            costs: read_list(&root.required("costs")?, read_cost)?,
            sources: read_sources(&root)?,
            protected_identity: flags.required("protected_identity")?.yes_or_no()?,
            first_application: flags.required("first_application")?.yes_or_no()?,
            previous_incomes: root
                .optional("previous_incomes")
                .map(|list| read_list(&list, read_income))
                .transpose()?,
            surplus_previous: root.optional("surplus_previous").map(|place| place.money()).transpose()?,
            assets: root.optional("assets").map_or_else(|| Ok(Vec::new()), |place| read_assets(&place))?,
        };
        facts.check_references()?;
        Ok(facts)
    }

    /// Everybody in the household, adults first.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.household.adults.iter().chain(&self.household.children)
    }

    fn check_references(&self) -> Result<()> {
        let known: BTreeSet<&str> = self.persons().map(|person| person.id.as_str()).collect();
        let incomes = self.incomes.iter().map(|income| Some(&income.person)).enumerate();
        let previous = self.previous_incomes.iter().flatten().map(|income| Some(&income.person)).enumerate();
        let costs = self.costs.iter().map(|cost| cost.person.as_ref()).enumerate();
        let named = incomes.map(|(index, person)| ("incomes", index, person));
        let named = named.chain(previous.map(|(index, person)| ("previous_incomes", index, person)));
        for (list, index, person) in named.chain(costs.map(|(index, person)| ("costs", index, person))) {
            if person.is_some_and(|person| !known.contains(person.as_str())) {
                return Err(FactsError::wrong(format!("{list}[{index}].person"), "personen finns inte i hushållet"));
            }
        }
        Ok(())
    }
}

fn read_list<T>(place: &Place, read: fn(&Place) -> Result<T>) -> Result<Vec<T>> {
    place.list()?.iter().map(read).collect()
}

fn read_household(place: &Place, period: Month) -> Result<Household> {
    let record = place.record(&["kind", "community_size", "adults", "children"])?;
    let household = Household {
        kind: record.required("kind")?.one_of(&Kind::WORDS)?,
        community_size: record.required("community_size")?.whole_number(1, 50)?,
        adults: read_list(&record.required("adults")?, read_adult)?,
        children: read_list(&record.required("children")?, read_child)?,
    };
    check_size(&household, &record)?;
    check_persons(&household, &record, period)?;
    Ok(household)
}

/// The kind, the number of adults and the size of the community must be able to stand together.
fn check_size(household: &Household, record: &Record) -> Result<()> {
    let (kind, adults) = (household.kind, household.adults.len());
    let wanted = if kind == Kind::Couple { 2 } else { 1 };
    if adults != wanted {
        let problem = format!("{} ska ha {wanted} vuxna, men här är {adults}", kind.word());
        return Err(FactsError::wrong(record.path_of("adults"), problem));
    }
    let alone = household.community_size == 1;
    let problem = match kind {
        Kind::Shared if alone => "shared är ett gemensamt boende med minst 2 personer",
        Kind::Single if !alone && household.children.is_empty() => {
            "single ska ha community_size 1; annars är kind shared"
        }
        _ => return Ok(()),
    };
    Err(FactsError::wrong(record.path_of("community_size"), problem))
}

fn check_persons(household: &Household, record: &Record, period: Month) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (list, persons) in [("adults", &household.adults), ("children", &household.children)] {
        for (index, person) in persons.iter().enumerate() {
            let field = |name: &str| record.path_of(&format!("{list}[{index}].{name}"));
            if !seen.insert(person.id.as_str()) {
                return Err(FactsError::wrong(field("id"), "samma id används för flera personer"));
            }
            if person.born > period.last_day() {
                return Err(FactsError::wrong(field("born"), "personen är född efter perioden"));
            }
        }
    }
    Ok(())
}

fn read_adult(place: &Place) -> Result<Person> {
    let record =
        place.record(&["id", "born", "assistance_months_in_row", "jobbstimulans_since", "earned_this_year"])?;
    let months = record.optional("assistance_months_in_row").map(|place| place.whole_number(0, 1200)).transpose()?;
    let since = record.optional("jobbstimulans_since").map(|place| place.month()).transpose()?;
    let mut person = read_person(&record, false)?;
    person.assistance_months_in_row = months;
    person.jobbstimulans_since = since;
    Ok(person)
}

fn read_child(place: &Place) -> Result<Person> {
    let record = place.record(&["id", "born", "lunch_out", "days_at_home", "in_school", "earned_this_year"])?;
    let mut person = read_person(&record, true)?;
    person.lunch_out = record.optional("lunch_out").map_or(Ok(false), |place| place.yes_or_no())?;
    person.days_at_home = record.optional("days_at_home").map(|place| place.whole_number(0, 31)).transpose()?;
    person.in_school = record.optional("in_school").map(|place| place.yes_or_no()).transpose()?;
    Ok(person)
}

fn read_person(record: &Record, is_child: bool) -> Result<Person> {
    Ok(Person {
        id: record.required("id")?.text()?,
        is_child,
        born: record.required("born")?.date()?,
        assistance_months_in_row: None,
        jobbstimulans_since: None,
        lunch_out: false,
        days_at_home: None,
        in_school: None,
        earned_this_year: record.optional("earned_this_year").map(|place| place.money()).transpose()?,
    })
}

fn read_income(place: &Place) -> Result<Income> {
    let record =
        place.record(&["person", "kind", "net", "gross", "period", "paid", "source", "already_reduced", "origin"])?;
    Ok(Income {
        person: record.required("person")?.text()?,
        kind: record.required("kind")?.text()?,
        net: record.required("net")?.money()?,
        gross: record.optional("gross").map(|place| place.money()).transpose()?,
        period: record.optional("period").map(|place| place.month()).transpose()?,
        paid: record.optional("paid").map(|place| place.date()).transpose()?,
        source: record.required("source")?.one_of(&INCOME_SOURCES)?,
        already_reduced: record.optional("already_reduced").map_or(Ok(false), |place| place.yes_or_no())?,
        origin: record.optional("origin").map(|place| place.text()).transpose()?,
    })
}

fn read_cost(place: &Place) -> Result<Cost> {
    let record = place.record(&["kind", "applied", "person"])?;
    Ok(Cost {
        kind: record.required("kind")?.text()?,
        applied: record.required("applied")?.money()?,
        person: record.optional("person").map(|place| place.text()).transpose()?,
    })
}

/// A list of assets, or their sum.
fn read_assets(place: &Place) -> Result<Vec<Asset>> {
    if place.is_text() {
        return Ok(vec![Asset { kind: "tillgångar".to_owned(), amount: place.money()? }]);
    }
    read_list(place, read_asset)
}

fn read_asset(place: &Place) -> Result<Asset> {
    let record = place.record(&["kind", "amount", "person"])?;
    Ok(Asset { kind: record.required("kind")?.text()?, amount: record.required("amount")?.money()? })
}

fn read_sources(root: &Record) -> Result<Vec<(&'static str, &'static str)>> {
    let Some(place) = root.optional("sources") else {
        return Ok(AUTHORITIES.iter().map(|authority| (*authority, "not_asked")).collect());
    };
    let record = place.record(&AUTHORITIES)?;
    let answer = |authority: &'static str| {
        let answer = record.optional(authority).map_or(Ok("not_asked"), |place| place.one_of(&ANSWERS))?;
        Ok((authority, answer))
    };
    AUTHORITIES.into_iter().map(answer).collect()
}
