//! Schedules: when a bot runs, by the clock on the wall, the calendar, and what is done about times that were missed.
//!
//! Pure: nothing here reads the clock, a database or a file; what time it is comes in as an argument, so that the same
//! question has the same answer on every node and after every restart. What came of a nominal time is kept elsewhere.

mod check;
mod cron_expression;
mod due;
mod duration;
mod holiday_rule;
mod nominal;
mod read;
mod wall_clock;
mod written;

use chrono::TimeDelta;
use chrono_tz::Tz;

pub use check::{Checked, Context, check};
pub use cron_expression::CronExpression;
pub use due::{MissedReason, ON_TIME, Verdict, due};
pub use duration::{parse_duration, write_duration};
pub use holiday_rule::HolidayRule;
pub use nominal::{Fate, Nominal, Note, SkipReason};
pub use written::{AlertOn, Country, Missed, OnHoliday, Overlap, WrittenSchedule};

/// A schedule that has been read and found to mean something.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name, the same as its file's.
    pub name: String,
    /// The bot it starts.
    pub bot: String,
    /// The times on the wall.
    pub cron: CronExpression,
    /// The zone of the clock on the wall.
    pub timezone: Tz,
    /// What happens on days that are not worked; without it all days are alike.
    pub holidays: Option<HolidayRule>,
    /// What becomes of times that passed while nothing could start.
    pub missed: Missed,
    /// How late a start may be; without it any lateness.
    pub max_late: Option<TimeDelta>,
    /// What happens when the run before is still going on.
    pub overlap: Overlap,
    /// How long a run may take.
    pub max_runtime: Option<TimeDelta>,
    /// Who is told, and about what.
    pub alert: Option<Alert>,
    /// After how many failed runs in a row the schedule pauses.
    pub pause_after: Option<u32>,
}

/// Who is told, and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The mail address.
    pub mail: String,
    /// What is told, without repetition.
    pub on: Vec<AlertOn>,
}
