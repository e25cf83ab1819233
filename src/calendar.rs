//! Which days are worked in Sweden: public holidays computed by law, days that are free by custom, own closed days; and
//! on which the municipality pays.
//!
//! A pure calculation on dates: it knows neither the time of day nor what day it is today. The public holidays are
//! those of lag (1989:253) om allmänna helgdagar, as they are from 2005 on; no substitute days exist in Sweden.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Why a day is not a working day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayOff {
    /// A public holiday by law, by its Swedish name.
    PublicHoliday(&'static str),
    /// Free by custom and agreement, though not by law.
    FreeByCustom(Eve),
    /// A day the municipality has closed by its own choice, by the name it gave.
    Closed(Option<Arc<str>>),
    /// A Saturday that is nothing else.
    Saturday,
    /// A Sunday that is nothing else; by the same law each Sunday is a public holiday.
    Sunday,
}

impl DayOff {
    /// Whether the day is off only because it is a Saturday or a Sunday.
    pub fn is_weekend(&self) -> bool {
        matches!(self, Self::Saturday | Self::Sunday)
    }
}

impl fmt::Display for DayOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicHoliday(name) => name,
            Self::FreeByCustom(eve) => eve.name(),
            Self::Closed(name) => name.as_deref().unwrap_or("egen stängd dag"),
            Self::Saturday => "lördag",
            Self::Sunday => "söndag",
        })
    }
}

/// An eve that is free by custom and agreement, though not by law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Eve {
    Midsommarafton,
    Julafton,
    Nyårsafton,
}

impl Eve {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Midsommarafton, Self::Julafton, Self::Nyårsafton];

    fn name(self) -> &'static str {
        match self {
            Self::Midsommarafton => "midsommarafton",
            Self::Julafton => "julafton",
            Self::Nyårsafton => "nyårsafton",
        }
    }

    fn on(date: NaiveDate) -> Option<Self> {
        match (date.month(), date.day()) {
            (12, 24) => Some(Self::Julafton),
            (12, 31) => Some(Self::Nyårsafton),
            (6, 19..=25) if date.weekday() == Weekday::Fri => Some(Self::Midsommarafton),
            _ => None,
        }
    }
}

/// Days that the municipality has closed: `2026-05-15`, `2026-05-15 klämdag`, `2026-12-28..2026-12-30 mellandagar`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ClosedDays {
    /// The first and the last of them.
    pub days: RangeInclusive<NaiveDate>,
    /// What they are called.
    pub name: Option<Arc<str>>,
}

impl FromStr for ClosedDays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (days, name) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let (first, last) = days.split_once("..").unwrap_or((days, days));
        let date = |day: &str| day.parse::<NaiveDate>().map_err(|_| format!("\"{text}\" är inget datum"));
        let (first, last) = (date(first)?, date(last)?);
        if last < first {
            return Err(format!("{last} kommer före {first}"));
        }
        Ok(Self { days: first..=last, name: Some(name.trim()).filter(|name| !name.is_empty()).map(Into::into) })
    }
}

impl TryFrom<String> for ClosedDays {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|why| format!("{why}: skriv som 2026-05-15 klämdag eller 2026-12-28..2026-12-30"))
    }
}

/// The Swedish calendar with what a municipality adds to it; `[calendar]` in `kollega.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// The eves that are not worked: all, unless the municipality has chosen.
    pub eves: Vec<Eve>,
    /// The municipality's own closed days.
    pub closed: Vec<ClosedDays>,
    /// The day of the month on which the municipality pays; on a day off, the working day before.
    #[serde(deserialize_with = "day_of_month")]
    pub payday: Option<u32>,
    /// The days on which it pays, listed; in their months they stand in place of `payday`.
    pub paydays: Vec<NaiveDate>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { eves: Eve::ALL.to_vec(), closed: Vec::new(), payday: None, paydays: Vec::new() }
    }
}

