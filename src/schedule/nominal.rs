//! Nominal times: cron evaluated by the clock on the wall, moved off holidays, then placed in real time.
//!
//! The answer for a window depends on nothing but the schedule and the window: asked for two windows side by side it
//! gives what it gives for both as one. That is what makes a restart harmless. Times that don't start are told too,
//! with the reason, so that "why did it not run?" has an answer.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};

use super::holiday_rule::DayFate;
use super::wall_clock::WallClock;
use super::{CronExpression, Schedule};
use crate::calendar::DayOff;

/// A time at which a schedule starts, or would have but for a reason. Unique in its schedule by (`local`, `fold`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nominal {
    /// The time on the wall.
    pub local: NaiveDateTime,
    /// 0, or 1 for the second coming of a time as the clock is put back.
    pub fold: u8,
    /// The same in real time; for a time that never comes, the end of the gap.
    pub utc: DateTime<Utc>,
    /// Whether it starts.
    pub fate: Fate,
}

/// Whether a nominal time starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It starts; the notes tell what is unusual about its time.
    Starts(Vec<Note>),
    /// It does not start at its time, for this reason.
    Skipped(SkipReason),
}

/// Something unusual about the time of a start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// It is counted from this payday.
    Payday(NaiveDate),
    /// It stands for a time that never comes, as the clock is put forward over it.
    InsteadOfGap(NaiveDateTime),
    /// It stands for a time on a day that is not worked.
    MovedFrom(NaiveDateTime, DayOff),
    /// Its time on the wall comes twice; this is the first.
    FirstOfTwo,
    /// Its time on the wall comes twice; this is the second.
    SecondOfTwo,
}

/// Why a nominal time does not start at its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// The day is not worked, and the schedule skips such days.
    Holiday(DayOff),
    /// The day is not worked: the start is at another time instead.
    Moved { why: DayOff, to: NaiveDateTime },
    /// The clock is put forward over it: the start is at the end of the gap instead.
    Gap { to: NaiveDateTime },
    /// The clock is put back, and it started when its time came first.
    Repeated,
}

impl Nominal {
    /// Whether it starts.
    pub fn starts(&self) -> bool {
        matches!(self.fate, Fate::Starts(_))
    }

    /// What is unusual about the time, in Swedish; empty when nothing is.
    pub fn remark(&self) -> String {
        match &self.fate {
            Fate::Skipped(reason) => reason.to_string(),
            Fate::Starts(notes) => notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        }
    }
}

impl Schedule {
    /// Every nominal time after `after` up to and including `until`, in order of real time.
    pub fn nominal_times(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Nominal> {
        if until <= after {
            return Vec::new();
        }
        let first = self.wall_date(after) - Days::new(1);
        let last = self.wall_date(until) + Days::new(1);
        let mut placed = Placed::about(self.walls_between(after, until));
        for date in self.dates_that_matter(first, last) {
            self.place_date(date, &mut placed);
        }
        placed.within(after, until)
    }

    /// The next start after `after`; none when the schedule never starts again.
    pub fn next_start(&self, after: DateTime<Utc>) -> Option<Nominal> {
        let mut from = after;
        let mut width = TimeDelta::hours(1);
        while self.wall_date(from) <= CronExpression::last_date() {
            let until = from + width;
            if let Some(start) = self.nominal_times(from, until).into_iter().find(Nominal::starts) {
                return Some(start);
            }
            (from, width) = (until, (width * 2).min(TimeDelta::days(64)));
        }
        None
    }

    /// The first date from `from` on of whose times any starts, on that date or another.
    pub fn first_live_date(&self, from: NaiveDate) -> Option<NaiveDate> {
        from.iter_days()
            .take_while(|date| *date <= CronExpression::last_date())
            .find(|date| self.names(*date) && !matches!(self.fate_of(*date), DayFate::Skipped(_)))
    }

    /// What the wall may show in a window, or would have shown had the clock not been put forward just then.
    fn walls_between(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> RangeInclusive<NaiveDateTime> {
        let about = TimeDelta::days(2);
        let offset = |at: DateTime<Utc>| self.timezone.offset_from_utc_datetime(&at.naive_utc()).fix();
        let offsets = [after - about, after, until, until + about].map(offset);
        let [least, most] = [
            offsets.iter().min_by_key(|it| it.local_minus_utc()),
            offsets.iter().max_by_key(|it| it.local_minus_utc()),
        ]
        .map(|offset| TimeDelta::seconds(offset.map_or(0, |it| i64::from(it.local_minus_utc()))));
        after.naive_utc() + least..=until.naive_utc() + most
    }

    fn wall_date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.timezone).date_naive()
    }

    /// The dates whose times are, or may be moved, between `first` and `last`.
    fn dates_that_matter(&self, first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> + '_ {
        let (from, to) = match &self.holidays {
            None => (first, last),
            Some(rule) => (rule.calendar.previous_working_day(first), rule.calendar.next_working_day(last)),
        };
        from.iter_days().take_while(move |date| *date <= to).filter(move |date| {
            let target = match self.fate_of(*date) {
                DayFate::Moves(_, target) => target,
                DayFate::Stays | DayFate::Skipped(_) => *date,
            };
            let matters = |date: NaiveDate| (first..=last).contains(&date);
            (matters(*date) || matters(target)) && self.names(*date)
        })
    }

    /// Whether the schedule asks for `date`, by cron and by the paydays; days off are another question.
    pub(super) fn names(&self, date: NaiveDate) -> bool {
        self.cron.as_ref().is_some_and(|cron| cron.includes(date))
            && (self.paydays.is_none() || self.payday_of(date).is_some())
    }

    /// The payday that a date is counted from.
    fn payday_of(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.paydays?.payday_of(date, &self.holidays.as_ref()?.calendar)
    }

