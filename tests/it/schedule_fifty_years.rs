//! Fifty years of Europe/Stockholm, 2026–2075, against an oracle that shares no code with the product.
//!
//! The oracle goes through real time moment by moment, asks chrono-tz what the wall shows, and matches the cron fields
//! and the days off naively. The product is run as it runs: `due` from where it had come to, at random times, with
//! random stops and crashes in between; what it does is kept as the store keeps it, one row for each nominal time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Europe::Stockholm;
use kollega::schedule::{Context, Schedule, Verdict, due};

/// A start: real time, the wall, and 1 for the second coming of a time on the wall.
type Start = (DateTime<Utc>, NaiveDateTime, u8);

// ── the oracle: cron fields ───────────────────────────────────────────────────────────────────────────────────────

/// The seven fields as sets of numbers; weekdays from Sunday = 0.
struct Fields {
    sets: [BTreeSet<u32>; 7],
    every_hour: bool,
    every_weekday: bool,
}

impl Fields {
    fn read(cron: &str) -> Self {
        const ALL: [Range<u32>; 7] = [0..60, 0..60, 0..24, 1..32, 1..13, 0..7, 1970..2101];
        let words: Vec<&str> = cron.split(' ').collect();
        let sets = std::array::from_fn(|i| words[i].split(',').flat_map(|part| numbers(part, &ALL[i])).collect());
        Self { sets, every_hour: words[2] == "*", every_weekday: words[5] == "*" }
    }

    fn names(&self, day: NaiveDate) -> bool {
        let year = u32::try_from(day.year()).expect("a year after the first");
        let parts = [day.day(), day.month(), day.weekday().num_days_from_sunday(), year];
        (0..4).all(|i| self.sets[i + 3].contains(&parts[i]))
    }

    fn has_time(&self, wall: NaiveDateTime) -> bool {
        let parts = [wall.second(), wall.minute(), wall.hour()];
        (0..3).all(|i| self.sets[i].contains(&parts[i]))
    }
}

fn numbers(part: &str, all: &Range<u32>) -> Vec<u32> {
    let number = |text: &str| {
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let named = names.iter().position(|name| *name == text).and_then(|place| u32::try_from(place).ok());
        named.unwrap_or_else(|| text.parse().expect("a number"))
    };
    if part == "*" {
        all.clone().collect()
    } else if let Some(step) = part.strip_prefix("*/") {
        all.clone().step_by(step.parse().expect("a step")).collect()
    } else if let Some((first, last)) = part.split_once('-') {
        (number(first)..=number(last)).collect()
    } else {
        vec![number(part)]
    }
}

// ── the oracle: days off and paydays ──────────────────────────────────────────────────────────────────────────────

/// Easter by Knuth (The Art of Computer Programming 1.3.2, exercise 14), not by the product's method.
fn easter(year: i32) -> NaiveDate {
    let (golden, century) = (year % 19 + 1, year / 100 + 1);
    let (leaps, moon) = (3 * century / 4 - 12, (8 * century + 5) / 25 - 5);
    let sunday = 5 * year / 4 - leaps - 10;
    let mut epact = (11 * golden + 20 + moon - leaps).rem_euclid(30);
    if (epact == 25 && golden > 11) || epact == 24 {
        epact += 1;
    }
    let mut day = 44 - epact;
    if day < 21 {
        day += 30;
    }
    day += 7 - (sunday + day) % 7;
    NaiveDate::from_ymd_opt(year, 3, 1).expect("a date") + TimeDelta::days(i64::from(day) - 1)
}

/// The schedule's calendar, written a second time.
#[derive(Clone, Copy)]
struct Days {
    /// `skip`, or how to walk from a day off to a working day.
    step: Option<i64>,
    eves: &'static [(u32, u32)],
    midsummer_eve: bool,
    closed: &'static [(&'static str, &'static str)],
    payday: Option<u32>,
    paydays: &'static [&'static str],
    /// Working days from the payday, backwards when negative.
    from_payday: Option<i64>,
}

const PLAIN: Days = Days {
    step: None,
    eves: &[(12, 24), (12, 31)],
    midsummer_eve: true,
    closed: &[],
    payday: None,
    paydays: &[],
    from_payday: None,
};

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

