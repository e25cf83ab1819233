//! What a schedule file means, and everything that is wrong with it, in Swedish: `kollega check` and every start.
//!
//! Shape first, then meaning; both are told at once as far as the file can be read. The file is read by the caller.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_saphyr::Spanned;

use super::read::{Shape, nearest, read_shape};
use super::report::Report;
use super::written::{Missed, Overlap, WrittenAlert, WrittenCalendar, WrittenExpect, WrittenSchedule};
use super::{
    Alert, AlertOn, CronExpression, Expect, HolidayRule, PaydayRule, Schedule, ScriptVersion, Triggers, parse_duration,
    trigger,
};
use crate::calendar::{Calendar, ClosedDays};
use crate::problem::Problem;

/// What a check must know besides the file.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time now: a schedule whose last time has passed is warned about.
    pub now: DateTime<Utc>,
    /// The bots there are; none when that is not to be checked.
    pub bots: Option<&'a [String]>,
    /// The installation's calendar; the plain Swedish one when none.
    pub calendar: Option<&'a Calendar>,
}

impl Context<'_> {
    /// At this time, with the plain Swedish calendar and whatever bots there may be.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, bots: None, calendar: None }
    }
}

/// How long a run that was asked to stop may take for it, where nothing else is said.
const STOP_GRACE: TimeDelta = TimeDelta::minutes(5);
/// More working days than a payday is ever planned ahead.
const MOST_DAYS_FROM_PAYDAY: u32 = 20;

/// What came of a check.
#[derive(Debug)]
pub struct Checked {
    /// The schedule, when nothing is wrong with it.
    pub schedule: Option<Schedule>,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// What is allowed but hardly meant, in the order of the file.
    pub warnings: Vec<Problem>,
}

impl Schedule {
    /// Reads the schedule in `source`, the text of `file`; warnings are not told here.
    pub fn read(file: &Path, source: &str, context: Context<'_>) -> Result<Self, Vec<Problem>> {
        let checked = check(file, source, context);
        checked.schedule.ok_or(checked.problems)
    }
}

/// Reads the schedule in `source`, the text of `file`, and tells everything that is wrong with it.
pub fn check(file: &Path, source: &str, context: Context<'_>) -> Checked {
    let mut shape = read_shape(file, source);
    let mut report = Report { file, source, problems: std::mem::take(&mut shape.problems), warnings: Vec::new() };
    let schedule = shape.complete.then(|| meaning(&shape, context, &mut report)).flatten();
    report.problems.sort_by_key(|problem| (problem.line, problem.column));
    report.warnings.sort_by_key(|problem| (problem.line, problem.column));
    let schedule = schedule.filter(|_| report.problems.is_empty());
    Checked { schedule, problems: report.problems, warnings: report.warnings }
}

fn meaning(shape: &Shape, context: Context<'_>, report: &mut Report<'_>) -> Option<Schedule> {
    let written = &shape.written;
    let [name, bot, cron_text] = required(shape, report);
    if let Some(name) = name {
        check_name(name, report);
    }
    if let Some(bot) = bot {
        check_bot(bot, context, report);
    }
    let cron = cron_text.and_then(|text| read_cron(text, report));
    let timezone = read_timezone(written.timezone.as_ref(), report);
    let weekends_as_written = cron.as_ref().is_some_and(|cron| !cron.every_weekday());
    let days = written.calendar.as_ref().and_then(|it| read_calendar(it, weekends_as_written, context, report));
    let max_late = read_duration(written.max_late.as_ref(), report);
    let max_runtime = read_duration(written.max_runtime.as_ref(), report);
    let stop_grace = read_duration(written.stop_grace.as_ref(), report);
    let alert = written.alert.as_ref().and_then(|alert| read_alert(alert, report));
    let pause_after = read_pause_after(written.pause_after.as_ref(), report);
    let version = read_version(written.version.as_ref(), report);
    let (own_name, own_bot) = (name.map(|name| name.value.as_str()), bot.map(|bot| bot.value.as_str()));
    let triggers = trigger::read(written.start_on.as_ref(), own_name, own_bot, report);
    check_other_bot(written, &triggers, context, report);
    warn_of_useless_limits(written, report);
    // Up to here everything is read, whatever is missing, so that all faults are told at once.
    let schedule = Schedule {
        name: name?.value.clone(),
        bot: bot?.value.clone(),
        cron: match cron_text {
            Some(_) => Some(cron?),
            None => None,
        },
        timezone,
        paydays: days.as_ref().and_then(|(_, paydays)| *paydays),
        holidays: days.map(|(holidays, _)| holidays),
        missed: written.missed.as_ref().map(|missed| missed.value).unwrap_or_default(),
        max_late,
        overlap: written.overlap.unwrap_or_default(),
        max_runtime,
        stop_grace: stop_grace.unwrap_or(STOP_GRACE),
        alert,
        pause_after,
        version,
        triggers,
    };
    if let Some(cron) = cron_text {
        check_that_it_fires(&schedule, cron, context.now, report);
    }
    Some(schedule)
}

