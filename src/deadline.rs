//! Deadlines as people write them: `5 working days`, `4h`, or a day.
//!
//! Working days are those of the Swedish calendar and the municipality's own closed days; they end with the day by the clock on the wall.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::config::Config;
use crate::duration::parse_duration;

/// How it is written, for messages.
pub const WRITTEN: &str = "skriv till exempel `5 working days`, `4h`, `1d` eller `2026-12-01`";

/// When it is: the end of the n-th working day from now, now and a length of time, or the end of a day.
pub fn parse(text: &str, now: DateTime<Utc>, config: &Config) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let zone = zone(&config.timezone);
    if let Some(days) = working_days(text) {
        let days = days_of(days).ok_or_else(|| wrong(text))?;
        let today = now.with_timezone(&zone).date_naive();
        return Ok(end_of(config.calendar.add_working_days(today, days), zone));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(end_of(day, zone));
    }
    let length = parse_duration(text).map_err(|_| wrong(text))?;
    now.checked_add_signed(chrono::Duration::from_std(length).map_err(|_| wrong(text))?).ok_or_else(|| wrong(text))
}

/// Whether a deadline can be written so, and is not at once.
pub fn is_written(text: &str) -> bool {
    match working_days(text.trim()) {
        Some(days) => days_of(days).is_some_and(|days| days > 0),
        None => text.trim().parse::<NaiveDate>().is_ok() || parse_duration(text).is_ok_and(|time| !time.is_zero()),
    }
}

/// A time until which something waits: `now`, `4h`, `2026-12-01` (its beginning) or `2026-12-01 08:30`; none that has been.
pub fn until(text: &str, now: DateTime<Utc>, config: &Config) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    if text == "now" || text == "nu" {
        return Ok(now);
    }
    let time = time(text, now, zone(&config.timezone))?;
    if time < now {
        return Err(format!(
            "`{text}` har redan varit: skriv en tid som kommer, eller `now` för att inte vänta längre"
        ));
    }
    Ok(time)
}

fn time(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(local(day.and_time(NaiveTime::MIN), zone));
    }
    for format in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(local(time, zone));
        }
    }
    let wrong = || {
        format!("`{text}` är ingen tid: skriv till exempel `4h`, `2d`, `2026-12-01`, `2026-12-01 08:30` eller `now`")
    };
    let length = parse_duration(text).map_err(|_| wrong())?;
    now.checked_add_signed(chrono::Duration::from_std(length).map_err(|_| wrong())?).ok_or_else(wrong)
}

fn wrong(text: &str) -> String {
    format!("`{text}` är ingen tidsfrist: {WRITTEN}")
}

/// `5 working days`: the text of how many.
fn working_days(text: &str) -> Option<&str> {
    text.strip_suffix("working days").or_else(|| text.strip_suffix("working day")).map(str::trim)
}

/// How many working days; more than ten years is a mistake.
fn days_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|days| *days <= 2500)
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(chrono_tz::Europe::Stockholm)
}

fn end_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    local(day.and_time(NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default()), zone)
}

/// The moment of a time on the wall: the first of two, and the end of a gap for one that does not come.
fn local(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&wall).earliest();
    let hour_later = || zone.from_local_datetime(&(wall + chrono::Duration::hours(1))).earliest();
    let day_later =
        || wall.date().checked_add_days(Days::new(1)).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
    found.or_else(hour_later).map_or_else(day_later, |local| local.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::until as ends;
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn due(text: &str, now: &str) -> String {
        parse(text, utc(now), &Config::default()).expect("a deadline").to_rfc3339()
    }

    #[test]
    fn working_days_pass_over_weekends_and_holidays() {
        assert_eq!(due("2 working days", "2025-12-05T09:00:00Z"), "2025-12-09T22:59:00+00:00");
        // Thursday, then Good Friday, the weekend and Easter Monday.
        assert_eq!(due("1 working day", "2026-04-02T09:00:00Z"), "2026-04-07T21:59:00+00:00");
        // Late in the evening by UTC is the next day in Sweden.
        assert_eq!(due("1 working day", "2026-06-15T22:30:00Z"), "2026-06-17T21:59:00+00:00");
    }

    #[test]
    fn a_day_ends_with_the_day_and_a_length_counts_from_now() {
        assert_eq!(due("2026-12-01", "2026-01-01T00:00:00Z"), "2026-12-01T22:59:00+00:00");
        assert_eq!(due("4h", "2026-01-01T00:00:00Z"), "2026-01-01T04:00:00+00:00");
    }

    #[test]
    fn what_is_no_deadline_is_refused() {
        for text in ["", "5", "x working days", "-1 working days", "999999999 working days", "2026-02-30", "0d x"] {
            assert!(parse(text, utc("2026-01-01T00:00:00Z"), &Config::default()).is_err(), "{text}");
            assert!(!is_written(text), "{text}");
        }
        assert!(!is_written("0 working days") && !is_written("0s") && is_written("3 working days"));
    }

    #[test]
    fn a_wait_ends_by_the_clock_on_the_wall_also_when_it_is_set_forward() {
        let until = |text| ends(text, utc("2026-01-01T00:00:00Z"), &Config::default()).map(|time| time.to_rfc3339());
        assert_eq!(until("2026-12-01").as_deref(), Ok("2026-11-30T23:00:00+00:00"));
        assert_eq!(until("2026-12-01 08:30").as_deref(), Ok("2026-12-01T07:30:00+00:00"));
        assert_eq!(until("2026-03-29 02:30").as_deref(), Ok("2026-03-29T01:30:00+00:00"));
        assert_eq!(until("nu").as_deref(), Ok("2026-01-01T00:00:00+00:00"));
        assert!(until("i morgon").is_err());
    }

    #[test]
    fn a_wait_until_a_time_that_has_been_is_refused() {
        let until = |text| ends(text, utc("2026-05-05T10:00:00Z"), &Config::default());
        for text in ["2026-05-04", "2026-05-05", "2026-05-05 11:59", "2020-01-01 08:00"] {
            assert!(until(text).is_err_and(|why| why.contains("har redan varit")), "{text}");
        }
        assert!(until("2026-05-05 12:00").is_ok() && until("2026-05-06").is_ok() && until("0h").is_ok());
    }
}
