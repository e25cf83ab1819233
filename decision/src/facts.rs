//! The facts of an application, read strictly from JSON. What can't be right is an error here; what is right but can't
//! be decided by rules is the rule book's to refer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate};
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
    pub interim_number: bool,
    /// Incomes of the period before, to compare with; nothing when they were not given.
    pub previous_incomes: Option<Vec<Income>>,
    pub surplus_previous: Option<Decimal>,
    pub assets: Vec<Asset>,
    /// When and by which answer the authorities replied, where that is known.
    pub answers: Vec<(&'static str, Reply)>,
    /// When the application came in and its number, where that is known.
    pub application: Option<Reply>,
}

/// An authority's answer or the application, so that an amount can be followed back to it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub at: DateTime<FixedOffset>,
    pub id: Option<String>,
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
    /// How many days a week a child eats lunch outside the home; nothing when only `lunch_out` says.
    pub lunch_days: Option<i64>,
    pub days_at_home: Option<i64>,
    pub in_school: Option<bool>,
    pub earned_this_year: Option<Decimal>,
    /// What was earned in the year before the period.
    pub earned_before: Option<Decimal>,
    /// Earlier months of an adult, in order; nothing when they were not given.
    pub history: Option<Vec<PastMonth>>,
}

/// What became of one earlier month.
#[derive(Debug, Clone)]
pub(crate) struct PastMonth {
    pub month: Month,
    pub result: &'static str,
    /// Whether jobbstimulans lowered a wage that month.
    pub stimulus: bool,
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
    /// One of several months' incomes, among which the rule book chooses.
    pub candidate: bool,
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
    "answers",
    "application",
    "candidate_incomes",
];

