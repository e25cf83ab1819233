//! A plan as it is written: the strata of handled items, how many percent of each are drawn, and what errors do to that.

use std::path::Path;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::Deserializer;

use crate::model::{DecidedBy, HandledCase, ItemId, Purpose};
use crate::problem::Problem;
use crate::yaml::Placed;

/// The stratum of what fits in no other.
pub const REST: &str = "övriga";

/// A year's plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub plan: Placed<String>,
    pub year: Placed<i32>,
    pub purpose: Purpose,
    /// The bots whose items are drawn from; all of them where none is named.
    #[serde(default)]
    pub bots: Vec<String>,
    /// The first that fits is an item's own.
    #[serde(default)]
    pub strata: Vec<Stratum>,
    /// Percent of what fits in no stratum.
    pub rest: Placed<u32>,
    #[serde(default)]
    pub raise: Option<Placed<Raise>>,
}

/// Items that are alike, by what was suggested and decided.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    #[serde(rename = "stratum")]
    pub name: Placed<String>,
    /// Percent.
    pub rate: u32,
    /// `approve`, `deny` or `refer`.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    #[serde(default)]
    pub decided: Option<DecidedBy>,
    /// Whether the suggestion was that a person assesses it.
    #[serde(default)]
    pub referred: Option<bool>,
    #[serde(default)]
    pub bot: Option<String>,
    /// The least amount, kronor.
    #[serde(default)]
    pub amount_from: Option<Kronor>,
    /// The amount is less than this, kronor.
    #[serde(default)]
    pub amount_below: Option<Kronor>,
}

/// An outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approve,
    Deny,
    Refer,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Refer => "refer",
        }
    }
}

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kronor(pub Decimal);

impl<'de> Deserialize<'de> for Kronor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        expression::money::parse(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// What errors do to the rate of their stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// This many errors in a month, or more, raise the rate.
    pub errors: u32,
    /// How many times higher it becomes.
    pub factor: u32,
    /// Percent that it never rises above.
    pub ceiling: u32,
    /// After this many wholly assessed months in a row without an error it is as planned again.
    pub back_after: u32,
}

impl Plan {
    /// Reads a plan, or says everything that is wrong with it.
    pub fn read(file: &Path, source: &str) -> Result<Self, Vec<Problem>> {
        let plan: Self = crate::yaml::read(file, source)?;
        let mut problems = Vec::new();
        let mut wrong = |place: crate::yaml::Place, message: String, hint: &str| {
            problems.push(Problem::at(file, place.line, place.column, message).length(place.length).hint(hint));
        };
        let name = &plan.plan;
        let fits = |letter: char| letter.is_lowercase() || letter.is_ascii_digit() || letter == '-';
        if name.value.is_empty() || !name.value.chars().all(fits) {
            wrong(
                name.place,
                format!("`{}` kan inte vara en plans namn", name.value),
                "skriv små bokstäver, siffror och -",
            );
        }
        if !(2000..=2200).contains(&plan.year.value) {
            wrong(plan.year.place, format!("året {} är inget år", plan.year.value), "skriv till exempel `year: 2026`");
        }
        if plan.rest.value > 100 {
            wrong(plan.rest.place, format!("`rest: {}` är mer än alla", plan.rest.value), "skriv procent, 0 till 100");
        }
        for (index, one) in plan.strata.iter().enumerate() {
            let own = &one.name;
            if one.rate > 100 {
                wrong(own.place, format!("`rate: {}` är mer än alla", one.rate), "skriv procent, 0 till 100");
            }
            if own.value == REST || plan.strata[..index].iter().any(|known| known.name.value == own.value) {
                wrong(own.place, format!("stratumet `{}` finns redan", own.value), "ge varje stratum ett eget namn");
            }
            if own.value.contains('|') || own.value.trim().is_empty() {
                wrong(
                    own.place,
                    format!("`{}` kan inte vara ett stratums namn", own.value),
                    "skriv ett kort namn utan |",
                );
            }
            if !one.has_condition() {
                let hint = "skriv till exempel `outcome: deny` eller `decided: automatic`; allt annat hör till `rest`";
                wrong(own.place, format!("stratumet `{}` har inget villkor", own.value), hint);
            }
        }
        if let Some(raise) = &plan.raise {
            let Raise { errors, factor, ceiling, back_after } = raise.value;
            if errors == 0 || factor < 2 || ceiling > 100 || back_after == 0 {
                let hint = "errors och back_after minst 1, factor minst 2, ceiling högst 100";
                wrong(raise.place, "höjningen kan inte följas".to_owned(), hint);
            }
        }
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// What can't come to anything in a plan that is to be recorded: one that is recorded is read whatever it says.
    pub fn impossible(&self, file: &Path, today: NaiveDate) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |place: crate::yaml::Place, message: String, hint: &str| {
            problems.push(Problem::at(file, place.line, place.column, message).length(place.length).hint(hint));
        };
        if self.year.value < today.year() - 1 {
            let hint = "en plan gäller innevarande år, ett kommande, eller förra året i efterhand";
            wrong(self.year.place, format!("året {} är slut sedan länge", self.year.value), hint);
        }
        if self.planned().iter().all(|(_, percent)| *percent == 0) {
            let hint = "skriv minst en procent i något stratum eller i `rest`";
            wrong(self.plan.place, "planen drar inga ärenden alls: all andel är 0".to_owned(), hint);
        }
        let cases = self.every_kind_of_case();
        for stratum in &self.strata {
            let own = &stratum.name;
            if !cases.iter().any(|case| stratum.fits(case)) {
                let hint = "villkoren utesluter varandra: ett avslag har inget belopp, funktionen beslutar aldrig det som hänvisas";
                wrong(own.place, format!("inget ärende kan höra till stratumet `{}`", own.value), hint);
            } else if !cases.iter().any(|case| self.stratum_of(case) == own.value) {
                let hint = "ett ärende hör till det första stratum som passar: flytta upp det smalare";
                wrong(own.place, format!("stratumet `{}` blir alltid tomt: tidigare strata tar allt", own.value), hint);
            }
        }
        if let Some(raise) = &self.raise {
            let highest = self.planned().iter().map(|(_, percent)| *percent).max().unwrap_or_default();
            if raise.value.ceiling < highest {
                let message = format!("taket {} procent är lägre än en andel i planen, {highest}", raise.value.ceiling);
                wrong(raise.place, message, "skriv en `ceiling` som är minst den högsta andelen");
            }
        }
        problems
    }

