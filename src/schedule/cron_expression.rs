//! The seven cron fields: read with Swedish explanations, and asked which dates and times of day they name.
//!
//! The cron crate parses; placing the times in a time zone is not done here (and not by the crate, whose answers at
//! the changes of daylight saving time can't be used). Numeric weekdays are refused: the crate counts from Sunday = 1,
//! other crons from Monday = 1 or Sunday = 0, and nobody notices until the robot runs on the wrong day.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime};
use cron::TimeUnitSpec;

/// A cron expression of seven fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpression {
    fields: cron::Schedule,
}

/// Something wrong in a cron expression: which characters of it, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronProblem {
    /// How many characters stand before the wrong part.
    pub offset: usize,
    /// How many characters the wrong part has.
    pub length: usize,
    pub message: String,
    pub hint: String,
}

/// The seven fields in their order: what they are called and what may stand there.
const FIELDS: [(&str, &str); 7] = [
    ("sekund", "0–59"),
    ("minut", "0–59"),
    ("timme", "0–23"),
    ("dag i månaden", "1–31"),
    ("månad", "1–12 eller Jan–Dec"),
    ("veckodag", "Mon, Tue, Wed, Thu, Fri, Sat, Sun"),
    ("år", "1970–2100"),
];
const WEEKDAY: usize = 5;
const FIELD_ORDER: &str = "fälten är: sekund minut timme dag-i-månaden månad veckodag år";

impl CronExpression {
    /// Reads `text`; everything that is wrong with it is told at once.
    pub fn parse(text: &str) -> Result<Self, Vec<CronProblem>> {
        let words = words(text);
        if words.len() != FIELDS.len() {
            return Err(vec![wrong_number_of_fields(text, &words)]);
        }
        let problems: Vec<_> = words.iter().enumerate().filter_map(|(i, word)| field_problem(i, *word)).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let fields = cron::Schedule::from_str(text).map_err(|error| vec![whole(text, &error.to_string())])?;
        Ok(Self { fields })
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        self.fields.source()
    }

    /// Whether the hour field is `*`: such a schedule follows elapsed time, not the clock on the wall.
    pub fn every_hour(&self) -> bool {
        self.fields.hours().is_all()
    }

    /// Whether the weekday field is `*`, so that no weekday was asked for by name.
    pub fn every_weekday(&self) -> bool {
        self.fields.days_of_week().is_all()
    }

    /// Whether the field for the day of the month is `*`.
    pub fn every_day_of_month(&self) -> bool {
        self.fields.days_of_month().is_all()
    }

    /// Whether the date fields name `date`: year, month, day of the month and weekday must all agree.
    pub fn includes(&self, date: NaiveDate) -> bool {
        u32::try_from(date.year()).is_ok_and(|year| self.fields.years().includes(year))
            && self.fields.months().includes(date.month())
            && self.fields.days_of_month().includes(date.day())
            && self.fields.days_of_week().includes(date.weekday().number_from_sunday())
    }

    /// The times of day that the time fields name, earliest first.
    pub fn times_of_day(&self) -> impl Iterator<Item = NaiveTime> + '_ {
        self.times_within(0..=23)
    }

    /// Those of them that are in these hours.
    pub fn times_within(&self, hours: RangeInclusive<u32>) -> impl Iterator<Item = NaiveTime> + '_ {
        let hours = self.fields.hours().iter().filter(move |hour| hours.contains(hour));
        hours.flat_map(move |hour| {
            self.fields.minutes().iter().flat_map(move |minute| {
                self.fields.seconds().iter().filter_map(move |second| NaiveTime::from_hms_opt(hour, minute, second))
            })
        })
    }

    /// The last date that any cron expression can name.
    pub fn last_date() -> NaiveDate {
        NaiveDate::from_ymd_opt(2100, 12, 31).expect("a date")
    }
}

/// A field as it stands in the text.
#[derive(Clone, Copy)]
struct Word<'a> {
    offset: usize,
    text: &'a str,
}

impl Word<'_> {
    fn problem(self, message: String, hint: String) -> CronProblem {
        CronProblem { offset: self.offset, length: self.text.chars().count(), message, hint }
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    text.split_whitespace()
        .map(|word| {
            let bytes = word.as_ptr().addr() - text.as_ptr().addr();
            Word { offset: text[..bytes].chars().count(), text: word }
        })
        .collect()
}

fn whole(text: &str, message: &str) -> CronProblem {
    let message = format!("cron-uttrycket går inte att läsa: {message}");
    CronProblem { offset: 0, length: text.chars().count(), message, hint: FIELD_ORDER.to_owned() }
}

