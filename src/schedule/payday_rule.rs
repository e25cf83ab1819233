//! Which days a schedule means that goes by the municipality's paydays.

use chrono::{Datelike, Months, NaiveDate};

use crate::calendar::Calendar;

/// A day counted in working days from a payday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaydayRule {
    /// So many working days before; 0 is the payday.
    Before(u32),
    /// So many working days after.
    After(u32),
}

impl PaydayRule {
    /// The payday that `date` is counted from, if it is one of the days meant.
    pub fn payday_of(self, date: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        let first = date.with_day(1)?;
        let back = (0..=2).rev().filter_map(|months| first.checked_sub_months(Months::new(months)));
        let ahead = (1..=2).filter_map(|months| first.checked_add_months(Months::new(months)));
        let mut paydays = back.chain(ahead).flat_map(|month| calendar.paydays_in(month.year(), month.month()));
        paydays.find(|payday| self.counted_from(*payday, calendar) == date)
    }

    fn counted_from(self, payday: NaiveDate, calendar: &Calendar) -> NaiveDate {
        match self {
            Self::Before(days) => (0..days).fold(payday, |day, _| calendar.previous_working_day(day)),
            Self::After(days) => (0..days).fold(payday, |day, _| calendar.next_working_day(day)),
        }
    }
}
