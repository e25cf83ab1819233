//! Amounts and days as the agencies write them. What is not plainly one of these is an error, never a guess.

use std::str::FromStr;

use chrono::{NaiveDate, Weekday};
use expression::Month;
use rust_decimal::Decimal;

use super::reading::RowError;

/// An amount in kronor: digits, a point and at most two decimals, not negative.
pub(super) fn kronor(text: &str, field: &str) -> Result<Decimal, RowError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let amount = plain.then(|| Decimal::from_str(text).ok()).flatten().map(|amount| amount.normalize());
    amount.filter(|amount| amount.scale() <= 2).ok_or_else(|| RowError::unreadable(field))
}

/// `2025-12-05`, with or without the zone that `xs:date` allows.
pub(super) fn day(text: &str, field: &str) -> Result<NaiveDate, RowError> {
    let (day, zone) = text.split_at_checked(10).unwrap_or((text, ""));
    let zone_is_fine = zone.is_empty() || zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-']));
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|_| zone_is_fine);
    day.ok_or_else(|| RowError::unreadable(field))
}

/// CSN's `20251205`.
pub(super) fn compact_day(text: &str, field: &str) -> Result<NaiveDate, RowError> {
    let plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = plain.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok()).flatten();
    day.ok_or_else(|| RowError::unreadable(field))
}

/// The given day of CSN's week `202549`.
pub(super) fn week(text: &str, weekday: Weekday, field: &str) -> Result<NaiveDate, RowError> {
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    let day = match (text.len(), number(0..4), number(4..6)) {
        (6, Some(year), Some(week)) => {
            i32::try_from(year).ok().and_then(|year| NaiveDate::from_isoywd_opt(year, week, weekday))
        }
        _ => None,
    };
    day.ok_or_else(|| RowError::unreadable(field))
}

/// The month that both days are in.
pub(super) fn shared_month(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Option<Month> {
    let (from, to) = (Month::of(from?), Month::of(to?));
    (from == to).then_some(from)
}
