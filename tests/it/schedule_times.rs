//! The times of schedules over fifty years, against an implementation of its own that shares nothing with ours.
//!
//! `walk` looks at every minute of real time and asks what the clock on the wall shows: the opposite direction of the
//! product, which starts from the wall. Its daylight saving time is the EU's rule (last Sunday of March and of
//! October, 01:00 UTC), its holidays are computed from a table of Easter and by walking, its cron fields are sets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc, Weekday};
use kollega::schedule::{Context, Fate, Nominal, Schedule, Verdict, due};
use proptest::prelude::*;

// ── the independent implementation ────────────────────────────────────────────────────────────────────────────────

/// What is asked for, as sets: minutes, hours, days of the month, months, weekdays from Monday = 0.
#[derive(Debug, Clone)]
struct Wanted {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: BTreeSet<u32>,
    months: BTreeSet<u32>,
    weekdays: BTreeSet<u32>,
}

impl Wanted {
    fn cron(&self) -> String {
        let list = |set: &BTreeSet<u32>, all: usize| {
            let numbers: Vec<_> = set.iter().map(ToString::to_string).collect();
            if set.len() == all { "*".to_owned() } else { numbers.join(",") }
        };
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let named: Vec<_> = self.weekdays.iter().map(|day| names[*day as usize]).collect();
        let weekdays = if named.len() == 7 { "*".to_owned() } else { named.join(",") };
        let (minutes, hours) = (list(&self.minutes, 60), list(&self.hours, 24));
        format!("0 {minutes} {hours} {} {} {weekdays} *", list(&self.days, 31), list(&self.months, 12))
    }

    fn on(&self, date: NaiveDate) -> bool {
        self.days.contains(&date.day())
            && self.months.contains(&date.month())
            && self.weekdays.contains(&date.weekday().num_days_from_monday())
    }

    /// The wanted times of the day that begins at `midnight`.
    fn times_from(&self, midnight: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> + '_ {
        let hours = self.hours.iter().filter(move |_| self.on(midnight.date()));
        hours.flat_map(move |hour| {
            self.minutes.iter().map(move |minute| midnight + TimeDelta::minutes(i64::from(hour * 60 + minute)))
        })
    }

    fn at(&self, local: NaiveDateTime) -> bool {
        self.minutes.contains(&local.minute()) && self.hours.contains(&local.hour())
    }
}

fn last_sunday_at_one(year: i32, month: u32) -> DateTime<Utc> {
    let mut date = NaiveDate::from_ymd_opt(year, month, 31).expect("both months have 31 days");
    while date.weekday() != Weekday::Sun {
        date = date.pred_opt().expect("a day before");
    }
    date.and_hms_opt(1, 0, 0).expect("a time").and_utc()
}

/// The real times at which the clock is put forward and back, by year.
struct Changes(BTreeMap<i32, (DateTime<Utc>, DateTime<Utc>)>);

impl Changes {
    fn new() -> Self {
        Self((2000..2100).map(|year| (year, (last_sunday_at_one(year, 3), last_sunday_at_one(year, 10)))).collect())
    }

    fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        let (forward, back) = self.0[&at.year()];
        let hours = if at >= forward && at < back { 2 } else { 1 };
        (at + TimeDelta::hours(hours)).naive_utc()
    }
}

impl Changes {
    /// Whether a clock is changed within the day that begins at `midnight`.
    fn changes_on(&self, midnight: DateTime<Utc>) -> bool {
        let (forward, back) = self.0[&midnight.year()];
        [forward, back].iter().any(|change| (midnight..midnight + TimeDelta::days(1)).contains(change))
    }
}

/// Every start of `wanted` from `from` on, before `until`: each (real time, wall time, fold).
fn walk(wanted: &Wanted, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, NaiveDateTime, u8)> {
    let changes = Changes::new();
    let hour = TimeDelta::hours(1);
    let mut starts = Vec::new();
    let mut at = from;
    while at < until {
        let wall = changes.wall(at);
        let again = changes.wall(at - hour) == wall;
        let just_put_forward = changes.0[&at.year()].0 == at;
        let named = wanted.on(wall.date()) && wanted.at(wall);
        let lost = just_put_forward
            && (0..60).any(|minute| {
                let gone = wall - hour + TimeDelta::minutes(minute);
                wanted.on(gone.date()) && wanted.at(gone)
            });
        if named && (!again || wanted.hours.len() == 24) || lost {
            starts.push((at, wall, u8::from(again)));
        }
        at += TimeDelta::minutes(1);
        // Days on which no clock is changed are walked by what is wanted of them, not by every minute.
        while changes.wall(at).time() == NaiveTime::MIN && !changes.changes_on(at) && at + TimeDelta::days(1) <= until {
            starts.extend(wanted.times_from(changes.wall(at)).map(|wall| (at + (wall - changes.wall(at)), wall, 0)));
            at += TimeDelta::days(1);
        }
    }
    starts
}

