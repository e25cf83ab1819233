//! Finds personal numbers in text: every spelling people and addresses use, and not the amounts, dates, times and
//! ids that look a little like them.
//!
//! A number that fails the check digit is still somebody's mistyped number, so the check digit only decides where a
//! spelling could as well be something else (a time stamp, ten digits in a row, two numbers with a space between).
//! This module must not decide whether a number is valid: it is for masking only.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

/// Date, separator and last four of one spelling. `^` as the search starts at each digit by itself.
static SPELLING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^
        (?: (?<century>18|19|20)? (?<yy>\d\d) (?<mm>\d\d) (?<dd>\d\d)
          | (?<century2>18|19|20) (?<yy2>\d\d) - (?<mm2>\d\d) - (?<dd2>\d\d) )
        (?<mark>[-+‐‑–−\ \u{a0}]|%2[bd0]|%C2%A0|%E2%80%9[0-3]|&\#4[35];|&\#x2[bd];|&nbsp;)?
        (?<last>[\dPTRSUWXJKLMN]\d{3})",
    )
    .expect("the spelling is a valid expression")
});

/// The places of personal numbers in `text`, in order and apart from each other.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match starts_number(text, at).then(|| number_at(text, at)).flatten() {
            Some(end) => {
                found.push(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// A digit that no other digit stands before; the digits of an encoded character such as `%20` do not count.
fn starts_number(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let encoded = |start: usize| {
        bytes.get(start..start + 3).is_some_and(|code| code[0] == b'%' && code[1..].iter().all(u8::is_ascii_hexdigit))
    };
    let within_code = (1..=2).any(|back| at >= back && encoded(at - back));
    let after_code = at >= 3 && encoded(at - 3);
    let follows_digit = at > 0 && bytes[at - 1].is_ascii_digit();
    bytes[at].is_ascii_digit() && !within_code && (after_code || !follows_digit)
}

/// The end of the personal number that starts at `at`, when there is one.
fn number_at(text: &str, at: usize) -> Option<usize> {
    let spelling = SPELLING.captures(&text[at..])?;
    let end = at + spelling.get(0)?.end();
    if text[end..].starts_with(|next: char| next.is_ascii_digit()) || within_id(text, at, end) {
        return None;
    }
    let part = |name: &str, other: &str| spelling.name(name).or(spelling.name(other)).map(|part| part.as_str());
    let number = Number {
        century: part("century", "century2"),
        yy: part("yy", "yy2")?,
        mm: part("mm", "mm2")?,
        dd: part("dd", "dd2")?,
        mark: spelling.name("mark").map_or("", |mark| mark.as_str()),
        last: &spelling["last"],
    };
    number.is_personal().then_some(end)
}

struct Number<'a> {
    century: Option<&'a str>,
    yy: &'a str,
    mm: &'a str,
    dd: &'a str,
    mark: &'a str,
    last: &'a str,
}

impl Number<'_> {
    fn is_personal(&self) -> bool {
        self.has_date() && (self.passes_check_digit() || !self.could_be_something_else())
    }

    /// A day that exists; a coordination number's day is 60 more.
    fn has_date(&self) -> bool {
        let number = |text: &str| text.parse::<u32>().ok();
        let (Some(month), Some(day)) = (number(self.mm), number(self.dd)) else { return false };
        let day = if day > 60 { day - 60 } else { day };
        let centuries = self.century.map_or(vec!["19", "20"], |century| vec![century]);
        centuries.iter().any(|century| {
            let year = format!("{century}{}", self.yy).parse().ok();
            year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).is_some()
        })
    }

    fn could_be_something_else(&self) -> bool {
        let blank = self.mark.is_empty() || self.mark.trim().is_empty() || is_encoded_blank(self.mark);
        let ten_digits_in_a_row = self.century.is_none() && blank;
        let two_numbers = !self.mark.is_empty() && blank;
        ten_digits_in_a_row || two_numbers || self.could_be_a_time()
    }

    /// `202512101234` and `20251210-1234` are also how files are named by day and time.
    fn could_be_a_time(&self) -> bool {
        let recent = self.century == Some("20") && self.yy >= "20";
        recent && self.last.is_ascii() && &self.last[..2] < "24" && &self.last[2..] < "60"
    }

    fn passes_check_digit(&self) -> bool {
        let ten = format!("{}{}{}{}", self.yy, self.mm, self.dd, self.last);
        let mut sum = 0;
        for (place, letter) in ten.chars().enumerate() {
            let Some(digit) = letter.to_digit(10) else { return false };
            let weighted = digit * if place % 2 == 0 { 2 } else { 1 };
            sum += weighted / 10 + weighted % 10;
        }
        sum % 10 == 0
    }
}

fn is_encoded_blank(mark: &str) -> bool {
    ["%20", "%c2%a0", "&nbsp;"].contains(&mark.to_ascii_lowercase().as_str())
}

/// Digits inside a ULID or a hash are no person's.
fn within_id(text: &str, start: usize, end: usize) -> bool {
    let is_id = |byte: &u8| byte.is_ascii_alphanumeric();
    let before = text.as_bytes()[..start].iter().rev().take_while(|byte| is_id(byte)).count();
    let after = text.as_bytes()[end..].iter().take_while(|byte| is_id(byte)).count();
    let token = &text[start - before..end + after];
    let letters = token.bytes().any(|byte| byte.is_ascii_alphabetic());
    let ulid = token.len() == 26 && token.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let hash = token.len() >= 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    letters && (ulid || hash)
}