/// The fields that must be there; one that is there but could not be read is not told again.
fn required<'a>(shape: &'a Shape, report: &mut Report<'_>) -> [Option<&'a Spanned<String>>; 3] {
    let WrittenSchedule { schedule, bot, cron, start_on, .. } = &shape.written;
    let other_start = start_on.is_some() || shape.faulty(report.source, "start_on");
    for (field, name, example) in [
        (schedule, "schedule", "schedule: ekonomiskt-bistand-vardagar"),
        (bot, "bot", "bot: ekonomiskt-bistand"),
        (cron, "cron", "cron: \"0 0 6-18 * * Mon-Fri *\""),
    ] {
        let left_out = name == "cron" && other_start;
        if field.is_none() && !left_out && !shape.faulty(report.source, name) {
            report.missing(name, example);
        }
    }
    [schedule.as_ref(), bot.as_ref(), cron.as_ref()]
}

fn check_name(name: &Spanned<String>, report: &mut Report<'_>) {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if name.value.is_empty() || !name.value.chars().all(allowed) {
        let hint = "namnet består av bokstäver, siffror, - och _, t.ex. ekonomiskt-bistand-vardagar";
        return report.wrong(name, format!("schemats namn kan inte vara \"{}\"", name.value), hint);
    }
    let stem = report.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    if stem != name.value {
        let hint = format!("skriv schedule: {stem} eller döp om filen till {}.yaml", name.value);
        report.wrong(name, format!("schemat heter {} men filen {stem}.yaml", name.value), hint);
    }
}

/// The bots that the triggers name.
fn check_other_bot(written: &WrittenSchedule, triggers: &Triggers, context: Context<'_>, report: &mut Report<'_>) {
    let Some(start_on) = &written.start_on else { return };
    let queue = start_on.value.queue.as_ref().and_then(|queue| queue.value.bot.as_ref());
    let after = start_on.value.after.as_ref().and_then(|after| after.value.bot.as_ref());
    for bot in queue.into_iter().chain(after.filter(|_| triggers.after.is_some())) {
        check_bot(bot, context, report);
    }
}

fn check_bot(bot: &Spanned<String>, context: Context<'_>, report: &mut Report<'_>) {
    let Some(bots) = context.bots.filter(|bots| !bots.contains(&bot.value)) else { return };
    let names: Vec<&str> = bots.iter().map(String::as_str).collect();
    let hint = match nearest(&bot.value, &names) {
        Some(near) => format!("menades {near}?"),
        None if names.is_empty() => "mappen bots/ har inga robotar".to_owned(),
        None => format!("robotar som finns: {}", names.join(", ")),
    };
    report.wrong(bot, format!("roboten {} finns inte", bot.value), hint);
}

fn read_cron(text: &Spanned<String>, report: &mut Report<'_>) -> Option<CronExpression> {
    match CronExpression::parse(&text.value) {
        Ok(cron) => {
            if !cron.every_day_of_month() && !cron.every_weekday() {
                report.doubt(
                    text,
                    "både dag i månaden och veckodag är angivna: schemat startar bara de dagar då båda stämmer"
                        .to_owned(),
                    "sätt * i ett av fälten om det ena räcker",
                );
            }
            Some(cron)
        }
        Err(problems) => {
            for problem in problems {
                report.wrong_in_cron(text, problem);
            }
            None
        }
    }
}

fn read_timezone(zone: Option<&Spanned<String>>, report: &mut Report<'_>) -> Tz {
    let Some(zone) = zone else { return Tz::Europe__Stockholm };
    zone.value.parse().unwrap_or_else(|_| {
        let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
        let hint = match nearest(&zone.value, &names) {
            Some(near) => format!("menades {near}?"),
            None => "skriv en tidszon som Europe/Stockholm".to_owned(),
        };
        report.wrong(zone, format!("okänd tidszon: {}", zone.value), hint);
        Tz::Europe__Stockholm
    })
}

