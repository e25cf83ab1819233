//! Amounts in kronor: read as people and legacy systems write them, and written so that those systems take them.
//!
//! What could mean two amounts is refused. `1.234` is a thousand in one system and a krona in another.

use rust_decimal::{Decimal, RoundingStrategy};

/// Reads an amount: `1 234,50 kr` (with any kind of space), `1234.50`, `1 234:50`, `500:-`, `−12,50`.
///
/// The error says in Swedish why the text is not an amount; it never guesses, and it never repeats the text, which may be
/// something else about a person.
pub fn parse(text: &str) -> Result<Decimal, String> {
    let wrong = |why: &str| Err(format!("texten är inte ett belopp: {why}"));
    let (negative, number) = split_sign(without_unit(text.trim()));
    if number.is_empty() {
        return wrong("siffror saknas");
    }
    let (whole, decimals) = match number.split_once([',', '.', ':']) {
        Some((_, rest)) if rest.contains([',', '.', ':']) => {
            return wrong("flera skiljetecken går inte att tyda säkert; skriv 1 234,50");
        }
        Some((_, rest)) if rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()) => {
            return wrong("tre siffror efter skiljetecknet kan vara tusental eller ören; skriv 1 234,50");
        }
        Some((whole, rest)) => (whole, rest),
        None => (number, "00"),
    };
    if decimals.is_empty() || decimals.len() > 2 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return wrong("efter kronorna väntas en eller två siffror för ören");
    }
    let Some(whole) = joined_thousands(whole) else {
        return wrong("kronorna ska vara siffror, eventuellt i grupper om tre");
    };
    match format!("{whole}.{decimals}").parse::<Decimal>() {
        Ok(amount) if negative => Ok(-amount.normalize()),
        Ok(amount) => Ok(amount.normalize()),
        Err(_) => wrong("talet är för stort"),
    }
}

/// `6 020` or `6 020,50`: thousands in groups with an ordinary space, öre only when there are any.
pub fn kr(amount: Decimal) -> String {
    let plain = plain(amount);
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, decimals) = digits.split_once(',').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = sign.to_owned();
    for (index, digit) in whole.char_indices() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push(',');
        text.push_str(decimals);
    }
    text
}

/// `6020` or `6020,50`: no grouping, öre as two digits when there are any, rounded half away from zero.
pub fn plain(amount: Decimal) -> String {
    let rounded = round(amount, 2);
    if rounded.is_integer() { format!("{:.0}", rounded.normalize()) } else { format!("{rounded:.2}").replace('.', ",") }
}

/// Rounds half away from zero, as people do; neither Rhai nor `rust_decimal` does so by itself.
pub fn round(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn without_unit(text: &str) -> &str {
    for unit in ["kr", "KR", "Kr", "SEK", "sek", "kronor", ":-", ",-"] {
        if let Some(rest) = text.strip_suffix(unit) {
            return rest.trim_end();
        }
    }
    text
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '\u{2212}', '\u{2013}']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

/// The digits of `1 234 567`, where every group but the first has three; nothing when they are grouped in another way.
fn joined_thousands(whole: &str) -> Option<String> {
    let groups: Vec<&str> = whole.split([' ', '\u{a0}', '\u{202f}', '\u{2009}']).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let first_is_short = groups.len() == 1 || groups.first().is_some_and(|group| group.len() <= 3);
    let rest_are_three = groups.iter().skip(1).all(|group| group.len() == 3);
    (groups.iter().all(digits) && first_is_short && rest_are_three).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn amounts_are_read_as_people_and_systems_write_them() {
        for (text, expected) in [
            ("1 234,50 kr", "1234.5"),
            ("1\u{a0}234,50\u{a0}kr", "1234.5"),
            ("1\u{202f}234\u{202f}567", "1234567"),
            ("1234.50", "1234.5"),
            ("1 234:50", "1234.5"),
            ("500:-", "500"),
            ("\u{2212}12,50", "-12.5"),
            ("- 12", "-12"),
            ("0", "0"),
            ("507,5", "507.5"),
            ("6020 SEK", "6020"),
        ] {
            assert_eq!(parse(text), Ok(amount(expected)), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_amounts_is_refused() {
        for text in [
            "1.234",
            "1,234",
            "1.234,50",
            "1,234.50",
            "12 34",
            "1 2345",
            "1234 567",
            "",
            "kr",
            "-",
            "12,",
            ",50",
            "1e3",
            "12,345",
            "12-",
            "+12",
            "NaN",
            "１２",
            "12 %",
            "1  234",
            "79228162514264337593543950336000",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_written_with_thousands_and_with_ore_when_there_are_any() {
        for (value, grouped, together) in [
            ("6020", "6 020", "6020"),
            ("6020.50", "6 020,50", "6020,50"),
            ("507.5", "507,50", "507,50"),
            ("1234567", "1 234 567", "1234567"),
            ("-1234.5", "-1 234,50", "-1234,50"),
            ("0.00", "0", "0"),
            ("-0.001", "0", "0"),
            ("100.000", "100", "100"),
        ] {
            assert_eq!((kr(amount(value)).as_str(), plain(amount(value)).as_str()), (grouped, together), "{value}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!(round(amount("0.125"), 2), amount("0.13"));
        assert_eq!(round(amount("-0.125"), 2), amount("-0.13"));
        assert_eq!(round(amount("2.5"), 0), amount("3"));
    }
}
