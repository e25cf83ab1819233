//! What is coming: a schedule's nominal times from now on, and what is unusual about each.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use serde::Serialize;

use super::{CronExpression, Nominal, Schedule};

/// A nominal time to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coming {
    /// The time on the wall.
    pub local: String,
    /// How far the wall is ahead of UTC then, as `+02:00`.
    pub offset: String,
    pub utc: DateTime<Utc>,
    /// 0, or 1 for the second coming of a time as the clock is put back.
    pub fold: u8,
    pub starts: bool,
    /// What is unusual about it: days off, changes of the clock, paydays. In Swedish; empty when nothing is.
    pub note: String,
}

/// The nominal times after `after` up to the `count`-th start, those between that do not start too.
pub fn preview(schedule: &Schedule, after: DateTime<Utc>, count: usize) -> Vec<Coming> {
    let mut coming = Vec::new();
    let (mut from, mut width, mut starts) = (after, TimeDelta::hours(1), 0);
    while starts < count && from.with_timezone(&schedule.timezone).date_naive() <= CronExpression::last_date() {
        let until = from + width;
        for nominal in schedule.nominal_times(from, until) {
            if starts < count {
                starts += usize::from(nominal.starts());
                coming.push(told(schedule, &nominal));
            }
        }
        (from, width) = (until, (width * 2).min(TimeDelta::days(64)));
    }
    coming
}

fn told(schedule: &Schedule, nominal: &Nominal) -> Coming {
    let offset = schedule.timezone.offset_from_utc_datetime(&nominal.utc.naive_utc()).fix();
    Coming {
        local: nominal.local.format("%Y-%m-%dT%H:%M:%S").to_string(),
        offset: offset.to_string(),
        utc: nominal.utc,
        fold: nominal.fold,
        starts: nominal.starts(),
        note: nominal.remark(),
    }
}
