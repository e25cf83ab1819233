//! What a schedule does on days that are not worked: skip, or move to the working day before or after.

use chrono::NaiveDate;

use super::written::OnHoliday;
use crate::calendar::{Calendar, DayOff};

/// A calendar and what becomes of the times on its days off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayRule {
    pub calendar: Calendar,
    pub on_holiday: OnHoliday,
    /// Whether an ordinary Saturday or Sunday is left alone, because the schedule asks for weekdays by name: who
    /// writes `Sat` wants Saturdays, but not Christmas Day.
    pub weekends_as_written: bool,
}

/// What becomes of the times of one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayFate {
    /// They start on their day.
    Stays,
    /// They don't start.
    Skipped(DayOff),
    /// They start at the same time of day on another date.
    Moves(DayOff, NaiveDate),
}

impl HolidayRule {
    /// What becomes of the times of `date`.
    pub fn fate(&self, date: NaiveDate) -> DayFate {
        match self.day_off(date) {
            None => DayFate::Stays,
            Some(why) => match self.on_holiday {
                OnHoliday::Skip => DayFate::Skipped(why),
                OnHoliday::PreviousWorkingDay => DayFate::Moves(why, self.calendar.previous_working_day(date)),
                OnHoliday::NextWorkingDay => DayFate::Moves(why, self.calendar.next_working_day(date)),
            },
        }
    }

    fn day_off(&self, date: NaiveDate) -> Option<DayOff> {
        self.calendar.day_off(date).filter(|why| !(self.weekends_as_written && why.is_weekend()))
    }
}
