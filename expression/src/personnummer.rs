//! Swedish identity numbers: personnummer, samordningsnummer and the interim numbers of case-management systems.
//!
//! It reads what is written and says what it is; whether an interim number may be used somewhere is the caller's
//! decision. A number never prints itself: `Display` and `Debug` are masked, [`Personnummer::text`] is not.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// The letters that stand in interim numbers.
const INTERIM_LETTERS: &str = "PTRSUWXJKLMN";

/// An identity number with its century, as twelve characters without separator.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Personnummer(String);

impl Personnummer {
    /// Reads a number written with its century: `198502031234`, `19850203-1234`, `19090527+1474`, `19880209T050`.
    ///
    /// Ten digits are refused, because their century depends on the day; see [`Personnummer::parse_on`]. A number with
    /// a wrong check digit is read, and [`Personnummer::is_valid`] says no.
    pub fn parse(text: &str) -> Result<Self, String> {
        let compact = without_spaces(text);
        let characters: Vec<char> = compact.chars().collect();
        if characters.len() < 12 {
            let why = "skriv det med tolv siffror; utan århundrade går det inte att tyda säkert";
            return Err(format!("texten är inte ett personnummer: {why}"));
        }
        let (birth, rest) = characters.split_at(8);
        let last = match rest {
            ['-' | '+', last @ ..] if last.len() == 4 => last,
            last if last.len() == 4 || (last.len() == 5 && is_interim_letter(last[0])) => last,
            _ => return Err(not_a_number()),
        };
        Self::from_parts(birth, last)
    }

    /// Reads a number with or without its century; `today` decides the century of `850203-1234` and `090527+1474`.
    pub fn parse_on(text: &str, today: NaiveDate) -> Result<Self, String> {
        let compact = without_spaces(text);
        let characters: Vec<char> = compact.chars().collect();
        let (short, last, old) = match characters.as_slice() {
            [short @ .., '-', a, b, c, d] if short.len() == 6 => (short, [*a, *b, *c, *d], false),
            [short @ .., '+', a, b, c, d] if short.len() == 6 => (short, [*a, *b, *c, *d], true),
            [short @ .., a, b, c, d] if short.len() == 6 => (short, [*a, *b, *c, *d], false),
            _ => return Self::parse(text),
        };
        let short: String = short.iter().collect();
        let birth: Vec<char> = format!("{}{short}", century(&short, today, old)?).chars().collect();
        Self::from_parts(&birth, &last)
    }

    fn from_parts(birth: &[char], last: &[char]) -> Result<Self, String> {
        let letters = last.iter().filter(|c| is_interim_letter(**c)).count();
        let known = birth.iter().all(char::is_ascii_digit)
            && last.iter().all(|c| c.is_ascii_digit() || is_interim_letter(*c))
            && letters <= 1
            && (last.len() == 4 || letters == 1);
        known.then(|| Self(birth.iter().chain(last).collect())).ok_or_else(not_a_number)
    }

    /// The twelve characters, for use in a system. Never for a log.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// A letter stands among the last characters: a number given by a case-management system until there is a real one.
    pub fn is_interim(&self) -> bool {
        self.0.bytes().any(|b| b.is_ascii_uppercase())
    }

    /// The day of birth is written with 60 added.
    pub fn is_samordning(&self) -> bool {
        !self.is_interim() && self.day_of_number() >= 60
    }

    /// A real date, a birth number other than 000 and the right check digit. Interim numbers can't be checked and are not.
    /// A samordningsnummer may lack the month (00) or the day (60) of birth, or tell a 30 February: it is made of what
    /// was stated.
    pub fn is_valid(&self) -> bool {
        let date_is_right = || self.born().is_some() || self.is_stated_date();
        !self.is_interim() && date_is_right() && &self.0[8..11] != "000" && has_right_check_digit(&self.0[2..])
    }

    fn is_stated_date(&self) -> bool {
        let month: u32 = self.0[4..6].parse().unwrap_or(99);
        self.is_samordning() && month <= 12 && self.day_of_number() <= 91
    }