impl Days {
    fn is_off(&self, day: NaiveDate) -> bool {
        self.is_free(day) || matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// Off for another reason than the weekend.
    fn is_free(&self, day: NaiveDate) -> bool {
        let (month, number, weekday) = (day.month(), day.day(), day.weekday());
        let fixed = [(1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26)].contains(&(month, number));
        let from_easter = (day - easter(day.year())).num_days();
        let midsummer = weekday == Weekday::Sat && month == 6 && (20..=26).contains(&number);
        let tomorrow = day + TimeDelta::days(1);
        let eve = weekday == Weekday::Fri && month == 6 && (20..=26).contains(&tomorrow.day());
        let saints = weekday == Weekday::Sat && (month, number) >= (10, 31) && (month, number) <= (11, 6);
        let closed = self.closed.iter().any(|(first, last)| day >= date(first) && day <= date(last));
        fixed
            || [-2, 0, 1, 39, 49].contains(&from_easter)
            || midsummer
            || saints
            || self.eves.contains(&(month, number))
            || (self.midsummer_eve && eve)
            || closed
    }

    /// So many working days on.
    fn walk(&self, mut day: NaiveDate, steps: i64) -> NaiveDate {
        for _ in 0..steps.abs() {
            day += TimeDelta::days(steps.signum());
            while self.is_off(day) {
                day += TimeDelta::days(steps.signum());
            }
        }
        day
    }

    /// Every day that is meant by the paydays of these years.
    fn by_payday(&self, years: Range<i32>) -> Option<BTreeSet<NaiveDate>> {
        let steps = self.from_payday?;
        let mut meant = BTreeSet::new();
        for (year, month) in years.flat_map(|year| (1..=12).map(move |month| (year, month))) {
            let first = NaiveDate::from_ymd_opt(year, month, 1).expect("a date");
            let own: Vec<_> =
                self.paydays.iter().map(|day| date(day)).filter(|day| day.with_day(1) == Some(first)).collect();
            let days = match self.payday {
                _ if !own.is_empty() => own,
                None => continue,
                Some(number) => {
                    let days = first.iter_days().take_while(|day| day.month() == month && day.day() <= number);
                    let mut day = days.last().expect("a month has days");
                    while self.is_off(day) {
                        day -= TimeDelta::days(1);
                    }
                    vec![day]
                }
            };
            meant.extend(days.into_iter().map(|day| self.walk(day, steps)));
        }
        Some(meant)
    }
}

// ── the oracle: the walk ──────────────────────────────────────────────────────────────────────────────────────────

/// The days whose times start, moved ones where they were moved to.
fn starting_days(fields: &Fields, days: Option<&Days>, years: &Range<i32>) -> BTreeSet<NaiveDate> {
    let wide = years.start - 1..years.end + 1;
    let by_payday = days.and_then(|days| days.by_payday(wide.clone()));
    let first = NaiveDate::from_ymd_opt(wide.start, 1, 1).expect("a date");
    let all = first.iter_days().take_while(|day| day.year() < wide.end);
    let named = all.filter(|day| fields.names(*day) && by_payday.as_ref().is_none_or(|meant| meant.contains(day)));
    named
        .filter_map(|day| {
            let Some(days) = days else { return Some(day) };
            let off = if fields.every_weekday { days.is_off(day) } else { days.is_free(day) };
            if off { days.step.map(|step| days.walk(day, step)) } else { Some(day) }
        })
        .collect()
}

/// What the wall shows at each step of a stretch of real time; the first is the one before the stretch.
fn walls(stretch: &Range<DateTime<Utc>>, step: TimeDelta) -> Vec<(DateTime<Utc>, NaiveDateTime)> {
    let mut walls = Vec::new();
    let mut at = stretch.start - step;
    while at < stretch.end {
        walls.push((at, at.with_timezone(&Stockholm).naive_local()));
        at += step;
    }
    walls
}

/// Every start, found by going through real time in steps of which each time asked for is a multiple.
fn walk(fields: &Fields, days: &BTreeSet<NaiveDate>, walls: &[(DateTime<Utc>, NaiveDateTime)]) -> Vec<Start> {
    let wanted = |wall: NaiveDateTime| fields.has_time(wall) && days.contains(&wall.date());
    let step = walls[1].0 - walls[0].0;
    let mut starts = Vec::new();
    let mut latest = walls[0].1;
    for (at, shown) in &walls[1..] {
        let again = *shown <= latest;
        let mut starts_here = (!again || fields.every_hour) && wanted(*shown);
        while latest + step < *shown {
            latest += step;
            starts_here |= wanted(latest);
        }
        if starts_here {
            starts.push((*at, *shown, u8::from(again)));
        }
        latest = latest.max(*shown);
    }
    starts
}

// ── the product, run for fifty years ──────────────────────────────────────────────────────────────────────────────

/// Random numbers that are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) % below.unsigned_abs()).expect("it is below an i64")
    }

    /// How long until the schedules are looked at again: a turn of the loop, a restart, or a computer that stood still.
    fn gap(&mut self) -> TimeDelta {
        TimeDelta::seconds(match self.roll(20) {
            0..=2 => 1 + self.roll(120),
            3..=8 => 60 + self.roll(86_400),
            9..=15 => 86_400 + self.roll(12 * 86_400),
            _ => self.roll(45 * 86_400),
        })
    }
}