impl Calendar {
    /// Why `date` is not worked; none for a working day. The most particular reason wins: a holiday on a Saturday
    /// is named as the holiday.
    pub fn day_off(&self, date: NaiveDate) -> Option<DayOff> {
        public_holiday(date)
            .map(DayOff::PublicHoliday)
            .or_else(|| Eve::on(date).filter(|eve| self.eves.contains(eve)).map(DayOff::FreeByCustom))
            .or_else(|| self.closed(date))
            .or_else(|| weekend(date))
    }

    fn closed(&self, date: NaiveDate) -> Option<DayOff> {
        let closed = self.closed.iter().find(|closed| closed.days.contains(&date))?;
        Some(DayOff::Closed(closed.name.clone()))
    }

    /// Whether people work on `date`.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.day_off(date).is_none()
    }

    /// The first working day after `date`.
    pub fn next_working_day(&self, date: NaiveDate) -> NaiveDate {
        let mut day = after(date);
        while !self.is_working_day(day) {
            day = after(day);
        }
        day
    }

    /// The last working day before `date`.
    pub fn previous_working_day(&self, date: NaiveDate) -> NaiveDate {
        let mut day = before(date);
        while !self.is_working_day(day) {
            day = before(day);
        }
        day
    }

    /// The working day `n` working days after `date`. With `n` = 0 it is `date` itself if it is worked, otherwise the
    /// next working day; so something due in 1 working day from a Saturday is due on Monday, as from the Friday before.
    pub fn add_working_days(&self, date: NaiveDate, n: u32) -> NaiveDate {
        if n == 0 && !self.is_working_day(date) {
            return self.next_working_day(date);
        }
        (0..n).fold(date, |day, _| self.next_working_day(day))
    }

    /// Whether any day is known on which the municipality pays.
    pub fn has_paydays(&self) -> bool {
        self.payday.is_some() || !self.paydays.is_empty()
    }

    /// The days of a month on which the municipality pays, earliest first.
    pub fn paydays_in(&self, year: i32, month: u32) -> Vec<NaiveDate> {
        let mut listed: Vec<_> =
            self.paydays.iter().copied().filter(|day| (day.year(), day.month()) == (year, month)).collect();
        if listed.is_empty() {
            return self.payday.and_then(|day| self.ruled_payday(year, month, day)).into_iter().collect();
        }
        listed.sort_unstable();
        listed.dedup();
        listed
    }

    fn ruled_payday(&self, year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        let date = (28..=day).rev().chain([day]).find_map(|day| NaiveDate::from_ymd_opt(year, month, day))?;
        Some(if self.is_working_day(date) { date } else { self.previous_working_day(date) })
    }
}

fn day_of_month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let day = Option::<u32>::deserialize(deserializer)?;
    match day {
        Some(0 | 32..) => Err(serde::de::Error::custom("payday är en dag i månaden, 1–31")),
        day => Ok(day),
    }
}

/// The Swedish name of the public holiday on `date`, Sundays that are nothing else left out.
pub fn public_holiday(date: NaiveDate) -> Option<&'static str> {
    fixed_holiday(date).or_else(|| easter_holiday(date)).or_else(|| saturday_holiday(date))
}

fn fixed_holiday(date: NaiveDate) -> Option<&'static str> {
    match (date.month(), date.day()) {
        (1, 1) => Some("nyårsdagen"),
        (1, 6) => Some("trettondedag jul"),
        (5, 1) => Some("första maj"),
        (6, 6) if date.year() >= 2005 => Some("Sveriges nationaldag"),
        (12, 25) => Some("juldagen"),
        (12, 26) => Some("annandag jul"),
        _ => None,
    }
}

fn easter_holiday(date: NaiveDate) -> Option<&'static str> {
    match date.signed_duration_since(easter_sunday(date.year())).num_days() {
        -2 => Some("långfredagen"),
        0 => Some("påskdagen"),
        1 => Some("annandag påsk"),
        39 => Some("Kristi himmelsfärdsdag"),
        49 => Some("pingstdagen"),
        _ => None,
    }
}

