//! What a schedule file means, and everything that is wrong with it, in Swedish: `kollega check` and every start.
//!
//! Shape first, then meaning; both are told at once as far as the file can be read. The file is read by the caller.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_saphyr::Spanned;

use super::cron_expression::CronProblem;
use super::read::{Shape, column_of, line_of, line_of_field, nearest, read_shape, word_length};
use super::written::{Missed, WrittenAlert, WrittenCalendar, WrittenSchedule};
use super::{Alert, AlertOn, CronExpression, HolidayRule, Schedule, parse_duration};
use crate::calendar::Calendar;
use crate::problem::Problem;

/// What a check must know besides the file.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The time now: a schedule whose last time has passed is warned about.
    pub now: DateTime<Utc>,
    /// The bots there are; none when that is not to be checked.
    pub bots: Option<&'a [String]>,
}

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
    let holidays = written.calendar.as_ref().and_then(|it| read_calendar(it, weekends_as_written, report));
    let max_late = read_duration(written.max_late.as_ref(), report);
    let max_runtime = read_duration(written.max_runtime.as_ref(), report);
    let alert = written.alert.as_ref().and_then(|alert| read_alert(alert, report));
    let pause_after = read_pause_after(written.pause_after.as_ref(), report);
    warn_of_useless_limit(written, report);
    // Up to here everything is read, whatever is missing, so that all faults are told at once.
    let schedule = Schedule {
        name: name?.value.clone(),
        bot: bot?.value.clone(),
        cron: cron?,
        timezone,
        holidays,
        missed: written.missed.as_ref().map(|missed| missed.value).unwrap_or_default(),
        max_late,
        overlap: written.overlap.unwrap_or_default(),
        max_runtime,
        alert,
        pause_after,
    };
    check_that_it_fires(&schedule, cron_text?, context.now, report);
    Some(schedule)
}

