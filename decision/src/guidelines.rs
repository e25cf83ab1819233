//! The municipality's own limits for reasonable costs, by date and household.

use expression::Month;
use rust_decimal::Decimal;

use crate::Problem;
use crate::book_file::{GuidelineFile, GuidelinesFile, Per, Text};
use crate::parameters::Settings;
use crate::rulebook::twice;
use crate::validity::Validity;
use crate::yaml::File;

#[derive(Debug, Clone)]
pub(crate) struct Guidelines {
    pub municipality: String,
    pub source: String,
    pub counted_incomes: Vec<String>,
    pub limits: Vec<Guideline>,
    /// What the municipality has set of the book's parameters.
    pub settings: Settings,
}

#[derive(Debug, Clone)]
pub(crate) struct Guideline {
    pub cost: String,
    /// Where it stands; no message.
    pub place: Problem,
    pub validity: Validity,
    pub per: Per,
    pub single: Decimal,
    pub family: Decimal,
}

impl Guidelines {
    /// `is_judged`: whether the amounts must be written as the documentation says.
    pub fn read(
        file: &File,
        cost_kinds: &[String],
        income_kinds: &[&str],
        is_judged: bool,
    ) -> Result<Self, Vec<Problem>> {
        let read: GuidelinesFile = file.read().map_err(|problem| vec![problem])?;
        let (limits, mut problems) = read_limits(file, &read.guidelines, cost_kinds);
        if is_judged {
            let amounts = read.guidelines.iter().flat_map(|one| [&one.ceiling.single, &one.ceiling.family]);
            problems.extend(amounts.filter_map(|amount| file.unquoted(amount)));
        }
        for kind in read.counted_incomes.iter().filter(|kind| !income_kinds.contains(&kind.value.as_str())) {
            problems.push(file.at(kind, format!("inkomsten ”{}” står inte bland income_kinds", kind.value)));
        }
        let counted_incomes = read.counted_incomes.into_iter().map(|kind| kind.value).collect();
        let (municipality, source) = (read.municipality, read.source);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self { municipality, source, counted_incomes, limits, settings: read.parameters })
    }

    /// Guidelines that allow a family less than one who is alone.
    pub fn warnings(&self) -> impl Iterator<Item = Problem> {
        self.limits.iter().filter(|limit| limit.family < limit.single).map(|limit| {
            let (cost, family, single) = (&limit.cost, limit.family.normalize(), limit.single.normalize());
            let message = format!("riktlinjen för {cost} är lägre för en familj ({family}) än för en ensam ({single})");
            let hint = "kontrollera beloppen mot kommunens beslut".to_owned();
            Problem { message, hint: Some(hint), ..limit.place.clone() }
        })
    }

    pub fn of(&self, cost: &str, period: Month) -> Option<&Guideline> {
        self.limits.iter().find(|guideline| guideline.cost == cost && guideline.validity.contains(period))
    }
}

/// The limits that are right, and what is wrong with the others.
pub(crate) fn read_limits(
    file: &File,
    written: &[GuidelineFile],
    cost_kinds: &[String],
) -> (Vec<Guideline>, Vec<Problem>) {
    let (mut limits, mut problems) = (Vec::<Guideline>::new(), Vec::new());
    for written in written {
        let validity = Validity::read(file, &written.valid.from, written.valid.to.as_ref());
        let ceilings = (amount(file, &written.ceiling.single), amount(file, &written.ceiling.family));
        let cost = written.cost.value.clone();
        if !cost_kinds.contains(&cost) {
            let problem = file.at(&written.cost, format!("kostnaden ”{cost}” står inte bland cost_kinds"));
            problems.push(Problem { hint: Some(format!("här finns {}", cost_kinds.join(", "))), ..problem });
        }
        match (validity, ceilings) {
            (Ok(validity), (Ok(single), Ok(family))) => {
                let other = limits.iter().find(|known| known.cost == cost && known.validity.overlaps(validity));
                if let Some(other) = other {
                    let problem = file.at(&written.cost, format!("två riktlinjer för {cost} gäller samtidigt"));
                    problems.push(twice(problem, &other.place));
                }
                let place = file.at(&written.cost, "");
                limits.push(Guideline { cost, place, validity, per: written.per, single, family });
            }
            (validity, (single, family)) => {
                problems.extend([validity.err(), single.err(), family.err()].into_iter().flatten());
            }
        }
    }
    (limits, problems)
}

fn amount(file: &File, text: &Text) -> Result<Decimal, Problem> {
    let amount = text.value.parse::<Decimal>().ok().filter(|amount| *amount >= Decimal::ZERO && amount.scale() <= 2);
    amount.ok_or_else(|| file.at(text, "är inte ett belopp; skriv till exempel \"9500\""))
}
