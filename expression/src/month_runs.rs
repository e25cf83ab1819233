//! Functions of lists of months: how many follow on each other, and which of them begin a time of a given length.

use std::collections::BTreeSet;

use crate::functions::Argument;
use crate::{Month, Value};

type Result<T> = std::result::Result<T, String>;

/// How many months of the list follow on each other up to the month before another.
pub(crate) fn months_in_row(arguments: &[Argument]) -> Result<Value> {
    let (months, mut next) = (months(&arguments[0])?, month(&arguments[1])?.previous());
    let mut count = 0_i64;
    while months.contains(&next) {
        count += 1;
        next = next.previous();
    }
    Ok(Value::from(count))
}

/// The months that begin a time of so many months; the others are within the time that an earlier one began.
pub(crate) fn month_starts(arguments: &[Argument]) -> Result<Value> {
    let length = if let Value::Int(length) = arguments[1].as_ref() { i32::try_from(*length).ok() } else { None };
    let length = length.filter(|length| (1..=1200).contains(length)).ok_or("antalet månader ska vara 1 till 1200")?;
    let mut starts: Vec<Month> = Vec::new();
    for month in months(&arguments[0])? {
        if starts.last().is_none_or(|start| month.since(*start) >= length) {
            starts.push(month);
        }
    }
    Ok(Value::from(starts.into_iter().map(Value::from).collect::<Vec<_>>()))
}

fn month(value: &Value) -> Result<Month> {
    crate::as_month(value).ok_or_else(|| format!("en månad väntas, men det är {}", value.indefinite()))
}

fn months(value: &Value) -> Result<BTreeSet<Month>> {
    let wrong = || Err(format!("en lista väntas, men det är {}", value.indefinite()));
    value.as_list().map_or_else(wrong, |list| list.iter().map(month).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(months: &[&str]) -> Value {
        Value::from(months.iter().map(|month| value(month)).collect::<Vec<_>>())
    }

    fn value(month: &str) -> Value {
        month.parse::<Month>().expect("a month").into()
    }

    fn owned(values: [Value; 2]) -> [Argument<'static>; 2] {
        values.map(Argument::Owned)
    }

    #[test]
    fn a_gap_ends_the_row_of_months() {
        let row = |months: &[&str]| {
            months_in_row(&owned([list(months), value("2025-03")])).and_then(|count| crate::text_of(&count))
        };
        assert_eq!(row(&["2025-02", "2024-12", "2025-01"]).as_deref(), Ok("3"));
        assert_eq!(row(&["2025-02", "2024-12"]).as_deref(), Ok("1"));
        assert_eq!(row(&["2025-01"]).as_deref(), Ok("0"));
        assert_eq!(row(&[]).as_deref(), Ok("0"));
    }

    #[test]
    fn a_time_begins_when_the_one_before_is_over() {
        let starts = |months: &[&str]| {
            let starts = month_starts(&owned([list(months), Value::from(24_i64)])).expect("a list");
            starts
                .as_list()
                .map(|list| list.iter().filter_map(crate::as_month).map(|m| m.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(
            starts(&["2025-07", "2023-01", "2024-09", "2024-12"]),
            Some(vec!["2023-01".into(), "2025-07".into()])
        );
        assert_eq!(starts(&["2023-01", "2025-01"]), Some(vec!["2023-01".into(), "2025-01".into()]));
        assert_eq!(starts(&["2023-01", "2024-12"]), Some(vec!["2023-01".into()]));
        assert_eq!(starts(&[]), Some(vec![]));
        assert!(month_starts(&owned([list(&[]), Value::from(0_i64)])).is_err());
    }
}
