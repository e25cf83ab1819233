//! Facts to measure with: the book's own cases, each changed by a seeded generator, so that no two are alike and every
//! run has the same. They hold no identity numbers.

use decision::RuleBook;
use serde_json::{Value as Json, json};

/// A small generator of numbers (splitmix64): the same seed gives the same facts on every machine.
struct Seeded(u64);

impl Seeded {
    /// A number from 0, below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let end = u64::try_from(choices.len()).unwrap_or(1);
        choices[usize::try_from(self.below(end)).unwrap_or(0)]
    }

    fn amount(&mut self, from: u64, to: u64) -> Json {
        let kronor = from + self.below(to - from);
        if self.one_in(4) { json!(format!("{kronor}.{:02}", self.below(100))) } else { json!(kronor.to_string()) }
    }
}

/// Facts without end that the book has a suggestion for: first its cases as they are, then cases that are varied.
pub struct Generated<'a> {
    book: &'a RuleBook,
    cases: Vec<&'a Json>,
    next: usize,
    seeded: Seeded,
}

impl<'a> Generated<'a> {
    pub fn new(book: &'a RuleBook, seed: u64) -> Self {
        let facts = book.cases().iter().map(|case| &case.facts);
        let cases = facts.filter(|facts| book.suggest(facts).is_ok()).collect();
        Self { book, cases, next: 0, seeded: Seeded(seed) }
    }
}

impl Iterator for Generated<'_> {
    type Item = Json;

    fn next(&mut self) -> Option<Json> {
        loop {
            let case = self.cases[self.next % self.cases.len()];
            let facts = if self.next < self.cases.len() { case.clone() } else { varied(case, &mut self.seeded) };
            self.next += 1;
            if self.book.suggest(&facts).is_ok() {
                return Some(facts);
            }
        }
    }
}

/// Facts like those of a case: another household, other amounts, further incomes and costs.
fn varied(case: &Json, seeded: &mut Seeded) -> Json {
    let mut facts = case.clone();
    let kind = facts["household"]["kind"].clone();
    for person in persons(&mut facts, "adults") {
        person["born"] =
            json!(format!("{}-{:02}-{:02}", 1955 + seeded.below(48), 1 + seeded.below(12), 1 + seeded.below(28)));
    }
    if kind != "shared" && seeded.one_in(2) {
        let year = facts["period"].as_str().and_then(|period| period[..4].parse::<u64>().ok()).unwrap_or(2025);
        let child = |place: u64, seeded: &mut Seeded| {
            let (month, day) = (1 + seeded.below(12), 1 + seeded.below(28));
            json!({"id": format!("b{}", place + 1), "born": format!("{}-{month:02}-{day:02}", year - 1 - seeded.below(17)),
                "lunch_out": seeded.one_in(2), "in_school": true})
        };
        let count = 1 + seeded.below(4);
        facts["household"]["children"] = (0..count).map(|place| child(place, seeded)).collect();
        keep_to_household(&mut facts);
    }
    for income in rows(&mut facts, "incomes") {
        income["net"] = seeded.amount(200, 12_000);
    }
    for cost in rows(&mut facts, "costs") {
        cost["applied"] = seeded.amount(50, 500);
    }
    more_incomes(&mut facts, seeded);
    more_costs(&mut facts, seeded);
    facts
}

fn persons<'f>(facts: &'f mut Json, list: &str) -> impl Iterator<Item = &'f mut Json> {
    facts["household"][list].as_array_mut().into_iter().flatten()
}

fn rows<'f>(facts: &'f mut Json, list: &str) -> impl Iterator<Item = &'f mut Json> {
    facts[list].as_array_mut().into_iter().flatten()
}

/// Takes away the rows of persons that are no longer there.
fn keep_to_household(facts: &mut Json) {
    let known: Vec<Json> = ["adults", "children"]
        .iter()
        .flat_map(|list| facts["household"][list].as_array().into_iter().flatten())
        .map(|person| person["id"].clone())
        .collect();
    for list in ["incomes", "previous_incomes", "costs"] {
        if let Some(rows) = facts.get_mut(list).and_then(Json::as_array_mut) {
            rows.retain(|row| row["person"].is_null() || known.contains(&row["person"]));
        }
    }
}

fn more_incomes(facts: &mut Json, seeded: &mut Seeded) {
    const KINDS: [(&str, &str); 6] = [
        ("lön", "applicant"),
        ("aktivitetsstöd", "fk"),
        ("bostadsbidrag", "fk"),
        ("barnbidrag", "fk"),
        ("studiebidrag", "csn"),
        ("a-kassa", "so"),
    ];
    let period = facts["period"].clone();
    let day = json!(format!("{}-{:02}", period.as_str().unwrap_or("2025-12"), 1 + seeded.below(28)));
    let person = facts["household"]["adults"][0]["id"].clone();
    for _ in 0..seeded.below(3) {
        let (kind, source) = seeded.one_of(&KINDS);
        let net = seeded.amount(200, 9_000);
        let income =
            json!({"person": person, "kind": kind, "net": net, "period": period, "paid": day, "source": source});
        facts["incomes"].as_array_mut().into_iter().for_each(|rows| rows.push(income.clone()));
    }
}

fn more_costs(facts: &mut Json, seeded: &mut Seeded) {
    const KINDS: [(&str, u64, u64); 6] = [
        ("hyra", 4_000, 10_500),
        ("el", 200, 950),
        ("hemförsäkring", 90, 200),
        ("bredband", 200, 400),
        ("fackavgift", 100, 300),
        ("arbetsresor", 300, 900),
    ];
    for (kind, from, to) in KINDS {
        let there = facts["costs"].as_array().is_some_and(|rows| rows.iter().any(|row| row["kind"] == kind));
        if !there && seeded.one_in(2) {
            let cost = json!({"kind": kind, "applied": seeded.amount(from, to)});
            facts["costs"].as_array_mut().into_iter().for_each(|rows| rows.push(cost.clone()));
        }
    }
}