impl Facts {
    /// Reads and checks the facts of `ekonomiskt-bistand`.
    pub fn read(json: &Json) -> Result<Self> {
        let root = Place::root(json).record(FACT_NAMES)?;
        let period = root.required("period")?.month()?;
        let flags = root.required("flags")?.record(&["protected_identity", "first_application", "interim_number"])?;
        let facts = Self {
            date: root.required("date")?.date()?,
            period,
            household: read_household(&root.required("household")?, period)?,
            incomes: read_incomes(&root)?,
            costs: read_list(&root.required("costs")?, read_cost)?,
            sources: read_sources(&root)?,
            protected_identity: flags.required("protected_identity")?.yes_or_no()?,
            first_application: flags.required("first_application")?.yes_or_no()?,
            interim_number: flags.optional("interim_number").map_or(Ok(false), |place| place.yes_or_no())?,
            previous_incomes: root
                .optional("previous_incomes")
                .map(|list| read_list(&list, read_income))
                .transpose()?,
            surplus_previous: root.optional("surplus_previous").map(|place| place.money()).transpose()?,
            assets: root.optional("assets").map_or_else(|| Ok(Vec::new()), |place| read_assets(&place))?,
            answers: read_answers(&root)?,
            application: root.optional("application").map(|place| read_reply(&place)).transpose()?,
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
        let rows = |candidate: bool| {
            let rows = self.incomes.iter().filter(move |income| income.candidate == candidate);
            rows.map(|income| Some(&income.person)).enumerate()
        };
        let candidates = rows(true).map(|(index, person)| ("candidate_incomes", index, person));
        let previous = self.previous_incomes.iter().flatten().map(|income| Some(&income.person)).enumerate();
        let costs = self.costs.iter().map(|cost| cost.person.as_ref()).enumerate();
        let named = rows(false).map(|(index, person)| ("incomes", index, person)).chain(candidates);
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
        adults: record
            .required("adults")?
            .list()?
            .iter()
            .map(|place| read_adult(place, period))
            .collect::<Result<_>>()?,
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

fn read_adult(place: &Place, period: Month) -> Result<Person> {
    let record = place.record(&[
        "id",
        "born",
        "assistance_months_in_row",
        "jobbstimulans_since",
        "earned_this_year",
        "earned_before",
        "history",
    ])?;
    let months = record.optional("assistance_months_in_row").map(|place| place.whole_number(0, 1200)).transpose()?;
    let since = record.optional("jobbstimulans_since").map(|place| place.month()).transpose()?;
    let mut person = read_person(&record, false)?;
    person.assistance_months_in_row = months;
    person.jobbstimulans_since = since;
    person.history = record.optional("history").map(|place| read_history(&place, period)).transpose()?;
    Ok(person)
}

fn read_child(place: &Place) -> Result<Person> {
    let record = place.record(&[
        "id",
        "born",
        "lunch_out",
        "days_at_home",
        "in_school",
        "earned_this_year",
        "earned_before",
        "lunch_days",
    ])?;
    let mut person = read_person(&record, true)?;
    person.lunch_out = record.optional("lunch_out").map_or(Ok(false), |place| place.yes_or_no())?;
    person.lunch_days = record.optional("lunch_days").map(|place| place.whole_number(0, 7)).transpose()?;
    person.days_at_home = record.optional("days_at_home").map(|place| place.whole_number(0, 31)).transpose()?;
    person.in_school = record.optional("in_school").map(|place| place.yes_or_no()).transpose()?;
    Ok(person)
}

fn read_person(record: &Record, is_child: bool) -> Result<Person> {
    let money = |field: &'static str| record.optional(field).map(|place| place.money()).transpose();
    let (earned_this_year, earned_before) = (money("earned_this_year")?, money("earned_before")?);
    if earned_before.zip(earned_this_year).is_some_and(|(before, year)| before > year) {
        return Err(FactsError::wrong(record.path_of("earned_before"), "är mer än hela årets earned_this_year"));
    }
    Ok(Person {
        id: record.required("id")?.text()?,
        is_child,
        born: record.required("born")?.date()?,
        assistance_months_in_row: None,
        jobbstimulans_since: None,
        lunch_out: false,
        lunch_days: None,
        days_at_home: None,
        in_school: None,
        earned_this_year,
        earned_before,
        history: None,
    })
}

/// The words for what became of a month.
const RESULTS: [(&str, &str); 3] = [("support", "support"), ("denied", "denied"), ("none", "none")];
/// More months than this do not change an answer.
const LONGEST_HISTORY: usize = 120;

fn read_history(place: &Place, period: Month) -> Result<Vec<PastMonth>> {
    let mut months = BTreeMap::new();
    let rows = place.list()?;
    if rows.len() > LONGEST_HISTORY {
        return Err(FactsError::wrong(place.path(), format!("listan är längre än {LONGEST_HISTORY} månader")));
    }
    for row in rows {
        let record = row.record(&["month", "result", "stimulus"])?;
        let past = PastMonth {
            month: record.required("month")?.month()?,
            result: record.required("result")?.one_of(&RESULTS)?,
            stimulus: record.optional("stimulus").map_or(Ok(false), |place| place.yes_or_no())?,
        };
        if past.month >= period {
            return Err(FactsError::wrong(record.path_of("month"), "månaden är inte före perioden"));
        }
        if past.stimulus && past.result != "support" {
            return Err(FactsError::wrong(record.path_of("stimulus"), "utan bistånd har ingen lön minskats"));
        }
        if months.insert(past.month, past).is_some() {
            return Err(FactsError::wrong(record.path_of("month"), "månaden står två gånger"));
        }
    }
    Ok(months.into_values().collect())
}

/// The incomes to be counted, and those among which the rule book chooses.
fn read_incomes(root: &Record) -> Result<Vec<Income>> {
    let mut incomes = read_list(&root.required("incomes")?, read_income)?;
    if let Some(candidates) = root.optional("candidate_incomes") {
        let candidates = read_list(&candidates, read_income)?.into_iter();
        incomes.extend(candidates.map(|income| Income { candidate: true, ..income }));
    }
    Ok(incomes)
}

fn read_answers(root: &Record) -> Result<Vec<(&'static str, Reply)>> {
    let Some(place) = root.optional("answers") else { return Ok(Vec::new()) };
    let record = place.record(&AUTHORITIES)?;
    let mut answers = Vec::new();
    for authority in AUTHORITIES {
        if let Some(place) = record.optional(authority) {
            answers.push((authority, read_reply(&place)?));
        }
    }
    Ok(answers)
}

fn read_reply(place: &Place) -> Result<Reply> {
    let record = place.record(&["at", "id"])?;
    let id = record.optional("id").map(|place| place.text()).transpose()?;
    Ok(Reply { at: record.required("at")?.time()?, id })
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
        candidate: false,
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
