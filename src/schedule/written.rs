//! The shape of `schedules/<name>.yaml`, exactly as it is written: one definition for the parser and the JSON Schema.
//!
//! Only the shape: what the values mean, and whether they can be meant, is found out in `check`. Every field is
//! optional here, so that one reading finds all that is wrong; which fields are required is a question of meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::calendar::Eve;

/// A schedule file: when a bot runs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenSchedule {
    /// The name of the schedule, the same as the file's.
    #[schemars(with = "String", required)]
    pub schedule: Option<Spanned<String>>,
    /// The bot that is started.
    #[schemars(with = "String", required)]
    pub bot: Option<Spanned<String>>,
    /// Seven fields: second, minute, hour, day of the month, month, weekday by name, year; may be left out where
    /// `start_on` says what starts the schedule.
    #[schemars(with = "Option<String>")]
    pub cron: Option<Spanned<String>>,
    /// The IANA time zone of the clock on the wall; Europe/Stockholm when left out.
    #[schemars(with = "Option<String>")]
    pub timezone: Option<Spanned<String>>,
    /// What happens on days that are not worked; without it all days are alike.
    #[schemars(with = "Option<WrittenCalendar>")]
    pub calendar: Option<Spanned<WrittenCalendar>>,
    /// What becomes of times that passed while nothing could start; `last` when left out.
    #[schemars(with = "Option<Missed>")]
    pub missed: Option<Spanned<Missed>>,
    /// How late a start may be, as `2h`; without it any lateness.
    #[schemars(with = "Option<String>")]
    pub max_late: Option<Spanned<String>>,
    /// What happens when the run before is still going on; `skip` when left out.
    pub overlap: Option<Overlap>,
    /// How long a run may take, as `1h`, before it is asked to stop.
    #[schemars(with = "Option<String>")]
    pub max_runtime: Option<Spanned<String>>,
    /// How long it then may take to stop before it is ended; `5m` when left out.
    #[schemars(with = "Option<String>")]
    pub stop_grace: Option<Spanned<String>>,
    /// Who is told, and about what.
    #[schemars(with = "Option<WrittenAlert>")]
    pub alert: Option<Spanned<WrittenAlert>>,
    /// After how many failed runs in a row the schedule pauses.
    #[schemars(with = "Option<u32>")]
    pub pause_after: Option<Spanned<u32>>,
    /// Which version of the bot runs: `newest` (when left out), `newest_approved`, or the beginning of a SHA-256.
    #[schemars(with = "Option<String>")]
    pub version: Option<Spanned<String>>,
    /// What starts the schedule besides the clock.
    #[schemars(with = "Option<WrittenTriggers>")]
    pub start_on: Option<Spanned<WrittenTriggers>>,
}

/// What starts a schedule besides the clock.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenTriggers {
    /// A queue that grows.
    #[schemars(with = "Option<WrittenQueue>")]
    pub queue: Option<Spanned<WrittenQueue>>,
    /// Another run that ends.
    #[schemars(with = "Option<WrittenAfter>")]
    pub after: Option<Spanned<WrittenAfter>>,
    /// A call over HTTP.
    #[schemars(with = "Option<WrittenHttp>")]
    pub http: Option<Spanned<WrittenHttp>>,
}

/// When a queue starts the schedule: by whichever comes first.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenQueue {
    /// The bot whose items are counted; the schedule's own when left out.
    #[schemars(with = "Option<String>")]
    pub bot: Option<Spanned<String>>,
    /// How many items must wait.
    #[schemars(with = "Option<u32>")]
    pub waiting: Option<Spanned<u32>>,
    /// How long the oldest of them must have waited, as `2h`.
    #[schemars(with = "Option<String>")]
    pub older_than: Option<Spanned<String>>,
    /// How long after its last start the queue may start the schedule again; `10m` when left out.
    #[schemars(with = "Option<String>")]
    pub every: Option<Spanned<String>>,
}

/// Whose run must have ended, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenAfter {
    /// Any run of this bot.
    #[schemars(with = "Option<String>")]
    pub bot: Option<Spanned<String>>,
    /// A run of this schedule.
    #[schemars(with = "Option<String>")]
    pub schedule: Option<Spanned<String>>,
    /// How it ended; `done` when left out.
    pub when: Option<AfterWhen>,
}

