//! A calendar month, such as the period of an application.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};

/// A calendar month, written `2025-12`. It is held by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// For people: `december 2025`.
    pub fn in_words(self) -> String {
        const NAMES: [&str; 12] = [
            "januari",
            "februari",
            "mars",
            "april",
            "maj",
            "juni",
            "juli",
            "augusti",
            "september",
            "oktober",
            "november",
            "december",
        ];
        let name = usize::try_from(self.number()).ok().and_then(|number| NAMES.get(number - 1)).copied();
        format!("{} {}", name.unwrap_or_default(), self.year())
    }

    /// A month as it is stored, for people: `2025-12`; what is no month stays as it is.
    pub fn text_in_words(text: &str) -> String {
        text.parse().map_or_else(|_| text.to_owned(), Self::in_words)
    }

    /// The month `month` (1–12) of `year`; years 1900 to 2200 are months, others are slips of the pen.
    pub fn new(year: i32, month: u32) -> Option<Self> {
        if !(1900..=2200).contains(&year) {
            return None;
        }
        NaiveDate::from_ymd_opt(year, month, 1).map(Self)
    }

    /// The month that a day is in.
    pub fn of(date: NaiveDate) -> Self {
        Self(date.with_day(1).unwrap_or(date))
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The number of the month, 1 to 12.
    pub fn number(self) -> u32 {
        self.0.month()
    }

    pub fn first_day(self) -> NaiveDate {
        self.0
    }

    pub fn last_day(self) -> NaiveDate {
        self.next().0.pred_opt().unwrap_or(self.0)
    }

    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    #[must_use]
    pub fn previous(self) -> Self {
        self.plus(-1)
    }

    /// The month `months` later, or earlier when negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        let steps = Months::new(months.unsigned_abs());
        let moved = if months < 0 { self.0.checked_sub_months(steps) } else { self.0.checked_add_months(steps) };
        Self(moved.unwrap_or(self.0))
    }

    /// How many months after `other` this one is; negative when it is before.
    pub fn since(self, other: Self) -> i32 {
        (self.year() - other.year()) * 12 + self.number().cast_signed() - other.number().cast_signed()
    }

    pub fn contains(self, date: NaiveDate) -> bool {
        Self::of(date) == self
    }

    pub fn days(self) -> u32 {
        self.last_day().day()
    }
}

impl FromStr for Month {
    type Err = String;

    /// Reads `2025-12`. The error does not repeat the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "texten är inte en månad; skriv den som 2025-12".to_owned();
        let (year, month) = text.trim().split_once('-').ok_or_else(bad)?;
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(bad());
        }
        Self::new(year.parse().map_err(|_| bad())?, month.parse().map_err(|_| bad())?).ok_or_else(bad)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().expect("a month")
    }

    #[test]
    fn the_year_turns_with_the_month() {
        assert_eq!(month("2025-12").next(), month("2026-01"));
        assert_eq!(month("2026-01").previous(), month("2025-12"));
        assert_eq!(month("2025-12").since(month("2024-01")), 23);
    }

    #[test]
    fn february_ends_on_the_29th_in_a_leap_year() {
        assert_eq!(month("2024-02").last_day().to_string(), "2024-02-29");
        assert_eq!(month("2025-02").days(), 28);
    }

    #[test]
    fn only_four_digits_a_dash_and_two_digits_are_a_month() {
        for wrong in ["2025-13", "2025-1", "25-01", "2025-12-01", "", "december 2025", "9999-01", "+025-01"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
