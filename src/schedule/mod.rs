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
mod payday_rule;
mod preview;
mod read;
mod report;
mod trigger;
mod version;
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
pub use payday_rule::PaydayRule;
pub use preview::{Coming, preview};
pub(crate) use read::line_of_field;
pub use trigger::{AfterSource, AfterTrigger, HttpTrigger, QueueTrigger, Triggers};
pub use version::ScriptVersion;
pub use written::{AfterWhen, AlertOn, Country, Missed, OnHoliday, Overlap, WrittenSchedule};

/// A schedule that has been read and found to mean something.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its name, the same as its file's.
    pub name: String,
    /// The bot it starts.
    pub bot: String,
    /// The times on the wall; none where only other things start it.
    pub cron: Option<CronExpression>,
    /// The zone of the clock on the wall.
    pub timezone: Tz,
    /// What happens on days that are not worked; without it all days are alike.
    pub holidays: Option<HolidayRule>,
    /// Which days about a payday are meant; without it all that cron names.
    pub paydays: Option<PaydayRule>,
    /// What becomes of times that passed while nothing could start.
    pub missed: Missed,
    /// How late a start may be; without it any lateness.
    pub max_late: Option<TimeDelta>,
    /// What happens when the run before is still going on.
    pub overlap: Overlap,
    /// How long a run may take before it is asked to stop.
    pub max_runtime: Option<TimeDelta>,
    /// How long it then may take to stop before it is ended.
    pub stop_grace: TimeDelta,
    /// Who is told, and about what.
    pub alert: Option<Alert>,
    /// After how many failed runs in a row the schedule pauses.
    pub pause_after: Option<u32>,
    /// Which version of the bot runs.
    pub version: ScriptVersion,
    /// What starts it besides the clock.
    pub triggers: Triggers,
}

/// Who is told, and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The mail address; empty where only the installation's own are told.
    pub mail: String,
    /// What is told, without repetition.
    pub on: Vec<AlertOn>,
    /// What should have come by a time of day.
    pub expect: Option<Expect>,
}

/// What should have come by a time of day, on days when the schedule starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect {
    /// By the clock on the wall.
    pub by: chrono::NaiveTime,
    /// How many items the day's runs should have found; 0: that a run has found its work is enough.
    pub at_least: u32,
}
