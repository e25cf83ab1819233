//! The shape of `schedules/<name>.yaml`, exactly as it is written: one definition for the parser and the JSON Schema.
//!
//! Only the shape: what the values mean, and whether they can be meant, is found out in `check`. Every field is
//! optional here, so that one reading finds all that is wrong; which fields are required is a question of meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

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
    /// Seven fields: second, minute, hour, day of the month, month, weekday by name, year.
    #[schemars(with = "String", required)]
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
    /// How long a run may take, as `1h`.
    #[schemars(with = "Option<String>")]
    pub max_runtime: Option<Spanned<String>>,
    /// Who is told, and about what.
    #[schemars(with = "Option<WrittenAlert>")]
    pub alert: Option<Spanned<WrittenAlert>>,
    /// After how many failed runs in a row the schedule pauses.
    #[schemars(with = "Option<u32>")]
    pub pause_after: Option<Spanned<u32>>,
}

/// Which days are not worked, and what happens on them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenCalendar {
    /// The country whose public holidays apply.
    pub country: Option<Country>,
    /// What becomes of a time on a day that is not worked; `skip` when left out.
    pub on_holiday: Option<OnHoliday>,
    /// The municipality's own closed days, as `2026-05-15`.
    #[schemars(with = "Option<Vec<String>>")]
    pub closed: Option<Vec<Spanned<String>>>,
}

/// Who is told, and about what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenAlert {
    /// The mail address.
    #[schemars(with = "String", required)]
    pub mail: Option<Spanned<String>>,
    /// What is told; everything when left out.
    pub on: Option<Vec<AlertOn>>,
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
        assert_eq!(schema["required"], serde_json::json!(["schedule", "bot", "cron"]));
        assert_eq!(schema["properties"].as_object().expect("it has fields").len(), 11);
        assert_eq!(schema["$defs"]["OnHoliday"]["oneOf"][1]["const"], "previous_working_day");
    }
}
