//! Lengths of time as people write them in a schedule: `2h`, `30m`, `90s`, `1h30m`, `1d`.

use chrono::TimeDelta;

/// Reads a length of time; none when it is not one, is zero or is longer than can be counted.
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let mut rest = text.trim();
    let mut seconds = 0_i64;
    let mut smaller_than = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = seconds_of(rest[digits..].chars().next()?)?;
        if unit >= smaller_than {
            return None;
        }
        smaller_than = unit;
        seconds = rest[..digits].parse::<i64>().ok()?.checked_mul(unit)?.checked_add(seconds)?;
        rest = &rest[digits + 1..];
    }
    if seconds == 0 { None } else { TimeDelta::try_seconds(seconds) }
}

/// The shortest way to write a length of time, for messages: `1h30m`.
pub fn write_duration(length: TimeDelta) -> String {
    let mut seconds = length.num_seconds();
    if seconds < 1 {
        return "0s".to_owned();
    }
    let mut parts = Vec::new();
    for unit in ['d', 'h', 'm', 's'] {
        let size = seconds_of(unit).expect("a unit");
        if seconds >= size {
            parts.push(format!("{}{unit}", seconds / size));
            seconds %= size;
        }
    }
    parts.concat()
}

fn seconds_of(unit: char) -> Option<i64> {
    match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, seconds) in
            [("2h", 7200), ("30m", 1800), ("90s", 90), ("1h30m", 5400), ("1d", 86_400), ("1d12h", 129_600)]
        {
            assert_eq!(parse_duration(text), Some(TimeDelta::seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_length_is_refused() {
        for text in ["", "2", "h", "0h", "2 h", "2timmar", "-1h", "1.5h", "1m1h", "1h1h", "99999999999999999999h", "1é"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_length_is_written_as_it_is_read() {
        for text in ["2h", "30m", "1m30s", "1h30m", "1d12h"] {
            assert_eq!(parse_duration(text).map(write_duration).as_deref(), Some(text));
        }
    }
}