    /// One case of every kind that the strata tell apart, among those that can be.
    fn every_kind_of_case(&self) -> Vec<HandledCase> {
        let strata = || self.strata.iter();
        let named = strata().filter_map(|stratum| stratum.bot.clone());
        let bots: Vec<String> =
            if self.bots.is_empty() { named.chain([String::new()]).collect() } else { self.bots.clone() };
        let limits = strata().flat_map(|stratum| [stratum.amount_from, stratum.amount_below]).flatten();
        let beside = limits.flat_map(|limit| [limit.0 - Decimal::new(1, 2), limit.0]);
        let amounts: Vec<Option<Decimal>> =
            beside.chain([Decimal::ZERO]).filter(|amount| *amount >= Decimal::ZERO).map(Some).chain([None]).collect();
        let mut cases = Vec::new();
        for outcome in [Outcome::Approve, Outcome::Deny, Outcome::Refer] {
            for decided in [DecidedBy::Automatic, DecidedBy::Person, DecidedBy::Nobody] {
                for referred in [false, true] {
                    let can_be = match decided {
                        DecidedBy::Automatic => !referred && outcome != Outcome::Refer,
                        DecidedBy::Nobody => referred == (outcome == Outcome::Refer),
                        DecidedBy::Person => true,
                    };
                    let with_amount = |amount: &&Option<Decimal>| outcome == Outcome::Approve || amount.is_none();
                    for amount in amounts.iter().filter(with_amount).filter(|_| can_be) {
                        cases.extend(bots.iter().map(|bot| HandledCase {
                            item: ItemId(String::new()),
                            attempt: 1,
                            bot: bot.clone(),
                            reference: String::new(),
                            handled_at: String::new(),
                            referred,
                            outcome: outcome.as_str().to_owned(),
                            amount: *amount,
                            decided,
                        }));
                    }
                }
            }
        }
        cases
    }

    /// The stratum of a case: the first that fits.
    pub fn stratum_of(&self, case: &HandledCase) -> &str {
        self.strata.iter().find(|stratum| stratum.fits(case)).map_or(REST, |stratum| &stratum.name.value)
    }

    /// Every stratum with its planned percent, the rest last.
    pub fn planned(&self) -> Vec<(&str, u32)> {
        let named = self.strata.iter().map(|stratum| (stratum.name.value.as_str(), stratum.rate));
        named.chain([(REST, self.rest.value)]).collect()
    }
}

impl Stratum {
    fn has_condition(&self) -> bool {
        self.outcome.is_some()
            || self.decided.is_some()
            || self.referred.is_some()
            || self.bot.is_some()
            || self.amount_from.is_some()
            || self.amount_below.is_some()
    }