// ── the product ───────────────────────────────────────────────────────────────────────────────────────────────────

/// The schedule; none when the check refuses it, as one that never starts.
fn any_schedule(cron: &str, rest: &str) -> Option<Schedule> {
    let source = format!("schedule: s\nbot: b\ncron: \"{cron}\"\ntimezone: Europe/Stockholm\n{rest}");
    let context = Context::at(utc("2026-01-01T00:00:00Z"));
    Schedule::read(Path::new("schedules/s.yaml"), &source, context).ok()
}

fn schedule(cron: &str, rest: &str) -> Schedule {
    any_schedule(cron, rest).expect("the schedule is right")
}

fn starts(schedule: &Schedule, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, NaiveDateTime, u8)> {
    let all = schedule.nominal_times(after, until).into_iter();
    all.filter(Nominal::starts).map(|one| (one.utc, one.local, one.fold)).collect()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().expect("a time")
}

/// The window of `walk` counts its first minute, that of the product does not.
fn just_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::seconds(1)
}

// ── the claims ────────────────────────────────────────────────────────────────────────────────────────────────────

fn set(range: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    range.into_iter().collect()
}

fn every_day(minutes: BTreeSet<u32>, hours: BTreeSet<u32>) -> Wanted {
    Wanted { minutes, hours, days: set(1..=31), months: set(1..=12), weekdays: set(0..7) }
}

/// The weeks around both changes of one year, where all that is difficult happens.
fn difficult_weeks(year: i32) -> [(DateTime<Utc>, DateTime<Utc>); 2] {
    let week = TimeDelta::days(3);
    [last_sunday_at_one(year, 3), last_sunday_at_one(year, 10)].map(|change| (change - week, change + week))
}

fn some_of(range: std::ops::Range<u32>) -> impl Strategy<Value = BTreeSet<u32>> {
    let all: Vec<u32> = range.collect();
    let size = all.len();
    prop_oneof![
        1 => Just(all.iter().copied().collect()),
        3 => proptest::sample::subsequence(all, 1..=size.min(6)).prop_map(|few| few.into_iter().collect()),
    ]
}

fn any_wanted() -> impl Strategy<Value = Wanted> {
    (some_of(0..60), some_of(0..24), some_of(1..32), some_of(1..13), some_of(0..7))
        .prop_map(|(minutes, hours, days, months, weekdays)| Wanted { minutes, hours, days, months, weekdays })
}

/// Wanted times that are likely to lie in the hours that are lost or come twice.
fn wanted_on_change_days() -> impl Strategy<Value = Wanted> {
    (some_of(0..60), some_of(0..5), any::<bool>())
        .prop_map(|(minutes, hours, all_hours)| every_day(minutes, if all_hours { set(0..24) } else { hours }))
}

/// A second, or a full minute or hour: a restart at the very time of a start is the difficult one.
fn any_moment_of_twenty_days() -> impl Strategy<Value = i64> {
    let days = 20 * 86_400_i64;
    prop_oneof![0..days, (0..days / 60).prop_map(|minute| minute * 60), (0..days / 3600).prop_map(|hour| hour * 3600)]
}