/// What the store keeps: how far the schedule was handled, and one row for each nominal time.
struct Kept {
    handled_until: DateTime<Utc>,
    rows: BTreeMap<(NaiveDateTime, u8), (DateTime<Utc>, Verdict)>,
    /// How often a time that has a row was judged again, and left alone.
    refused: usize,
}

/// Runs a schedule from `stretch.start` to its end. A crash comes after some rows and before `handled_until` is moved.
fn live(schedule: &Schedule, stretch: &Range<DateTime<Utc>>, expected: &[Start], dice: &mut Dice) -> Kept {
    let start = stretch.start - TimeDelta::seconds(1);
    let mut kept = Kept { handled_until: start, rows: BTreeMap::new(), refused: 0 };
    let mut now = start;
    while kept.handled_until < stretch.end - TimeDelta::seconds(1) {
        now += dice.gap();
        if dice.roll(4) == 0
            && let Some((at, _, _)) = expected.get(expected.partition_point(|(at, _, _)| *at <= now))
        {
            // The very second of a start, and the ones about it, are the difficult ones to wake in.
            now = *at + TimeDelta::seconds(dice.roll(3) - 1);
        }
        now = now.min(stretch.end - TimeDelta::seconds(1));
        let judged = due(schedule, kept.handled_until, now);
        let crash = if dice.roll(6) == 0 { dice.roll(i64::try_from(judged.len()).expect("few") + 1) } else { i64::MAX };
        let written = usize::try_from(crash).unwrap_or(usize::MAX);
        for (nominal, verdict) in judged.into_iter().take(written) {
            let row = kept.rows.entry((nominal.local, nominal.fold));
            if matches!(row, std::collections::btree_map::Entry::Occupied(_)) {
                kept.refused += 1;
            }
            row.or_insert((nominal.utc, verdict));
        }
        if crash == i64::MAX {
            kept.handled_until = now;
        }
    }
    kept
}