/// What the schedule does on days off, and which days about a payday it means.
fn read_calendar(
    written: &Spanned<WrittenCalendar>,
    weekends_as_written: bool,
    context: Context<'_>,
    report: &mut Report<'_>,
) -> Option<(HolidayRule, Option<PaydayRule>)> {
    let mut calendar = context.calendar.cloned().unwrap_or_default();
    let closed = written.value.closed.iter().flatten();
    calendar.closed.extend(closed.filter_map(|days| read_closed_days(days, report)));
    if let Some(eves) = &written.value.eves {
        calendar.eves.clone_from(eves);
    }
    if written.value.payday.is_some() || written.value.paydays.is_some() {
        calendar.payday = written.value.payday.as_ref().and_then(|day| read_payday(day, report));
        let listed = written.value.paydays.iter().flatten();
        calendar.paydays = listed.filter_map(|day| read_date(day, report)).collect();
    }
    let paydays = read_payday_rule(written, &calendar, report);
    if written.value.country.is_none() {
        report.wrong(written, "kalendern saknar land".to_owned(), "skriv calendar: {country: SE, on_holiday: skip}");
        return None;
    }
    let on_holiday = written.value.on_holiday.unwrap_or_default();
    Some((HolidayRule { calendar, on_holiday, weekends_as_written }, paydays))
}

fn read_closed_days(days: &Spanned<String>, report: &mut Report<'_>) -> Option<ClosedDays> {
    match days.value.parse() {
        Ok(days) => Some(days),
        Err(why) => {
            report.wrong(days, why, "skriv 2026-05-15, 2026-05-15 klämdag eller 2026-12-28..2026-12-30 mellandagar");
            None
        }
    }
}

fn read_date(day: &Spanned<String>, report: &mut Report<'_>) -> Option<NaiveDate> {
    let date = day.value.parse().ok();
    if date.is_none() {
        report.wrong(day, format!("\"{}\" är inget datum", day.value), "skriv ett datum som 2026-05-15");
    }
    date
}

fn read_payday(day: &Spanned<u32>, report: &mut Report<'_>) -> Option<u32> {
    if !(1..=31).contains(&day.value) {
        let hint = "skriv en dag i månaden, 1–31; en månad som inte har den betalar sin sista dag";
        report.wrong(day, format!("utbetalningsdagen kan inte vara {}", day.value), hint);
        return None;
    }
    Some(day.value)
}

fn read_payday_rule(
    written: &Spanned<WrittenCalendar>,
    calendar: &Calendar,
    report: &mut Report<'_>,
) -> Option<PaydayRule> {
    let (days, rule) = match (&written.value.before_payday, &written.value.after_payday) {
        (None, None) => return None,
        (Some(days), None) => (days, PaydayRule::Before(days.value)),
        (None, Some(days)) => (days, PaydayRule::After(days.value)),
        (Some(_), Some(days)) => {
            let hint = "ta bort det ena; två scheman kan starta samma robot";
            report.wrong(days, "before_payday och after_payday kan inte stå i samma schema".to_owned(), hint);
            return None;
        }
    };
    if days.value > MOST_DAYS_FROM_PAYDAY {
        let message = format!("{} arbetsdagar från utbetalningsdagen är för många", days.value);
        report.wrong(days, message, format!("skriv ett antal från 0 till {MOST_DAYS_FROM_PAYDAY}"));
    }
    if !calendar.has_paydays() {
        let hint =
            "skriv payday: 27 eller paydays: [2026-12-18] i schemats kalender, eller under [calendar] i kollega.toml";
        report.wrong(days, "kalendern har inga utbetalningsdagar".to_owned(), hint);
        return None;
    }
    Some(rule)
}

fn read_version(version: Option<&Spanned<String>>, report: &mut Report<'_>) -> ScriptVersion {
    let Some(version) = version else { return ScriptVersion::default() };
    version.value.parse().unwrap_or_else(|()| {
        let hint = "skriv newest, newest_approved, eller minst åtta tecken ur en version i `kollega bots`";
        report.wrong(version, format!("\"{}\" är ingen version", version.value), hint);
        ScriptVersion::default()
    })
}

pub(super) fn read_duration(text: Option<&Spanned<String>>, report: &mut Report<'_>) -> Option<TimeDelta> {
    let text = text?;
    let duration = parse_duration(&text.value);
    if duration.is_none() {
        let hint = "skriv ett tal med enhet: 90s, 30m, 2h, 1d eller 1h30m";
        report.wrong(text, format!("\"{}\" är ingen tidslängd", text.value), hint);
    }
    duration
}