const HOLIDAY_RULES: [&str; 4] = [
    "",
    "calendar: {country: SE, on_holiday: skip, closed: [2027-05-07]}\n",
    "calendar: {country: SE, on_holiday: previous_working_day}\n",
    "calendar: {country: SE, on_holiday: next_working_day, closed: [2026-12-28, 2026-12-29, 2026-12-30]}\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_agrees_with_the_walk_around_the_changes(
        wanted in prop_oneof![any_wanted(), wanted_on_change_days()],
        year in 2026..2076,
    ) {
        // A day and month that can't be is refused by the check, and has no times to compare.
        prop_assume!(wanted.days.iter().any(|day| *day <= 28));
        let schedule = schedule(&wanted.cron(), "");
        for (from, until) in difficult_weeks(year) {
            let ours = starts(&schedule, just_before(from), just_before(until));
            prop_assert_eq!(ours, walk(&wanted, from, until), "{}", wanted.cron());
        }
    }

    #[test]
    fn restarts_in_between_change_nothing(
        wanted in prop_oneof![any_wanted(), wanted_on_change_days()],
        rule in proptest::sample::select(HOLIDAY_RULES.to_vec()),
        day in 0..3650_i64,
        cuts in proptest::collection::vec(any_moment_of_twenty_days(), 0..6),
    ) {
        let from = utc("2026-03-20T00:00:00Z") + TimeDelta::days(day / 10 * 10);
        let until = from + TimeDelta::days(20);
        let Some(schedule) = any_schedule(&wanted.cron(), rule) else { return Ok(()) };
        let whole = schedule.nominal_times(from, until);
        let mut ends: Vec<_> = cuts.iter().map(|cut| from + TimeDelta::seconds(*cut)).chain([until]).collect();
        ends.sort();
        let mut pieces = Vec::new();
        let mut handled = from;
        for end in ends {
            pieces.extend(schedule.nominal_times(handled, end));
            handled = end;
        }
        prop_assert_eq!(pieces, whole);
    }
}

// ── holidays, against a walk over days ────────────────────────────────────────────────────────────────────────────

/// The days that are not worked in 2026–2028, from almanacs, typed by hand; Saturdays and Sundays besides.
const FREE: [&str; 43] = [
    "2026-01-01",
    "2026-01-06",
    "2026-04-03",
    "2026-04-05",
    "2026-04-06",
    "2026-05-01",
    "2026-05-14",
    "2026-05-24",
    "2026-06-06",
    "2026-06-19",
    "2026-06-20",
    "2026-10-31",
    "2026-12-24",
    "2026-12-25",
    "2026-12-26",
    "2026-12-31",
    "2027-01-01",
    "2027-01-06",
    "2027-03-26",
    "2027-03-28",
    "2027-03-29",
    "2027-05-01",
    "2027-05-06",
    "2027-05-16",
    "2027-06-06",
    "2027-06-25",
    "2027-06-26",
    "2027-11-06",
    "2027-12-24",
    "2027-12-25",
    "2027-12-26",
    "2027-12-31",
    "2028-01-01",
    "2028-01-06",
    "2028-04-14",
    "2028-04-16",
    "2028-04-17",
    "2028-05-01",
    "2028-05-25",
    "2028-06-04",
    "2028-06-06",
    "2028-06-23",
    "2028-06-24",
];

fn is_worked(date: NaiveDate) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    !weekend && !FREE.contains(&date.to_string().as_str())
}

/// The dates on which a schedule of each 25th starts, by walking day by day.
fn paydays(step: i64) -> Vec<NaiveDate> {
    let months = (0..30).map(|month| NaiveDate::from_ymd_opt(2026 + month / 12, month.unsigned_abs() % 12 + 1, 25));
    months
        .map(|date| {
            let mut date = date.expect("each month has a 25th");
            while !is_worked(date) {
                date += TimeDelta::days(step);
            }
            date
        })
        .collect()
}

#[test]
fn a_payday_moves_to_the_working_day_before_or_after() {
    let (from, until) = (utc("2026-01-01T00:00:00Z"), utc("2028-07-01T00:00:00Z"));
    for (rule, step) in [("previous_working_day", -1), ("next_working_day", 1)] {
        let schedule = schedule("0 0 6 25 * * *", &format!("calendar: {{country: SE, on_holiday: {rule}}}"));
        let dates: Vec<_> = starts(&schedule, from, until).into_iter().map(|(_, local, _)| local.date()).collect();
        assert_eq!(dates, paydays(step), "{rule}");
    }
}

#[test]
fn a_daily_schedule_starts_once_on_each_working_day_whatever_the_rule() {
    let (from, until) = (utc("2026-01-02T00:00:00Z"), utc("2028-06-30T12:00:00Z"));
    let first = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a date");
    let last = NaiveDate::from_ymd_opt(2028, 6, 30).expect("a date");
    let worked: Vec<_> = first.iter_days().take_while(|day| *day <= last).filter(|day| is_worked(*day)).collect();
    for rule in ["skip", "previous_working_day", "next_working_day"] {
        let schedule = schedule("0 0 6 * * * *", &format!("calendar: {{country: SE, on_holiday: {rule}}}"));
        let dates: Vec<_> = starts(&schedule, from, until).into_iter().map(|(_, local, _)| local.date()).collect();
        assert_eq!(dates, worked, "{rule}");
    }
}

