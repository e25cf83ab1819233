//! Which identities SSBTEK can be asked about: twelve digits of a personal or coordination number that can exist.

use chrono::NaiveDate;

/// Says why this number cannot be asked about, without repeating it.
pub(super) fn check(number: &str) -> Result<(), &'static str> {
    if number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("identiteten är inte tolv siffror; ett interimsnummer kan inte frågas om");
    }
    if !has_date(number) {
        return Err("identitetens datum finns inte");
    }
    if &number[8..11] == "000" {
        return Err("identitetens födelsenummer finns inte");
    }
    if !passes_check_digit(&number[2..]) {
        return Err("identitetens kontrollsiffra är fel");
    }
    Ok(())
}

/// A coordination number's day is 60 more than a day.
fn has_date(number: &str) -> bool {
    let part = |from: usize, to: usize| number[from..to].parse::<u32>().unwrap_or(0);
    let day = if part(6, 8) > 60 { part(6, 8) - 60 } else { part(6, 8) };
    let year = i32::try_from(part(0, 4)).unwrap_or(0);
    (1800..2100).contains(&year) && NaiveDate::from_ymd_opt(year, part(4, 6), day).is_some()
}

fn passes_check_digit(ten: &str) -> bool {
    let weighted = |(place, letter): (usize, char)| {
        let product = letter.to_digit(10).unwrap_or(0) * if place % 2 == 0 { 2 } else { 1 };
        product / 10 + product % 10
    };
    ten.chars().enumerate().map(weighted).sum::<u32>() % 10 == 0
}
