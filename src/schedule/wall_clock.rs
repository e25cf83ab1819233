//! Where a time on the wall is in real time: it exists once, twice (the clock is put back) or not at all (put forward).
//!
//! Only time zones; cron and holidays are not known here.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

/// Where a time on the wall is in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WallClock {
    /// It comes once.
    Once(DateTime<Utc>),
    /// It comes twice, as the clock is put back.
    Twice { first: DateTime<Utc>, second: DateTime<Utc> },
    /// It does not come, as the clock is put forward over it: this is the first time on the wall after it.
    Never { then: NaiveDateTime, at: DateTime<Utc> },
}

impl WallClock {
    /// Places `local` in `timezone`; none only beyond the end of what is known of the time zone.
    pub fn place(local: NaiveDateTime, timezone: Tz) -> Option<Self> {
        match timezone.from_local_datetime(&local) {
            MappedLocalTime::Single(at) => Some(Self::Once(at.to_utc())),
            MappedLocalTime::Ambiguous(first, second) => {
                Some(Self::Twice { first: first.to_utc(), second: second.to_utc() })
            }
            MappedLocalTime::None => {
                let end = GapInfo::new(&local, &timezone)?.end?;
                Some(Self::Never { then: end.naive_local(), at: end.to_utc() })
            }
        }
    }

    /// The first real time at which the wall shows this time, or a later one where it never shows it.
    pub fn first(self) -> DateTime<Utc> {
        match self {
            Self::Once(at) | Self::Twice { first: at, .. } | Self::Never { at, .. } => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(local: &str, timezone: Tz) -> WallClock {
        WallClock::place(local.parse().expect("a time"), timezone).expect("a place")
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn half_past_two_never_comes_when_the_clock_is_put_forward() {
        let expected =
            WallClock::Never { then: "2026-03-29T03:00:00".parse().expect("a time"), at: utc("2026-03-29T01:00:00Z") };
        assert_eq!(place("2026-03-29T02:30:00", Tz::Europe__Stockholm), expected);
        assert_eq!(place("2026-03-29T02:00:00", Tz::Europe__Stockholm), expected);
        assert_eq!(place("2026-03-29T03:00:00", Tz::Europe__Stockholm), WallClock::Once(utc("2026-03-29T01:00:00Z")));
    }

    #[test]
    fn half_past_two_comes_twice_when_the_clock_is_put_back() {
        assert_eq!(
            place("2026-10-25T02:30:00", Tz::Europe__Stockholm),
            WallClock::Twice { first: utc("2026-10-25T00:30:00Z"), second: utc("2026-10-25T01:30:00Z") }
        );
        assert_eq!(place("2026-10-25T03:00:00", Tz::Europe__Stockholm), WallClock::Once(utc("2026-10-25T02:00:00Z")));
    }

    #[test]
    fn a_whole_day_can_be_missing() {
        // Samoa crossed the date line and had no 30 December 2011.
        let expected =
            WallClock::Never { then: "2011-12-31T00:00:00".parse().expect("a time"), at: utc("2011-12-30T10:00:00Z") };
        assert_eq!(place("2011-12-30T12:00:00", Tz::Pacific__Apia), expected);
    }

    #[test]
    fn the_clock_is_still_changed_in_fifty_years() {
        assert!(matches!(place("2076-03-29T02:30:00", Tz::Europe__Stockholm), WallClock::Never { .. }));
    }
}
