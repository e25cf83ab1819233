//! Kronor as people write and read them. Must not calculate what anybody is entitled to.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::error::Error;

/// Reads `6300`, `6 300,50`, `6 300,00 kr`; nothing else is an amount, and a negative one is not either.
pub fn parse(text: &str) -> Result<Decimal, Error> {
    let wrong = || Error::Amount(text.to_owned());
    let plain: String =
        text.trim().trim_end_matches("kr").chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}')).collect();
    let plain = plain.replace(',', ".");
    if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err(wrong());
    }
    let value = Decimal::from_str(&plain).map_err(|_| wrong())?;
    if value.scale() > 2 { Err(wrong()) } else { Ok(value) }
}

/// `6 300,00`, with `space` between the thousands.
pub fn format(value: Decimal, space: char) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(space);
        }
        grouped.push(digit);
    }
    let sign = if value.is_sign_negative() && !value.is_zero() { "-" } else { "" };
    format!("{sign}{grouped},{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        parse(text).expect("an amount").normalize().to_string()
    }

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        assert_eq!(read("6300"), "6300");
        assert_eq!(read("6 300,50"), "6300.5");
        assert_eq!(read("6\u{a0}300,00 kr"), "6300");
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", "kr", "-5", "5,555", "1.2.3", "sextusen"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn thousands_are_grouped_with_the_space_of_the_system() {
        let value = Decimal::from_str("1234567.5").expect("a number");
        assert_eq!(format(value, ' '), "1 234 567,50");
        assert_eq!(format(Decimal::from(6020), '\u{a0}'), "6\u{a0}020,00");
    }
}
