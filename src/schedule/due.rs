//! What to do now: which nominal times start, which were missed, which are skipped.
//!
//! A judgement on times only. Whether the run before is still going on, or the schedule is paused, is known to the
//! scheduler, who asks this first.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::duration::write_duration;
use super::{Fate, Missed, Nominal, Schedule, SkipReason};

/// How late a start still counts as on time where nothing missed is to be made up for.
pub const ON_TIME: TimeDelta = TimeDelta::seconds(60);

/// What to do about a nominal time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Start a run.
    Fire,
    /// Don't: it was to start while nothing could, and the schedule does not want it now.
    Missed { reason: MissedReason },
    /// Don't: by the calendar or the clock it is not to start at all.
    Skipped { reason: SkipReason },
}

/// Why a missed time is not made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissedReason {
    /// It is later than `max_late` allows.
    TooLate { late: TimeDelta, limit: TimeDelta },
    /// A later one starts in its place: `missed: last`, or `none` where that one is on time.
    LaterOneStarts,
    /// Nothing missed is made up for: `missed: none`.
    NotMadeUpFor { late: TimeDelta },
}

/// What to do at `now` about each nominal time after `last_handled`, in order of time.
pub fn due(schedule: &Schedule, last_handled: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(Nominal, Verdict)> {
    let nominal = schedule.nominal_times(last_handled, now);
    let in_time = |one: &Nominal| one.starts() && too_late(schedule, now - one.utc).is_none();
    let last = nominal.iter().rposition(in_time);
    let verdicts: Vec<_> = nominal
        .iter()
        .enumerate()
        .map(|(i, one)| match &one.fate {
            Fate::Skipped(reason) => Verdict::Skipped { reason: reason.clone() },
            Fate::Starts(_) => judge_start(schedule, now - one.utc, last == Some(i)),
        })
        .collect();
    nominal.into_iter().zip(verdicts).collect()
}

fn judge_start(schedule: &Schedule, late: TimeDelta, is_last: bool) -> Verdict {
    if let Some(reason) = too_late(schedule, late) {
        return Verdict::Missed { reason };
    }
    if is_last || schedule.missed == Missed::All {
        return Verdict::Fire;
    }
    Verdict::Missed { reason: MissedReason::LaterOneStarts }
}

fn too_late(schedule: &Schedule, late: TimeDelta) -> Option<MissedReason> {
    if let Some(limit) = schedule.max_late.filter(|limit| late > *limit) {
        return Some(MissedReason::TooLate { late, limit });
    }
    (schedule.missed == Missed::None && late > ON_TIME).then_some(MissedReason::NotMadeUpFor { late })
}

impl fmt::Display for MissedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLate { late, limit } => {
                write!(f, "{} för sent, max_late är {}", write_duration(*late), write_duration(*limit))
            }
            Self::LaterOneStarts => f.write_str("en senare tid startar i stället"),
            Self::NotMadeUpFor { late } => {
                write!(f, "{} för sent, missade starter tas inte igen (missed: none)", write_duration(*late))
            }
        }
    }
}