/// Midsummer Day is the Saturday of 20–26 June, All Saints' Day that of 31 October – 6 November.
fn saturday_holiday(date: NaiveDate) -> Option<&'static str> {
    match (date.weekday(), date.month(), date.day()) {
        (Weekday::Sat, 6, 20..=26) => Some("midsommardagen"),
        (Weekday::Sat, 10, 31) | (Weekday::Sat, 11, 1..=6) => Some("alla helgons dag"),
        _ => None,
    }
}

fn weekend(date: NaiveDate) -> Option<DayOff> {
    match date.weekday() {
        Weekday::Sat => Some(DayOff::Saturday),
        Weekday::Sun => Some(DayOff::Sunday),
        _ => None,
    }
}

/// Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher, whose letters these are.
#[expect(clippy::many_single_char_names, reason = "the letters of the published method")]
fn easter_sunday(year: i32) -> NaiveDate {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let g = (8 * b + 13).div_euclid(25);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 19 * l).div_euclid(433);
    let month = (h + l - 7 * m + 90).div_euclid(25);
    let day = (h + l - 7 * m + 33 * month + 19).rem_euclid(32);
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs()).expect("the method gives a day of spring")
}

fn after(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).expect("the date is far from the end of the calendar")
}

fn before(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(1)).expect("the date is far from the start of the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn sweden() -> Calendar {
        Calendar::default()
    }

    #[test]
    fn the_movable_days_of_2026_are_where_the_almanac_has_them() {
        for (date, name) in [
            ("2026-04-03", "långfredagen"),
            ("2026-04-05", "påskdagen"),
            ("2026-04-06", "annandag påsk"),
            ("2026-05-14", "Kristi himmelsfärdsdag"),
            ("2026-05-24", "pingstdagen"),
            ("2026-06-19", "midsommarafton"),
            ("2026-06-20", "midsommardagen"),
            ("2026-10-31", "alla helgons dag"),
        ] {
            assert_eq!(sweden().day_off(day(date)).expect(date).to_string(), name, "{date}");
        }
    }

    #[test]
    fn easter_is_right_at_its_earliest_and_latest_and_in_the_exceptional_years() {
        // 1818 and 2285 are the earliest possible, 1943 and 2038 the latest; 1954, 1981 and 2049 are the exceptions
        // that a naive Gauss formula gets wrong.
        for date in [
            "1818-03-22",
            "2285-03-22",
            "1943-04-25",
            "2038-04-25",
            "1954-04-18",
            "1981-04-19",
            "2049-04-18",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
            "2027-03-28",
            "2000-04-23",
        ] {
            assert_eq!(easter_sunday(day(date).year()), day(date));
        }
    }

    #[test]
    fn easter_is_always_a_sunday_from_22_march_to_25_april() {
        for year in 1900..=2200 {
            let easter = easter_sunday(year);
            assert_eq!(easter.weekday(), Weekday::Sun);
            assert!(
                (22..=31).contains(&easter.day()) && easter.month() == 3 || easter.day() <= 25 && easter.month() == 4
            );
        }
    }

    #[test]
    fn every_year_has_its_thirteen_holidays_and_three_free_eves() {
        for year in 2005..=2100 {
            let days = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date").iter_days();
            let days: Vec<_> = days.take_while(|date| date.year() == year).collect();
            let mut holidays: Vec<_> = days.iter().filter_map(|date| public_holiday(*date)).collect();
            // Ascension Day can fall on the first of May, and Pentecost on the National Day: one day, one name.
            holidays.extend((easter_sunday(year) + Days::new(39) == days[120 + usize::from(leap(year))]).then_some(""));
            holidays.extend((easter_sunday(year) + Days::new(49) == days[156 + usize::from(leap(year))]).then_some(""));
            assert_eq!(holidays.len(), 13, "{year}: {holidays:?}");
            assert_eq!(days.iter().filter(|date| Eve::on(**date).is_some()).count(), 3, "{year}");
        }
    }

    fn leap(year: i32) -> bool {
        NaiveDate::from_ymd_opt(year, 2, 29).is_some()
    }

    #[test]
    fn the_national_day_is_a_holiday_from_2005() {
        assert_eq!(public_holiday(day("2004-06-06")), None);
        assert_eq!(public_holiday(day("2005-06-06")), Some("Sveriges nationaldag"));
    }

    #[test]
    fn all_saints_day_can_be_the_last_of_october_or_the_sixth_of_november() {
        assert_eq!(public_holiday(day("2026-10-31")), Some("alla helgons dag"));
        assert_eq!(public_holiday(day("2027-11-06")), Some("alla helgons dag"));
        assert_eq!(public_holiday(day("2027-10-30")), None);
    }

    fn with(closed: &[&str]) -> Calendar {
        let closed = closed.iter().map(|text| text.parse().expect("closed days")).collect();
        Calendar { closed, ..Calendar::default() }
    }

    #[test]
    fn an_own_closed_day_is_not_worked_and_says_its_name() {
        let calendar = with(&["2026-05-15", "2026-12-28..2026-12-30 mellandagar"]);
        assert_eq!(calendar.day_off(day("2026-05-15")), Some(DayOff::Closed(None)));
        assert!(sweden().is_working_day(day("2026-05-15")));
        assert_eq!(calendar.next_working_day(day("2026-05-13")), day("2026-05-18"));
        assert_eq!(calendar.day_off(day("2026-12-29")).expect("closed").to_string(), "mellandagar");
        assert_eq!(calendar.next_working_day(day("2026-12-23")), day("2027-01-04"));
    }

    #[test]
    fn closed_days_that_can_not_be_are_refused() {
        for text in ["15 maj", "2026-02-30", "2026-05-15..", "2026-05-16..2026-05-15", ""] {
            assert!(text.parse::<ClosedDays>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_eve_that_is_not_chosen_is_worked() {
        let calendar = Calendar { eves: vec![Eve::Julafton], ..Calendar::default() };
        assert!(calendar.is_working_day(day("2026-06-19")) && !calendar.is_working_day(day("2026-12-24")));
    }

    #[test]
    fn the_payday_is_a_working_day_of_its_month_unless_the_month_has_its_own() {
        let paydays = vec![day("2026-12-18")];
        let calendar = Calendar { payday: Some(27), paydays, ..Calendar::default() };
        assert_eq!(calendar.paydays_in(2026, 11), [day("2026-11-27")]);
        assert_eq!(calendar.paydays_in(2026, 6), [day("2026-06-26")]);
        assert_eq!(calendar.paydays_in(2026, 12), [day("2026-12-18")]);
        let last = Calendar { payday: Some(31), ..Calendar::default() };
        assert_eq!(last.paydays_in(2027, 2), [day("2027-02-26")]);
        assert_eq!(last.paydays_in(2028, 2), [day("2028-02-29")]);
    }

    #[test]
    fn the_days_between_christmas_and_new_year_are_jumped_over() {
        assert_eq!(sweden().next_working_day(day("2026-12-23")), day("2026-12-28"));
        assert_eq!(sweden().previous_working_day(day("2026-12-28")), day("2026-12-23"));
        assert_eq!(sweden().next_working_day(day("2026-12-30")), day("2027-01-04"));
    }

    #[test]
    fn working_days_are_counted_from_the_day_after() {
        assert_eq!(sweden().add_working_days(day("2026-04-01"), 2), day("2026-04-07"));
        assert_eq!(sweden().add_working_days(day("2026-04-04"), 1), day("2026-04-07"));
        assert_eq!(sweden().add_working_days(day("2026-04-01"), 0), day("2026-04-01"));
        assert_eq!(sweden().add_working_days(day("2026-04-03"), 0), day("2026-04-07"));
    }

    #[test]
    fn an_ordinary_weekend_is_named_by_its_day() {
        assert_eq!(sweden().day_off(day("2026-11-21")), Some(DayOff::Saturday));
        assert_eq!(sweden().day_off(day("2026-11-22")), Some(DayOff::Sunday));
        assert!(DayOff::Saturday.is_weekend() && !DayOff::Closed(None).is_weekend());
    }
}
