//! Functions of lists of months: how many follow on each other, and which of them begin a time of a given length.

use std::collections::BTreeSet;

use crate::value::{indefinite, with_list};
use crate::{Month, Value};

type Result<T> = std::result::Result<T, String>;

/// How many months of the list follow on each other up to the month before another.
pub(crate) fn months_in_row(arguments: &[Value]) -> Result<Value> {
    let (months, mut next) = (months(&arguments[0])?, month(&arguments[1])?.previous());
    let mut count = 0_i64;
    while months.contains(&next) {
        count += 1;
        next = next.previous();
    }
    Ok(Value::from(count))
}

/// The months that begin a time of so many months; the others are within the time that an earlier one began.
pub(crate) fn month_starts(arguments: &[Value]) -> Result<Value> {
    let length = arguments[1].as_int().ok().and_then(|length| i32::try_from(length).ok());
    let length = length.filter(|length| (1..=1200).contains(length)).ok_or("antalet månader ska vara 1 till 1200")?;
    let mut starts: Vec<Month> = Vec::new();
    for month in months(&arguments[0])? {
        if starts.last().is_none_or(|start| month.since(*start) >= length) {
            starts.push(month);
        }
    }
    Ok(Value::from_array(starts.into_iter().map(Into::into).collect()))
}

fn month(value: &Value) -> Result<Month> {
    crate::as_month(value).ok_or_else(|| format!("en månad väntas, men det är {}", indefinite(value)))
}

fn months(value: &Value) -> Result<BTreeSet<Month>> {
    let read = with_list(value, |list| list.iter().map(month).collect());
    read.unwrap_or_else(|| Err(format!("en lista väntas, men det är {}", indefinite(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(months: &[&str]) -> Value {
        Value::from_array(months.iter().map(|month| month.parse::<Month>().expect("a month").into()).collect())
    }

    fn value(month: &str) -> Value {
        month.parse::<Month>().expect("a month").into()
    }

    #[test]
    fn a_gap_ends_the_row_of_months() {
        let row = |months: &[&str]| months_in_row(&[list(months), value("2025-03")]).expect("a count").as_int();
        assert_eq!(row(&["2025-02", "2024-12", "2025-01"]), Ok(3));
        assert_eq!(row(&["2025-02", "2024-12"]), Ok(1));
        assert_eq!(row(&["2025-01"]), Ok(0));
        assert_eq!(row(&[]), Ok(0));
    }

    #[test]
    fn a_time_begins_when_the_one_before_is_over() {
        let starts = |months: &[&str]| {
            let starts = month_starts(&[list(months), Value::from(24_i64)]).expect("a list");
            with_list(&starts, |list| {
                list.iter().filter_map(crate::as_month).map(|m| m.to_string()).collect::<Vec<_>>()
            })
        };
        assert_eq!(
            starts(&["2025-07", "2023-01", "2024-09", "2024-12"]),
            Some(vec!["2023-01".into(), "2025-07".into()])
        );
        assert_eq!(starts(&["2023-01", "2025-01"]), Some(vec!["2023-01".into(), "2025-01".into()]));
        assert_eq!(starts(&["2023-01", "2024-12"]), Some(vec!["2023-01".into()]));
        assert_eq!(starts(&[]), Some(vec![]));
        assert!(month_starts(&[list(&[]), Value::from(0_i64)]).is_err());
    }
}