#[test]
fn a_saturday_asked_for_by_name_starts_but_not_when_it_is_a_holiday() {
    let schedule = schedule("0 0 9 * * Sat *", "calendar: {country: SE, on_holiday: skip}");
    let times = schedule.nominal_times(utc("2026-06-12T00:00:00Z"), utc("2026-06-28T00:00:00Z"));
    let said: Vec<_> = times.iter().map(|one| (one.local.date().to_string(), one.starts())).collect();
    let expected = [("2026-06-13", true), ("2026-06-20", false), ("2026-06-27", true)];
    assert_eq!(said, expected.map(|(date, starts)| (date.to_owned(), starts)));
}

// ── the changes of the clock, one by one ──────────────────────────────────────────────────────────────────────────

fn told(schedule: &Schedule, after: &str, until: &str) -> String {
    let line = |one: Nominal| {
        let sign = if one.starts() { "start" } else { "  -  " };
        let remark = one.remark();
        format!("{sign} {} {} {} {remark}", one.local.format("%Y-%m-%d %H:%M"), one.fold, one.utc.format("%d %H:%MZ"))
    };
    let lines: Vec<_> = schedule.nominal_times(utc(after), utc(until)).into_iter().map(line).collect();
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_told_about_difficult_days_can_be_read() {
    let mut said = Vec::new();
    for (title, cron, rest, after, until) in [
        ("klockan fram, 02:30", "0 30 2 * * * *", "", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        (
            "klockan fram, 02:00, 02:30 och 03:00",
            "0 0,30 2,3 * * * *",
            "",
            "2026-03-29T00:00:00Z",
            "2026-03-29T02:00:00Z",
        ),
        ("klockan fram, varje timme", "0 30 * * * * *", "", "2026-03-28T23:00:00Z", "2026-03-29T03:00:00Z"),
        ("klockan tillbaka, 02:30", "0 30 2 * * * *", "", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
        ("klockan tillbaka, varje timme", "0 30 * * * * *", "", "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z"),
        (
            "påsk, nästa arbetsdag",
            "0 0 6 * * * *",
            "calendar: {country: SE, on_holiday: next_working_day}",
            "2026-04-02T12:00:00Z",
            "2026-04-08T12:00:00Z",
        ),
        (
            "lön den 25, föregående arbetsdag",
            "0 0 6 25 * * *",
            "calendar: {country: SE, on_holiday: previous_working_day}",
            "2026-12-01T12:00:00Z",
            "2027-01-31T12:00:00Z",
        ),
        (
            "jul, hoppa över",
            "0 0 6 * * Mon-Fri *",
            "calendar: {country: SE, on_holiday: skip, closed: [2026-12-23]}",
            "2026-12-22T12:00:00Z",
            "2026-12-28T12:00:00Z",
        ),
    ] {
        said.push(format!("--- {title}\n{}", told(&schedule(cron, rest), after, until)));
    }
    insta::assert_snapshot!("difficult_days", said.join("\n"));
}

#[test]
fn seconds_are_kept_also_in_the_hour_that_is_lost() {
    let schedule = schedule("15,45 59 1,2 * * * *", "");
    let times = starts(&schedule, utc("2026-03-29T00:00:00Z"), utc("2026-03-29T02:00:00Z"));
    let local: Vec<_> = times.into_iter().map(|(_, local, _)| local.time().to_string()).collect();
    assert_eq!(local, ["01:59:15", "01:59:45", "03:00:00"]);
}

#[test]
fn the_next_start_is_found_years_ahead_and_none_when_there_is_none() {
    let leap_day = schedule("0 0 6 29 2 * *", "");
    let next = leap_day.next_start(utc("2026-01-01T00:00:00Z")).expect("there is a leap day in 2028");
    assert_eq!(next.local, wall("2028-02-29T06:00:00"));
    let once = schedule("0 0 6 24 11 * 2026", "");
    assert_eq!(once.next_start(utc("2026-11-24T05:00:00Z")), None);
    assert!(once.next_start(utc("2026-11-24T04:59:59Z")).is_some());
}

// ── due ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// What is due at `now`, as wall time and verdict, of a schedule of every hour on weekdays.
fn due_hourly(rest: &str, last_handled: &str, now: &str) -> Vec<(String, Verdict)> {
    let schedule = schedule("0 0 6-18 * * Mon-Fri *", rest);
    let due = due(&schedule, utc(last_handled), utc(now));
    due.into_iter().map(|(one, verdict)| (one.local.format("%H:%M").to_string(), verdict)).collect()
}

fn fired(due: &[(String, Verdict)]) -> Vec<&str> {
    due.iter().filter(|(_, verdict)| *verdict == Verdict::Fire).map(|(time, _)| time.as_str()).collect()
}

#[test]
fn a_time_is_due_when_it_comes_and_never_again() {
    assert_eq!(due_hourly("", "2026-11-23T06:00:00Z", "2026-11-23T06:59:59Z"), []);
    let due = due_hourly("", "2026-11-23T06:59:59Z", "2026-11-23T07:00:00Z");
    assert_eq!(fired(&due), ["08:00"]);
    assert_eq!(due_hourly("", "2026-11-23T07:00:00Z", "2026-11-23T07:30:00Z"), []);
    // A clock that went backwards has nothing due.
    assert_eq!(due_hourly("", "2026-11-23T07:00:00Z", "2026-11-23T06:00:00Z"), []);
}

#[test]
fn of_the_missed_all_or_the_last_or_none_start() {
    let (last_handled, now) = ("2026-11-23T05:30:00Z", "2026-11-23T08:30:00Z");
    let all = due_hourly("missed: all", last_handled, now);
    assert_eq!(fired(&all), ["07:00", "08:00", "09:00"]);
    let last = due_hourly("missed: last", last_handled, now);
    assert_eq!(fired(&last), ["09:00"]);
    assert_eq!(last.len(), 3, "the others are told as missed");
    let none = due_hourly("missed: none", last_handled, now);
    assert!(fired(&none).is_empty());
    assert_eq!(none.len(), 3);
}

#[test]
fn none_still_starts_what_comes_on_time() {
    let due = due_hourly("missed: none", "2026-11-23T05:30:00Z", "2026-11-23T08:00:02Z");
    assert_eq!(fired(&due), ["09:00"]);
}

#[test]
fn later_than_max_late_does_not_start() {
    let (last_handled, now) = ("2026-11-23T05:30:00Z", "2026-11-23T08:30:00Z");
    assert_eq!(fired(&due_hourly("missed: all\nmax_late: 2h", last_handled, now)), ["08:00", "09:00"]);
    assert!(fired(&due_hourly("missed: last\nmax_late: 20m", last_handled, now)).is_empty());
}

#[test]
fn the_reasons_of_what_does_not_start_are_told_in_swedish() {
    let due = due_hourly("missed: last\nmax_late: 2h", "2026-11-23T05:30:00Z", "2026-11-23T08:30:00Z");
    let reasons: Vec<_> = due
        .iter()
        .map(|(time, verdict)| match verdict {
            Verdict::Fire => format!("{time} startar"),
            Verdict::Missed { reason } => format!("{time} {reason}"),
            Verdict::Skipped { reason } => format!("{time} {reason}"),
        })
        .collect();
    insta::assert_snapshot!(reasons.join("\n"), @r"
    07:00 2h30m för sent, max_late är 2h
    08:00 en senare tid startar i stället
    09:00 startar
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_missed_all_each_start_fires_once_whenever_the_scheduler_was_down(
        wanted in wanted_on_change_days(),
        year in 2026..2076,
        wakes in proptest::collection::vec(0..6 * 86_400_i64, 0..12),
    ) {
        let schedule = schedule(&wanted.cron(), "missed: all");
        for (from, until) in difficult_weeks(year) {
            let mut wakes: Vec<_> = wakes.iter().map(|second| from + TimeDelta::seconds(*second)).chain([until]).collect();
            wakes.sort();
            let mut handled = just_before(from);
            let mut fired = Vec::new();
            for now in wakes {
                let now = now.max(handled);
                let fires = due(&schedule, handled, now).into_iter().filter(|(_, verdict)| *verdict == Verdict::Fire);
                fired.extend(fires.map(|(one, _)| one));
                handled = now;
            }
            let expected: Vec<_> = walk(&wanted, from, until + TimeDelta::seconds(1));
            let fired: Vec<_> = fired.into_iter().map(|one| (one.utc, one.local, one.fold)).collect();
            prop_assert_eq!(fired, expected);
        }
    }
}

#[test]
fn every_skipped_time_says_why() {
    let schedule = schedule("0 0 6 * * * *", "calendar: {country: SE, on_holiday: skip}");
    let times = schedule.nominal_times(utc("2026-12-22T00:00:00Z"), utc("2027-01-08T00:00:00Z"));
    assert_eq!(times.len(), 17, "one row for each day");
    for one in times {
        assert_eq!(one.starts(), is_worked(one.local.date()), "{one:?}");
        assert!(matches!(one.fate, Fate::Starts(_)) || !one.remark().is_empty());
    }
}