    fn fate_of(&self, date: NaiveDate) -> DayFate {
        self.holidays.as_ref().map_or(DayFate::Stays, |rule| rule.fate(date))
    }

    fn place_date(&self, date: NaiveDate, placed: &mut Placed) {
        let fate = self.fate_of(date);
        let target = if let DayFate::Moves(_, target) = &fate { *target } else { date };
        let Some(hours) = placed.hours_of(date, target) else { return };
        let payday = self.payday_of(date).map(Note::Payday);
        for time in self.cron.iter().flat_map(|cron| cron.times_within(hours.clone())) {
            let local = date.and_time(time);
            match &fate {
                DayFate::Stays => self.place_start(local, payday.clone(), placed),
                DayFate::Skipped(why) => self.place_skip(local, SkipReason::Holiday(why.clone()), placed),
                DayFate::Moves(why, target) => {
                    let to = target.and_time(time);
                    self.place_skip(local, SkipReason::Moved { why: why.clone(), to }, placed);
                    let moved = Note::MovedFrom(local, why.clone());
                    self.place_start(to, payday.clone().into_iter().chain([moved]), placed);
                }
            }
        }
    }

    fn place_skip(&self, local: NaiveDateTime, reason: SkipReason, placed: &mut Placed) {
        if !placed.walls.contains(&local) {
            return;
        }
        if let Some(place) = WallClock::place(local, self.timezone) {
            placed.skip(local, 0, place.first(), reason);
        }
    }

    fn place_start(&self, local: NaiveDateTime, notes: impl IntoIterator<Item = Note>, placed: &mut Placed) {
        if !placed.walls.contains(&local) {
            return;
        }
        let notes: Vec<Note> = notes.into_iter().collect();
        let and = |note: Note| notes.iter().cloned().chain([note]);
        match WallClock::place(local, self.timezone) {
            Some(WallClock::Once(at)) => placed.start(local, 0, at, notes),
            Some(WallClock::Twice { first, second }) => {
                placed.start(local, 0, first, and(Note::FirstOfTwo));
                if self.cron.as_ref().is_some_and(CronExpression::every_hour) {
                    placed.start(local, 1, second, and(Note::SecondOfTwo));
                } else {
                    placed.skip(local, 1, second, SkipReason::Repeated);
                }
            }
            Some(WallClock::Never { then, at }) => {
                placed.skip(local, 0, at, SkipReason::Gap { to: then });
                placed.start(then, 0, at, and(Note::InsteadOfGap(local)));
            }
            None => {}
        }
    }
}

/// The nominal times found so far; the key is what makes a nominal time one and the same.
struct Placed {
    times: BTreeMap<(NaiveDateTime, u8), Nominal>,
    /// What the wall shows when it matters: a schedule of every second has too many times to look at all of a day.
    walls: RangeInclusive<NaiveDateTime>,
}

impl Placed {
    fn about(walls: RangeInclusive<NaiveDateTime>) -> Self {
        Self { times: BTreeMap::new(), walls }
    }

    /// The hours that matter of either of two dates; none where no hour does.
    fn hours_of(&self, date: NaiveDate, other: NaiveDate) -> Option<RangeInclusive<u32>> {
        let hours = |date: NaiveDate| {
            let first = date.and_time(NaiveTime::MIN).max(*self.walls.start());
            let last = date.and_hms_opt(23, 59, 59)?.min(*self.walls.end());
            (first <= last).then(|| (first.hour(), last.hour()))
        };
        let (first, last) = match (hours(date), hours(other)) {
            (Some(one), Some(two)) => (one.0.min(two.0), one.1.max(two.1)),
            (one, two) => one.or(two)?,
        };
        Some(first..=last)
    }

    /// A start; where there is one already they are one, with the notes of both.
    fn start(&mut self, local: NaiveDateTime, fold: u8, utc: DateTime<Utc>, notes: impl IntoIterator<Item = Note>) {
        let nominal = self.times.entry((local, fold)).or_insert_with(|| Nominal {
            local,
            fold,
            utc,
            fate: Fate::Starts(Vec::new()),
        });
        if let Fate::Starts(known) = &mut nominal.fate {
            known.extend(notes);
            known.sort_unstable();
            known.dedup();
        }
    }

    fn skip(&mut self, local: NaiveDateTime, fold: u8, utc: DateTime<Utc>, reason: SkipReason) {
        self.times.entry((local, fold)).or_insert(Nominal { local, fold, utc, fate: Fate::Skipped(reason) });
    }

    fn within(self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Nominal> {
        let mut found: Vec<_> = self.times.into_values().filter(|one| after < one.utc && one.utc <= until).collect();
        found.sort_by_key(|one| (one.utc, one.local, one.fold));
        found
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payday(date) => write!(f, "utbetalningsdagen är {date}"),
            Self::InsteadOfGap(local) => {
                write!(f, "i stället för {}, som inte finns när klockan ställs fram", local.format("%H:%M"))
            }
            Self::MovedFrom(local, why) => write!(f, "flyttad från {} ({why})", local.format("%Y-%m-%d")),
            Self::FirstOfTwo => f.write_str("första gången när klockan ställs tillbaka"),
            Self::SecondOfTwo => f.write_str("andra gången när klockan ställs tillbaka"),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holiday(why) => write!(f, "startar inte: {why}"),
            Self::Moved { why, to } => write!(f, "flyttad till {} ({why})", to.format("%Y-%m-%d %H:%M")),
            Self::Gap { to } => write!(f, "finns inte, klockan ställs fram; startar {}", to.format("%H:%M")),
            Self::Repeated => f.write_str("startade redan när tiden kom första gången; klockan ställs tillbaka"),
        }
    }
}
