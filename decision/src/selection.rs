//! Which of several months' incomes count: the month each belongs to, and what that month is for. The municipality's
//! parameters say which month is counted and which it is compared with; the book's rules say what comes of it.

use expression::Month;

use crate::facts::{Facts, Income};
use crate::parameters::Parameters;

/// What an income is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Counted,
    /// It is only compared with what is counted.
    Compared,
    /// Of one of the three months, but neither counted nor compared.
    Listed,
    /// Of another month than the three.
    Outside,
    /// It says nothing of its month.
    Unknown,
}

impl Use {
    pub fn word(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Compared => "compared",
            Self::Listed => "listed",
            Self::Outside => "outside",
            Self::Unknown => "unknown",
        }
    }
}

/// The months of one application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection<'a> {
    period: Month,
    counted: Month,
    compared: Month,
    attribution: &'a str,
}

impl<'a> Selection<'a> {
    pub fn new(period: Month, parameters: &'a Parameters) -> Self {
        let month = |name: &str| match parameters.word(name) {
            "control" => period.previous(),
            "comparison" => period.previous().previous(),
            _ => period,
        };
        let attribution = parameters.word("income_attribution");
        Self { period, counted: month("counted_month"), compared: month("compared_month"), attribution }
    }

    /// The month that an income belongs to.
    pub fn month(self, income: &Income) -> Option<Month> {
        let paid = income.paid.map(Month::of);
        match self.attribution {
            "paid" => paid,
            "period_only" => income.period,
            _ => income.period.or(paid),
        }
    }

    /// What an income is used for. Only candidates are chosen among; the others are there to be counted.
    pub fn of(self, income: &Income) -> Use {
        if !income.candidate {
            return Use::Counted;
        }
        let first = self.period.previous().previous();
        match self.month(income) {
            None => Use::Unknown,
            Some(month) if month == self.counted => Use::Counted,
            Some(month) if month == self.compared => Use::Compared,
            Some(month) if (first..=self.period).contains(&month) => Use::Listed,
            Some(_) => Use::Outside,
        }
    }

    pub fn counts(self, income: &Income) -> bool {
        self.of(income) == Use::Counted
    }

    /// The incomes to compare with, when there are any.
    pub fn compared(self, facts: &Facts) -> Option<Vec<Income>> {
        let chosen = facts.incomes.iter().filter(|income| self.of(income) == Use::Compared).cloned();
        let candidates = facts.incomes.iter().any(|income| income.candidate);
        match &facts.previous_incomes {
            Some(previous) => Some(previous.iter().cloned().chain(chosen).collect()),
            None => candidates.then(|| chosen.collect()),
        }
    }
}