fn read_alert(alert: &Spanned<WrittenAlert>, report: &mut Report<'_>) -> Option<Alert> {
    let expect = alert.value.expect.as_ref().and_then(|expect| read_expect(expect, report));
    let on: BTreeSet<AlertOn> = alert.value.on.clone().unwrap_or(AlertOn::ALL.to_vec()).into_iter().collect();
    let on = on.into_iter().collect();
    let Some(mail) = &alert.value.mail else {
        if expect.is_some() {
            return Some(Alert { mail: String::new(), on, expect });
        }
        report.wrong(alert, "larmet saknar e-postadress".to_owned(), "lägg till mail: drift@example.se");
        return None;
    };
    let known = mail.value.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    if !known || mail.value.contains(char::is_whitespace) {
        report.wrong(mail, format!("\"{}\" är ingen e-postadress", mail.value), "skriv en adress som drift@example.se");
    }
    Some(Alert { mail: mail.value.clone(), on, expect })
}

fn read_expect(expect: &Spanned<WrittenExpect>, report: &mut Report<'_>) -> Option<Expect> {
    let example = "skriv t.ex. expect: {by: \"09:00\", at_least: 20}";
    let Some(by) = &expect.value.by else {
        report.wrong(expect, "expect saknar klockslaget by".to_owned(), example);
        return None;
    };
    let Ok(time) = chrono::NaiveTime::parse_from_str(&by.value, "%H:%M") else {
        report.wrong(by, format!("\"{}\" är inget klockslag", by.value), example);
        return None;
    };
    Some(Expect { by: time, at_least: expect.value.at_least.as_ref().map_or(0, |count| count.value) })
}

fn read_pause_after(runs: Option<&Spanned<u32>>, report: &mut Report<'_>) -> Option<u32> {
    let runs = runs?;
    if runs.value == 0 {
        let hint = "skriv ett antal från 1, eller ta bort fältet: då pausar schemat aldrig";
        report.wrong(runs, "pause_after kan inte vara 0".to_owned(), hint);
    }
    Some(runs.value)
}

fn warn_of_useless_limits(written: &WrittenSchedule, report: &mut Report<'_>) {
    let none = written.missed.as_ref().is_some_and(|missed| missed.value == Missed::None);
    if let Some(limit) = written.max_late.as_ref().filter(|_| none) {
        let message = "max_late har ingen verkan med missed: none, som inte tar igen något".to_owned();
        report.doubt(limit, message, "ta bort max_late, eller skriv missed: last");
    }
    let in_the_way = written.overlap.unwrap_or_default() != Overlap::Allow;
    if let Some(all) = written.missed.as_ref().filter(|missed| missed.value == Missed::All && in_the_way) {
        let message = "de missade starterna står i vägen för varandra: alla kommer på en gång".to_owned();
        report.doubt(all, message, "skriv overlap: allow, eller missed: last");
    }
    if let Some(grace) = written.stop_grace.as_ref().filter(|_| written.max_runtime.is_none()) {
        let message = "stop_grace har ingen verkan utan max_runtime".to_owned();
        report.doubt(grace, message, "ta bort stop_grace, eller skriv max_runtime: 1h");
    }
}

fn check_that_it_fires(schedule: &Schedule, cron: &Spanned<String>, now: DateTime<Utc>, report: &mut Report<'_>) {
    let today = now.with_timezone(&schedule.timezone).date_naive();
    let ever = |from: NaiveDate| schedule.first_live_date(from);
    if ever(today).is_some() {
        return;
    }
    let first = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
    if ever(first).is_some() {
        let message = "schemat startar aldrig mer: den sista tiden har passerat".to_owned();
        return report.doubt(cron, message, "ändra årtalet, eller ta bort schemat");
    }
    if schedule.holidays.is_some() && first.iter_days().take(366 * 131).any(|date| schedule.names(date)) {
        let hint = "alla dess dagar är lediga; skriv on_holiday: next_working_day för att starta dagen efter";
        return report.wrong(cron, "schemat startar aldrig: kalendern hoppar över alla dess tider".to_owned(), hint);
    }
    if schedule.paydays.is_some() {
        let hint = "ingen utbetalningsdag ger en dag som cron nämner; skriv * för dag, månad och veckodag";
        return report.wrong(cron, "schemat startar aldrig".to_owned(), hint);
    }
    let hint = "inget datum har både den dagen, månaden, veckodagen och det året";
    report.wrong(cron, "schemat startar aldrig".to_owned(), hint);
}