    /// The date of birth that the number tells, when it is a real date.
    pub fn born(&self) -> Option<NaiveDate> {
        let year = self.0[..4].parse().ok()?;
        let month = self.0[4..6].parse().ok()?;
        let day = self.day_of_number();
        NaiveDate::from_ymd_opt(year, month, if self.is_samordning() { day - 60 } else { day })
    }

    fn day_of_number(&self) -> u32 {
        self.0[6..8].parse().unwrap_or(0)
    }
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

fn is_interim_letter(character: char) -> bool {
    INTERIM_LETTERS.contains(character)
}

fn not_a_number() -> String {
    "texten är inte ett personnummer; skriv ÅÅÅÅMMDDNNNN".to_owned()
}

/// The century of a number written with six digits: the latest that is not in the future, a hundred years earlier with `+`.
fn century(short: &str, today: NaiveDate, old: bool) -> Result<i32, String> {
    let year: i32 = short.get(..2).and_then(|two| two.parse().ok()).ok_or_else(not_a_number)?;
    let rest: u32 = short.get(2..).and_then(|four| four.parse().ok()).ok_or_else(not_a_number)?;
    let day = if rest % 100 >= 60 { rest - 60 } else { rest };
    let this = today.year() / 100;
    let is_later = this * 100 + year > today.year()
        || (this * 100 + year == today.year() && day > today.month() * 100 + today.day());
    Ok(this - i32::from(is_later) - i32::from(old))
}

/// Luhn over ten digits.
fn has_right_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

impl FromStr for Personnummer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl fmt::Display for Personnummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********-****")
    }
}

impl fmt::Debug for Personnummer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personnummer(********-****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Personnummer {
        Personnummer::parse(text).expect("the shape of a number")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn the_published_examples_are_judged_as_published() {
        assert!(number("196408233234").is_valid());
        assert!(!number("196408233235").is_valid(), "wrong check digit");
        assert!(!number("20150916-0006").is_valid(), "birth number 000");
        assert!(number("19090527+1474").is_valid());
        let coordination = number("19730288-9931");
        assert!(coordination.is_valid() && coordination.is_samordning());
        assert_eq!(coordination.born(), Some(day("1973-02-28")));
    }

    #[test]
    fn a_samordningsnummer_may_tell_a_date_that_does_not_exist() {
        for text in ["192400742397", "195302602395", "199000742396", "199611912388", "201402902397"] {
            let coordination = number(text);
            assert!(coordination.is_valid() && coordination.is_samordning() && coordination.born().is_none(), "{text}");
        }
    }

    #[test]
    fn interim_numbers_are_read_and_are_never_valid() {
        for text in ["19880209T050", "19880209-T050", "19450817T5959"] {
            let interim = number(text);
            assert!(interim.is_interim() && !interim.is_valid() && !interim.is_samordning(), "{text}");
            assert!(interim.born().is_some(), "{text}");
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_not_valid() {
        assert!(!number("196413233234").is_valid());
    }

    #[test]
    fn the_century_of_ten_digits_follows_the_day_and_the_separator() {
        let today = day("2025-12-10");
        let read = |text: &str| Personnummer::parse_on(text, today).expect("a number");
        assert_eq!(read("640823-3234"), number("196408233234"));
        assert_eq!(read("6408233234"), number("196408233234"));
        assert_eq!(read("090527+1474"), number("190905271474"));
        assert_eq!(read("19640823-3234"), number("196408233234"));
        assert_eq!(read("730288-9931"), number("197302889931"));
    }

    #[test]
    fn ten_digits_without_a_day_to_judge_by_are_refused() {
        assert!(Personnummer::parse("640823-3234").is_err());
    }

    #[test]
    fn other_texts_are_not_numbers_and_the_error_does_not_repeat_them() {
        for text in [
            "",
            "hej",
            "1964-08-23-3234",
            "19640823Ö234",
            "19640823TT34",
            "1964082332341",
            "19640823*3234",
            "19640823I234",
        ] {
            let error = Personnummer::parse(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_number_never_prints_itself() {
        let secret = number("196408233234");
        assert_eq!(format!("{secret} {secret:?}"), "********-**** Personnummer(********-****)");
    }
}