/// The fields that must be there; one that is there but could not be read is not told again.
fn required<'a>(shape: &'a Shape, report: &mut Report<'_>) -> [Option<&'a Spanned<String>>; 3] {
    let WrittenSchedule { schedule, bot, cron, .. } = &shape.written;
    for (field, name, example) in [
        (schedule, "schedule", "schedule: ekonomiskt-bistand-vardagar"),
        (bot, "bot", "bot: ekonomiskt-bistand"),
        (cron, "cron", "cron: \"0 0 6-18 * * Mon-Fri *\""),
    ] {
        if field.is_none() && !shape.faulty(report.source, name) {
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

fn read_calendar(
    calendar: &Spanned<WrittenCalendar>,
    weekends_as_written: bool,
    report: &mut Report<'_>,
) -> Option<HolidayRule> {
    let closed = calendar.value.closed.iter().flatten();
    let closed: BTreeSet<NaiveDate> = closed.filter_map(|day| read_closed_day(day, report)).collect();
    if calendar.value.country.is_none() {
        report.wrong(calendar, "kalendern saknar land".to_owned(), "skriv calendar: {country: SE, on_holiday: skip}");
        return None;
    }
    let on_holiday = calendar.value.on_holiday.unwrap_or_default();
    Some(HolidayRule { calendar: Calendar::sweden(closed), on_holiday, weekends_as_written })
}

fn read_closed_day(day: &Spanned<String>, report: &mut Report<'_>) -> Option<NaiveDate> {
    let date = day.value.parse().ok();
    if date.is_none() {
        report.wrong(day, format!("\"{}\" är inget datum", day.value), "skriv ett datum som 2026-05-15");
    }
    date
}

fn read_duration(text: Option<&Spanned<String>>, report: &mut Report<'_>) -> Option<TimeDelta> {
    let text = text?;
    let duration = parse_duration(&text.value);
    if duration.is_none() {
        let hint = "skriv ett tal med enhet: 90s, 30m, 2h, 1d eller 1h30m";
        report.wrong(text, format!("\"{}\" är ingen tidslängd", text.value), hint);
    }
    duration
}

fn read_alert(alert: &Spanned<WrittenAlert>, report: &mut Report<'_>) -> Option<Alert> {
    let Some(mail) = &alert.value.mail else {
        report.wrong(alert, "larmet saknar e-postadress".to_owned(), "lägg till mail: drift@example.se");
        return None;
    };
    let known = mail.value.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'));
    if !known || mail.value.contains(char::is_whitespace) {
        report.wrong(mail, format!("\"{}\" är ingen e-postadress", mail.value), "skriv en adress som drift@example.se");
    }
    let on: BTreeSet<AlertOn> = alert.value.on.clone().unwrap_or(AlertOn::ALL.to_vec()).into_iter().collect();
    Some(Alert { mail: mail.value.clone(), on: on.into_iter().collect() })
}

fn read_pause_after(runs: Option<&Spanned<u32>>, report: &mut Report<'_>) -> Option<u32> {
    let runs = runs?;
    if runs.value == 0 {
        let hint = "skriv ett antal från 1, eller ta bort fältet: då pausar schemat aldrig";
        report.wrong(runs, "pause_after kan inte vara 0".to_owned(), hint);
    }
    Some(runs.value)
}

fn warn_of_useless_limit(written: &WrittenSchedule, report: &mut Report<'_>) {
    let none = written.missed.as_ref().is_some_and(|missed| missed.value == Missed::None);
    if let Some(limit) = written.max_late.as_ref().filter(|_| none) {
        let message = "max_late har ingen verkan med missed: none, som inte tar igen något".to_owned();
        report.doubt(limit, message, "ta bort max_late, eller skriv missed: last");
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
    if schedule.holidays.is_some() && first.iter_days().take(366 * 131).any(|date| schedule.cron.includes(date)) {
        let hint = "alla dess dagar är lediga; skriv on_holiday: next_working_day för att starta dagen efter";
        return report.wrong(cron, "schemat startar aldrig: kalendern hoppar över alla dess tider".to_owned(), hint);
    }
    let hint = "inget datum har både den dagen, månaden, veckodagen och det året";
    report.wrong(cron, "schemat startar aldrig".to_owned(), hint);
}

/// What was found in one file.
struct Report<'a> {
    file: &'a Path,
    source: &'a str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Report<'_> {
    fn missing(&mut self, name: &str, example: &str) {
        let problem = match line_of_field(self.source, name) {
            None => Problem::at(self.file, 1, 1, format!("fältet {name} saknas")),
            Some(line) => Problem::at(self.file, line, 1, format!("fältet {name} är tomt")).length(name.len()),
        };
        self.problems.push(problem.hint(format!("det ska stå t.ex. {example}")));
    }

    fn wrong<T>(&mut self, at: &Spanned<T>, message: String, hint: impl Into<String>) {
        let problem = self.problem(at, message).hint(hint);
        self.problems.push(problem);
    }

    fn doubt<T>(&mut self, at: &Spanned<T>, message: String, hint: impl Into<String>) {
        let warning = self.problem(at, message).hint(hint);
        self.warnings.push(warning);
    }

    fn problem<T>(&self, at: &Spanned<T>, message: String) -> Problem {
        let (line, column) = (line_of(at.referenced), column_of(at.referenced));
        Problem::at(self.file, line, column, message).length(word_length(self.source, line, column))
    }

    /// A fault in a part of the cron text, underlined where the text stands in one line as it was read.
    fn wrong_in_cron(&mut self, text: &Spanned<String>, fault: CronProblem) {
        let whole = self.problem(text, fault.message);
        let line: Vec<char> =
            self.source.lines().nth(whole.line.saturating_sub(1)).unwrap_or_default().chars().collect();
        let quote = usize::from(matches!(line.get(whole.column.saturating_sub(1)), Some('"' | '\'')));
        let shown: String =
            line.iter().skip(whole.column.saturating_sub(1) + quote).take(text.value.chars().count()).collect();
        let column = whole.column + quote + fault.offset;
        let problem =
            if shown == text.value { Problem { column, length: fault.length.max(1), ..whole } } else { whole };
        self.problems.push(problem.hint(fault.hint));
    }
}
