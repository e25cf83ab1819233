//! No rule book may hold personal data: it is handed out to whoever asks for it. Identity numbers are found wherever they
//! stand; in cases, which may be made of real ones, also mail addresses and telephone numbers. Names can't be told from words.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use expression::Personnummer;

use crate::Problem;
use crate::content::Content;

/// How a number is written: digits (`#`), a sign that must stand between them (`-`), and a place (`?`) for a sign, also with
/// spaces around it, or a space, or nothing.
const SPELLINGS: [&str; 3] = ["########?####", "####-##-##?####", "######?####"];

/// What stands between the parts; word processors write hyphens of several kinds.
const SIGNS: [char; 8] = ['-', '\u{2010}', '\u{2011}', '\u{2012}', '–', '+', '.', '/'];

/// What is said of each kind: message and hint.
const NUMBER: (&str, &str) =
    ("här står ett personnummer eller samordningsnummer", "ta bort numret, ett fall behöver bara födelsedagen");
const CONTACT: (&str, &str) = ("här står en e-postadress eller ett telefonnummer", "ta bort det ur fallet");

/// Whether a text holds an identity number.
pub fn has_identity_number(text: &str) -> bool {
    text.lines().any(|line| !numbers_in(line).is_empty())
}

/// All personal data that is found in a book, and in what else lies in its folder, by place; it is never repeated.
pub(crate) fn personal_data(content: &Content) -> Vec<Problem> {
    let mut texts: BTreeMap<PathBuf, String> =
        content.files().map(|(path, text)| (content.folder().join(path), text.to_owned())).collect();
    for file in files(content.folder()) {
        if let Ok(text) = std::fs::read_to_string(&file) {
            texts.entry(file).or_insert(text);
        }
    }
    let mut problems = Vec::new();
    let cases = content.folder().join("cases");
    for (file, text) in texts {
        let is_case = file.starts_with(&cases);
        for (index, line) in text.lines().enumerate() {
            let line = unescaped(line);
            let contacts = if is_case { contacts_in(&line) } else { Vec::new() };
            for (found, (message, hint)) in [(numbers_in(&line), NUMBER), (contacts, CONTACT)] {
                problems.extend(found.into_iter().map(|(column, length)| Problem {
                    file: file.clone(),
                    line: index + 1,
                    column: column + 1,
                    length,
                    message: message.to_owned(),
                    hint: Some(format!("en regelbok lämnas ut till vem som helst: {hint}")),
                }));
            }
        }
    }
    problems
}

/// A line as YAML reads it: letters may be written by their numbers (`\x31`, `\u0031`).
fn unescaped(line: &str) -> Cow<'_, str> {
    if !line.contains('\\') {
        return line.into();
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let digits = match after.chars().next() {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let letter = after.get(1..1 + digits).filter(|_| digits > 0);
        if let Some(letter) = letter.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?)) {
            text.push(letter);
            rest = &after[1 + digits..];
        } else {
            text.push('\\');
            rest = after;
        }
    }
    (text + rest).into()
}

/// The places of mail addresses and telephone numbers in a line.
fn contacts_in(line: &str) -> Vec<(usize, usize)> {
    let begins = |before: char| !(before.is_alphanumeric() || "+-.,".contains(before));
    places_in(line, begins, |rest| mail_address(rest).or_else(|| telephone(rest)))
}