/// Who may start the schedule over HTTP.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenHttp {
    /// The name of the secret that the caller's token must equal.
    #[schemars(with = "String", required)]
    pub token: Option<Spanned<String>>,
}

/// How the other run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AfterWhen {
    /// It did what it was to do.
    #[default]
    Done,
    /// It failed or was stopped.
    Failed,
    /// However it ended.
    Any,
}

/// Which days are not worked, and what happens on them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenCalendar {
    /// The country whose public holidays apply.
    pub country: Option<Country>,
    /// What becomes of a time on a day that is not worked; `skip` when left out.
    pub on_holiday: Option<OnHoliday>,
    /// The eves that are not worked though the law says nothing of them; those of the installation when left out.
    pub eves: Option<Vec<Eve>>,
    /// More closed days than the installation's: `2026-05-15 klämdag` or `2026-12-28..2026-12-30 mellandagar`.
    #[schemars(with = "Option<Vec<String>>")]
    pub closed: Option<Vec<Spanned<String>>>,
    /// The day of the month on which is paid, in place of the installation's.
    #[schemars(with = "Option<u32>")]
    pub payday: Option<Spanned<u32>>,
    /// The days on which is paid, in place of the installation's.
    #[schemars(with = "Option<Vec<String>>")]
    pub paydays: Option<Vec<Spanned<String>>>,
    /// Only the day so many working days before a payday; 0 is the payday.
    #[schemars(with = "Option<u32>")]
    pub before_payday: Option<Spanned<u32>>,
    /// Only the day so many working days after a payday.
    #[schemars(with = "Option<u32>")]
    pub after_payday: Option<Spanned<u32>>,
}

/// Who is told, and about what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenAlert {
    /// The mail address; may be left out where `expect` stands and the installation has addresses of its own.
    #[schemars(with = "Option<String>")]
    pub mail: Option<Spanned<String>>,
    /// What is told; everything when left out.
    pub on: Option<Vec<AlertOn>>,
    /// What should have come by a time of day, on days when the schedule starts.
    #[schemars(with = "Option<WrittenExpect>")]
    pub expect: Option<Spanned<WrittenExpect>>,
}

/// What should have come by a time of day.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenExpect {
    /// The time by the clock on the wall, as `09:00`.
    #[schemars(with = "String", required)]
    pub by: Option<Spanned<String>>,
    /// How many items the day's runs should have found; without it that a run has found its work is enough.
    #[schemars(with = "Option<u32>")]
    pub at_least: Option<Spanned<u32>>,
}

/// A country whose holidays are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Country {
    SE,
}

/// What becomes of a time that falls on a day that is not worked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHoliday {
    /// It does not start.
    #[default]
    Skip,
    /// It starts at the same time of day on the last working day before.
    PreviousWorkingDay,
    /// It starts at the same time of day on the first working day after.
    NextWorkingDay,
}

/// What becomes of times that passed while nothing could start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Each of them starts late.
    All,
    /// Only the latest of them starts late.
    #[default]
    Last,
    /// None of them starts.
    None,
}

/// What happens when the run before is still going on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The new run does not start.
    #[default]
    Skip,
    /// The new run starts when the one before is finished.
    Queue,
    /// Both run.
    Allow,
}

/// Something an alert can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertOn {
    /// A run failed.
    Failed,
    /// A nominal time passed without a start.
    Missed,
    /// An expected run did not come.
    Absent,
    /// A run took longer than it may.
    Slow,
}

impl AlertOn {
    /// Everything an alert can be about.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Missed, Self::Absent, Self::Slow];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_schema_has_the_same_fields_and_refuses_others() {
        let schema = schemars::schema_for!(WrittenSchedule).to_value();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], serde_json::json!(["schedule", "bot"]));
        assert_eq!(schema["properties"].as_object().expect("it has fields").len(), 14);
        assert_eq!(schema["$defs"]["OnHoliday"]["oneOf"][1]["const"], "previous_working_day");
    }
}