fn schedule(cron: &str, rest: &str) -> Schedule {
    let source = format!("schedule: s\nbot: b\ncron: \"{cron}\"\ntimezone: Europe/Stockholm\n{rest}");
    let context = Context::at(utc("2026-01-01T00:00:00Z"));
    Schedule::read(Path::new("schedules/s.yaml"), &source, context).expect("the schedule is right")
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

const BEFORE: Days = Days { step: Some(-1), ..PLAIN };
const AFTER: Days = Days { step: Some(1), ..PLAIN };
const CLOSED: Days = Days {
    eves: &[(12, 24)],
    midsummer_eve: false,
    closed: &[("2026-12-21", "2027-01-08"), ("2031-05-02", "2031-05-02"), ("2044-03-21", "2044-04-01")],
    ..AFTER
};
const PAYDAYS: Days =
    Days { payday: Some(27), paydays: &["2026-12-18", "2030-12-19", "2041-03-31"], from_payday: Some(-3), ..PLAIN };
const CLOSED_TEXT: &str = "calendar: {country: SE, on_holiday: next_working_day, eves: [julafton], closed: [2026-12-21..2027-01-08 jul, 2031-05-02, 2044-03-21..2044-04-01 flytt]}\n";
const PAYDAY_TEXT: &str =
    "calendar: {country: SE, payday: 27, paydays: [2026-12-18, 2030-12-19, 2041-03-31], before_payday: 3}\n";

/// Schedules that together meet both changes of the clock, every kind of day off and every way to move a time.
const SHAPES: [(&str, &str, Option<Days>); 12] = [
    ("0 30 2 * * * *", "", None),
    ("0 0,30 1-3 * * * *", "", None),
    ("0 30 * * 3,10 Sun *", "", None),
    ("0 0 6-18 * * Mon-Fri *", "calendar: {country: SE, on_holiday: skip}\n", Some(PLAIN)),
    // A Sunday asked for by name: Easter Day is off, and is now and then the day on which the clock is put forward.
    ("0 0,30 1,2 * * Sun *", "calendar: {country: SE, on_holiday: skip}\n", Some(PLAIN)),
    ("0 0 6 25 * * *", "calendar: {country: SE, on_holiday: previous_working_day}\n", Some(BEFORE)),
    // Moved from Sundays on to Mondays, where it meets Monday's own.
    ("0 30 2 * * * *", "calendar: {country: SE, on_holiday: next_working_day}\n", Some(AFTER)),
    ("0 0 0 1 * * *", CLOSED_TEXT, Some(CLOSED)),
    ("0 30 23 24-31 12 * *", "calendar: {country: SE, on_holiday: previous_working_day}\n", Some(BEFORE)),
    ("0 0 5 * * * *", PAYDAY_TEXT, Some(PAYDAYS)),
    ("0 0 12 29 2 * *", "", None),
    ("0 0 */6 31 * * *", "calendar: {country: SE, on_holiday: next_working_day}\n", Some(AFTER)),
];

fn started(kept: &Kept) -> Vec<Start> {
    let started = kept.rows.iter().filter(|(_, (_, verdict))| !matches!(verdict, Verdict::Skipped { .. }));
    let mut started: Vec<Start> = started.map(|((local, fold), (at, _))| (*at, *local, *fold)).collect();
    started.sort_unstable();
    started
}

#[test]
fn fifty_years_lose_no_time_and_have_none_twice_whatever_the_restarts() {
    let years = 2026..2076;
    // Local midnight of the first and the last day.
    let stretch = utc("2025-12-31T23:00:00Z")..utc("2075-12-31T23:00:00Z");
    let walls = walls(&stretch, TimeDelta::minutes(30));
    let mut dice = Dice(20_260_329);
    let (mut times, mut lives, mut refused) = (0, 0, 0);
    for (cron, rest, days) in SHAPES {
        let fields = Fields::read(cron);
        let starting = starting_days(&fields, days.as_ref(), &years);
        let expected = walk(&fields, &starting, &walls);
        assert!(expected.len() >= 12, "the walk finds something: {cron}");
        for missed in ["all", "last", "none"] {
            let kept = live(&schedule(cron, &format!("{rest}missed: {missed}")), &stretch, &expected, &mut dice);
            assert_eq!(started(&kept), expected, "{cron} {rest} missed: {missed}");
            let fired = kept.rows.values().filter(|(_, verdict)| *verdict == Verdict::Fire).count();
            assert!(if missed == "all" { fired == expected.len() } else { fired <= expected.len() });
            times += expected.len();
            refused += kept.refused;
            lives += 1;
        }
    }
    assert!(times > 900_000 && lives == 36 && refused > 100, "{times} times, {lives} lives, {refused} refused");
}

#[test]
fn to_the_second_in_the_hours_about_every_change_of_the_clock() {
    let mut compared = 0;
    for cron in
        ["15,45 59 1,2 * * * *", "30 30 2 * * * *", "*/10 5,35 * * * * *", "55 */20 0-3 * * Sun *", "0 0 3 * * * *"]
    {
        let fields = Fields::read(cron);
        let schedule = schedule(cron, "");
        for (year, month) in (2026..2076).flat_map(|year| [(year, 3), (year, 10)]) {
            let days = NaiveDate::from_ymd_opt(year, month, 25).expect("a date").iter_days().take(7);
            let sunday = days.filter(|day| day.weekday() == Weekday::Sun).max().expect("a week has one");
            let midnight = sunday.and_hms_opt(0, 0, 0).expect("a time").and_utc() - TimeDelta::hours(1);
            let stretch = midnight..midnight + TimeDelta::hours(4);
            let expected = walk(&fields, &BTreeSet::from([sunday]), &walls(&stretch, TimeDelta::seconds(5)));
            let second = TimeDelta::seconds(1);
            let times = schedule.nominal_times(stretch.start - second, stretch.end - second);
            let found = times.iter().filter(|one| one.starts() && one.local.date() == sunday);
            let found: Vec<Start> = found.map(|one| (one.utc, one.local, one.fold)).collect();
            let expected: Vec<Start> = expected.into_iter().filter(|(_, local, _)| local.date() == sunday).collect();
            assert_eq!(found, expected, "{cron} {sunday}");
            compared += expected.len();
        }
    }
    assert!(compared > 5_000, "{compared}");
}