/// Where something stands in a line that may begin after such a sign: column from 0 and length, in characters.
fn places_in(
    line: &str,
    begins: impl Fn(char) -> bool,
    length_of: impl Fn(&[char]) -> Option<usize>,
) -> Vec<(usize, usize)> {
    let letters: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let may_begin = at == 0 || begins(letters[at - 1]);
        match may_begin.then(|| length_of(&letters[at..])).flatten() {
            Some(length) => {
                found.push((at, length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn mail_address(letters: &[char]) -> Option<usize> {
    let part = |letter: &&char| letter.is_alphanumeric() || "._-+".contains(**letter);
    let name = letters.iter().take_while(part).count();
    let host = letters.get(name + 1..)?.iter().take_while(part).count();
    let has_both = name > 0 && letters[name] == '@' && letters[name + 1..][..host].contains(&'.');
    has_both.then_some(name + 1 + host)
}

/// `070-123 45 67`, `0455-30 30 00`, `+46 70 123 45 67`, `0701234567`: never a date, a month or an amount.
fn telephone(letters: &[char]) -> Option<usize> {
    let is_abroad = letters.first() == Some(&'+');
    let number = &letters[usize::from(is_abroad)..];
    let between = |letter: char| letter == ' ' || SIGNS.contains(&letter);
    let mut digits = String::new();
    let mut length = 0;
    for (at, letter) in number.iter().enumerate() {
        match letter {
            digit if digit.is_ascii_digit() => {
                digits.push(*digit);
                length = at + 1;
            }
            sign if between(*sign) && number.get(at + 1).is_some_and(char::is_ascii_digit) => {}
            _ => break,
        }
    }
    let ends = number.get(length).is_none_or(|next| !next.is_alphanumeric());
    let is_number = if is_abroad {
        (9..=13).contains(&digits.len())
    } else {
        digits.starts_with('0') && !digits.starts_with("00") && (8..=10).contains(&digits.len())
    };
    (ends && is_number).then_some(length + usize::from(is_abroad))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, mut found): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found.sort();
    found
}

/// The places of valid numbers in a line.
fn numbers_in(line: &str) -> Vec<(usize, usize)> {
    places_in(line, |before| !before.is_alphanumeric(), number_at)
}

fn number_at(letters: &[char]) -> Option<usize> {
    SPELLINGS.iter().find_map(|spelling| {
        let (length, digits) = read(letters, spelling)?;
        let ends = letters.get(length).is_none_or(|next| !next.is_alphanumeric());
        (ends && is_identity(&digits)).then_some(length)
    })
}

/// How much of the text is written so, and its digits.
fn read(letters: &[char], spelling: &str) -> Option<(usize, String)> {
    let mut at = 0;
    let mut digits = String::new();
    for sign in spelling.chars() {
        let letter = letters.get(at).copied();
        match (sign, letter) {
            ('#', Some(digit)) if digit.is_ascii_digit() => digits.push(digit),
            ('-', Some(between)) if SIGNS.contains(&between) => {}
            ('?', _) => {
                let rest = letters.get(at..).unwrap_or_default();
                let is_between = |letter: &&char| **letter == ' ' || SIGNS.contains(*letter);
                at += rest.iter().take(3).take_while(is_between).count();
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
    Some((at, digits))
}

/// Valid with its century, or in one of the two that people live in.
fn is_identity(digits: &str) -> bool {
    let whole = |text: &str| Personnummer::parse(text).is_ok_and(|number| number.is_valid());
    if digits.len() == 12 {
        let century = &digits[..2];
        return ["18", "19", "20"].contains(&century) && whole(digits);
    }
    ["19", "20"].iter().any(|century| whole(&format!("{century}{digits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_found() {
        // Skatteverket's own test numbers.
        for line in [
            "189001129817",
            "18900112-9817",
            "900112-9817",
            "9001129817",
            "900112+9817",
            "1890-01-12-9817",
            "900112 9817",
            "18900112\u{2011}9817",
            "18900112 - 9817",
            "1890.01.12.9817",
            "1890/01/12/9817",
        ] {
            assert_eq!(numbers_in(&format!("född: \"{line}\"")).len(), 1, "{line}");
        }
        let line = unescaped(r#"title: "\x31890\u0030112-9817 \q""#);
        assert_eq!((line.as_ref(), numbers_in(&line).len()), (r#"title: "18900112-9817 \q""#, 1));
        assert_eq!(numbers_in("a 9001129817, b 900112-9817"), [(2, 10), (16, 11)]);
    }

    #[test]
    fn mail_addresses_and_telephone_numbers_are_found() {
        for line in
            ["anna.alm@exempel.se", "070-123 45 67", "+46 70 123 45 67", "0701234567", "0455-30 30 00", "08-123 456 78"]
        {
            assert_eq!(contacts_in(&format!("title: Se {line}, hyra")), [(10, line.chars().count())], "{line}");
        }
        for line in ["2025-12-10", "0.5", "0 5 000", "fall@", "@x.se", "1 250 000", "01-05", "2025-07", "a1"] {
            assert_eq!(contacts_in(line), [], "{line}");
        }
    }

    #[test]
    fn dates_amounts_hashes_and_wrong_check_digits_are_not() {
        for line in [
            "2025-12-10",
            "189001129818",
            "ab189001129817",
            "18900112981744",
            "9500",
            "SFS 2025:468 12 kap. 2 §",
            "1.5/900112, 9817",
        ] {
            assert_eq!(numbers_in(line), [], "{line}");
        }
    }
}