    /// Whether every condition holds; an amount that is not there is in no band.
    fn fits(&self, case: &HandledCase) -> bool {
        self.outcome.is_none_or(|outcome| outcome.as_str() == case.outcome)
            && self.decided.is_none_or(|decided| decided == case.decided)
            && self.referred.is_none_or(|referred| referred == case.referred)
            && self.bot.as_ref().is_none_or(|bot| *bot == case.bot)
            && self.amount_from.is_none_or(|least| case.amount.is_some_and(|amount| amount >= least.0))
            && self.amount_below.is_none_or(|limit| case.amount.is_some_and(|amount| amount < limit.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "\
plan: bistand-2026
year: 2026
purpose: quality
strata:
  - {stratum: automatiska avslag, outcome: deny, decided: automatic, rate: 50}
  - {stratum: stora belopp, amount_from: \"15000\", rate: 30}
  - {stratum: små belopp, amount_below: \"1000\", rate: 5}
  - {stratum: hänvisade, referred: true, rate: 20}
rest: 10
raise: {errors: 1, factor: 2, ceiling: 100, back_after: 3}
";

    fn case(outcome: &str, amount: Option<&str>, decided: DecidedBy, referred: bool) -> HandledCase {
        HandledCase {
            item: ItemId("I".into()),
            attempt: 1,
            bot: "robot".into(),
            reference: "A-1".into(),
            handled_at: String::new(),
            referred,
            outcome: outcome.into(),
            amount: amount.map(|amount| amount.parse().expect("an amount")),
            decided,
        }
    }

    #[test]
    fn the_first_stratum_that_fits_is_the_cases_own() {
        let plan = Plan::read(Path::new("plan.yaml"), PLAN).expect("a plan");
        for (case, stratum) in [
            (case("deny", None, DecidedBy::Automatic, false), "automatiska avslag"),
            (case("deny", None, DecidedBy::Person, false), REST),
            (case("approve", Some("15000"), DecidedBy::Person, true), "stora belopp"),
            (case("approve", Some("14999.99"), DecidedBy::Person, true), "hänvisade"),
            (case("approve", Some("999.99"), DecidedBy::Automatic, false), "små belopp"),
            (case("approve", Some("1000"), DecidedBy::Automatic, false), REST),
            (case("refer", None, DecidedBy::Nobody, true), "hänvisade"),
        ] {
            assert_eq!(plan.stratum_of(&case), stratum, "{case:?}");
        }
        assert_eq!(plan.planned().last(), Some(&(REST, 10)));
    }

    #[test]
    fn what_is_wrong_with_a_plan_is_told_all_at_once() {
        let broken = PLAN
            .replace("bistand-2026", "Bistånd 2026")
            .replace("rate: 50", "rate: 500")
            .replace("stratum: små belopp, amount_below: \"1000\"", "stratum: stora belopp")
            .replace("factor: 2", "factor: 1")
            .replace("rest: 10", "rest: 101");
        let problems = Plan::read(Path::new("plan.yaml"), &broken).expect_err("a broken plan");
        let told: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
        let rest = problems.iter().find(|problem| problem.message.contains("rest: 101")).expect("the rest");
        assert_eq!(rest.line, 9);
        for says in ["kan inte vara en plans namn", "är mer än alla", "finns redan", "inget villkor", "kan inte följas"]
        {
            assert!(told.iter().any(|message| message.contains(says)), "{says}: {told:?}");
        }
    }

    /// Line and message of what is impossible in the plan.
    fn impossible(text: &str) -> Vec<(usize, String)> {
        let plan = Plan::read(Path::new("plan.yaml"), text).expect("a plan");
        let today = "2027-03-01".parse().expect("a date");
        plan.impossible(Path::new("plan.yaml"), today)
            .into_iter()
            .map(|problem| (problem.line, problem.message))
            .collect()
    }

    #[test]
    fn a_plan_that_can_be_followed_is_not_called_impossible() {
        assert_eq!(impossible(PLAN), []);
        assert_eq!(impossible("plan: p\nyear: 2026\npurpose: control\nrest: 1\n"), []);
        // What is left out on purpose, as long as something is drawn.
        let text = PLAN.replace("rate: 5}", "rate: 0}").replace("rest: 10", "rest: 0");
        assert_eq!(impossible(&text), []);
    }

    #[test]
    fn a_plan_that_can_not_come_to_anything_is_told_with_its_line() {
        let with = |line: &str| PLAN.replace("rest: 10", &format!("  - {line}\nrest: 10"));
        for (text, line, says) in [
            (PLAN.replace("year: 2026", "year: 2025"), 2, "året 2025 är slut"),
            ("plan: p\nyear: 2026\npurpose: control\nrest: 0\n".to_owned(), 1, "drar inga ärenden"),
            (PLAN.replace("ceiling: 100", "ceiling: 40"), 10, "taket 40 procent är lägre"),
            (with("{stratum: x, amount_from: \"20\", amount_below: \"20\", rate: 5}"), 9, "inget ärende kan höra till"),
            (with("{stratum: x, outcome: deny, amount_from: \"1\", rate: 5}"), 9, "inget ärende kan höra till"),
            (with("{stratum: x, decided: automatic, referred: true, rate: 5}"), 9, "inget ärende kan höra till"),
            (with("{stratum: x, decided: nobody, referred: true, outcome: deny, rate: 5}"), 9, "inget ärende kan höra"),
            (with("{stratum: x, referred: true, outcome: deny, rate: 5}"), 9, "blir alltid tomt"),
            (with("{stratum: x, amount_from: \"15000\", amount_below: \"90000\", rate: 5}"), 9, "blir alltid tomt"),
            (
                with("{stratum: x, bot: annan, rate: 5}").replace("strata:", "bots: [robot]\nstrata:"),
                10,
                "inget ärende kan höra till",
            ),
        ] {
            let told = impossible(&text);
            assert_eq!(told.len(), 1, "{says}: {told:?}");
            assert!(told[0].0 == line && told[0].1.contains(says), "{says}: {told:?}");
        }
    }
}