fn wrong_number_of_fields(text: &str, words: &[Word<'_>]) -> CronProblem {
    let fields: Vec<&str> = words.iter().map(|word| word.text).collect();
    let suggestion = match fields.as_slice() {
        [minute, hour, day, month, weekday] => {
            let weekday = named_weekdays(weekday, Numbering::Unix).unwrap_or_else(|| (*weekday).to_owned());
            format!("; med fem fält (utan sekund och år) motsvarar det \"0 {minute} {hour} {day} {month} {weekday} *\"")
        }
        six if six.len() == 6 => format!("; menades alla år: \"{} *\"", fields.join(" ")),
        _ => String::new(),
    };
    let number = if words.len() == 1 { "ett fält".to_owned() } else { format!("{} fält", words.len()) };
    CronProblem {
        offset: 0,
        length: text.chars().count(),
        message: format!("cron ska ha sju fält, här är {number}"),
        hint: format!("{FIELD_ORDER}; både dag i månaden och veckodag måste stå där, * betyder alla{suggestion}"),
    }
}

fn field_problem(index: usize, word: Word<'_>) -> Option<CronProblem> {
    if index == WEEKDAY && has_numeric_weekday(word.text) {
        return Some(numeric_weekday(word));
    }
    if parses_as(index, word.text) {
        return None;
    }
    let (name, allowed) = FIELDS[index];
    let hint = swedish_weekdays(index, word.text).or_else(|| backward_range(index, word.text)).unwrap_or_else(|| {
        format!("tillåtet är {allowed}, * för alla, listor med komma, intervall med - och steg med /")
    });
    Some(word.problem(format!("fältet {name} kan inte vara \"{}\"", word.text), hint))
}

fn has_numeric_weekday(field: &str) -> bool {
    field.split(',').any(|part| part.split('/').next().is_some_and(|days| days.contains(|c: char| c.is_ascii_digit())))
}

fn numeric_weekday(word: Word<'_>) -> CronProblem {
    let hint = match (named_weekdays(word.text, Numbering::Unix), named_weekdays(word.text, Numbering::Crate)) {
        (Some(unix), Some(own)) => {
            format!("skriv veckodagar med namn: \"{unix}\" om 1 är måndag, \"{own}\" om 1 är söndag")
        }
        (Some(unix), None) => format!("skriv veckodagar med namn: \"{unix}\" om 1 är måndag"),
        _ => "skriv veckodagar med namn: Mon, Tue, Wed, Thu, Fri, Sat, Sun".to_owned(),
    };
    let message = "veckodagar skrivs inte med siffror: 1 är måndag i somliga program och söndag i andra";
    word.problem(message.to_owned(), hint)
}

/// How a number stands for a weekday.
#[derive(Clone, Copy)]
enum Numbering {
    /// 0 and 7 are Sunday, 1 is Monday, as in Unix.
    Unix,
    /// 1 is Sunday, 7 is Saturday, as in Quartz and the cron crate.
    Crate,
}

/// A weekday field with each number replaced by a name; none when a number is not a weekday.
fn named_weekdays(field: &str, numbering: Numbering) -> Option<String> {
    let days = |days: &str| days.split('-').map(|day| weekday_name(day, numbering)).collect::<Option<Vec<_>>>();
    let part = |part: &str| match part.split_once('/') {
        Some((range, step)) => days(range).map(|range| format!("{}/{step}", range.join("-"))),
        None => days(part).map(|range| range.join("-")),
    };
    field.split(',').map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
}

fn weekday_name(day: &str, numbering: Numbering) -> Option<String> {
    const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let Ok(number) = day.parse::<usize>() else { return Some(day.to_owned()) };
    let index = match numbering {
        Numbering::Unix if number <= 7 => number % 7,
        Numbering::Crate if (1..=7).contains(&number) => number - 1,
        _ => return None,
    };
    Some(NAMES[index].to_owned())
}

fn swedish_weekdays(index: usize, field: &str) -> Option<String> {
    const SWEDISH: [(&str, &str); 7] = [
        ("mån", "Mon"),
        ("tis", "Tue"),
        ("ons", "Wed"),
        ("tor", "Thu"),
        ("fre", "Fri"),
        ("lör", "Sat"),
        ("sön", "Sun"),
    ];
    let english = SWEDISH.iter().fold(field.to_lowercase(), |text, (from, to)| text.replace(from, to));
    let swedish = index == WEEKDAY && SWEDISH.iter().any(|(day, _)| field.to_lowercase().contains(day));
    swedish.then(|| format!("veckodagarna skrivs på engelska: \"{english}\""))
}

/// How to write a range that goes past the end, such as `22-4` or `Fri-Mon`.
fn backward_range(index: usize, field: &str) -> Option<String> {
    const ENDS: [(&str, &str); WEEKDAY + 1] =
        [("0", "59"), ("0", "59"), ("0", "23"), ("1", "31"), ("1", "12"), ("Sun", "Sat")];
    let (from, to) = field.split_once('-')?;
    let (first, last) = match ENDS.get(index)? {
        ("1", "12") if from.starts_with(char::is_alphabetic) => ("Jan", "Dec"),
        ends => *ends,
    };
    let range = |from: &str, to: &str| if from == to { from.to_owned() } else { format!("{from}-{to}") };
    let split = format!("{},{}", range(from, last), range(first, to));
    parses_as(index, &split).then(|| format!("ett intervall kan inte gå förbi slutet; dela det: \"{split}\""))
}

fn parses_as(index: usize, field: &str) -> bool {
    let mut fields = ["0", "0", "0", "*", "*", "*", "*"];
    fields[index] = field;
    cron::Schedule::from_str(&fields.join(" ")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> CronExpression {
        CronExpression::parse(text).expect("the expression is right")
    }

    fn dates(cron: &str, from: &str, count: usize) -> Vec<String> {
        let (cron, from): (_, NaiveDate) = (parse(cron), from.parse().expect("a date"));
        let days = from.iter_days().filter(|date| cron.includes(*date));
        days.take(count).map(|date| date.format("%a %m-%d").to_string()).collect()
    }

    #[test]
    fn weekdays_by_name_are_those_weekdays() {
        assert_eq!(dates("0 0 6 * * Mon-Fri *", "2026-11-20", 3), ["Fri 11-20", "Mon 11-23", "Tue 11-24"]);
        assert_eq!(dates("0 0 6 * * Sat,Sun *", "2026-11-20", 3), ["Sat 11-21", "Sun 11-22", "Sat 11-28"]);
    }

    #[test]
    fn a_day_of_the_month_and_a_weekday_must_both_agree() {
        assert_eq!(dates("0 0 6 13 * Fri *", "2026-01-01", 3), ["Fri 02-13", "Fri 03-13", "Fri 11-13"]);
    }

    #[test]
    fn times_of_day_come_in_order_with_their_seconds() {
        let times: Vec<_> = parse("0,30 15 6-7 * * * *").times_of_day().map(|time| time.to_string()).collect();
        assert_eq!(times, ["06:15:00", "06:15:30", "07:15:00", "07:15:30"]);
    }

    #[test]
    fn all_hours_written_out_are_every_hour() {
        assert!(parse("0 0 * * * * *").every_hour() && parse("0 0 0-23 * * * *").every_hour());
        assert!(!parse("0 0 */2 * * * *").every_hour());
    }

    #[test]
    fn every_number_for_a_weekday_is_refused_but_a_step_is_not() {
        for field in ["1", "1-5", "0", "7", "Mon,3", "2-6/2", "5,6"] {
            let problems = CronExpression::parse(&format!("0 0 6 * * {field} *")).expect_err(field);
            assert!(problems[0].message.contains("siffror"), "{field}: {problems:?}");
        }
        assert!(CronExpression::parse("0 0 6 * * Mon-Fri/2 *").is_ok());
    }

    #[test]
    fn the_suggested_weekdays_are_those_of_both_numberings() {
        assert_eq!(named_weekdays("1-5", Numbering::Unix).as_deref(), Some("Mon-Fri"));
        assert_eq!(named_weekdays("1-5", Numbering::Crate).as_deref(), Some("Sun-Thu"));
        assert_eq!(named_weekdays("0,3,Fri", Numbering::Unix).as_deref(), Some("Sun,Wed,Fri"));
        assert_eq!(named_weekdays("0", Numbering::Crate), None);
        assert_eq!(named_weekdays("9", Numbering::Unix), None);
    }

    #[test]
    fn a_fault_knows_where_in_the_expression_it_stands() {
        let problems = CronExpression::parse("0  61 6 32 * * 1969").expect_err("three fields are wrong");
        let places: Vec<_> = problems.iter().map(|problem| (problem.offset, problem.length)).collect();
        assert_eq!(places, [(3, 2), (8, 2), (15, 4)]);
    }
}
