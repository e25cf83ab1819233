//! No rule book may hold anybody's identity number: it is handed out to whoever asks for it.

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

/// Every identity number in a book, and in what else lies in its folder, by place; the number itself is never repeated.
pub(crate) fn identity_numbers(content: &Content) -> Vec<Problem> {
    let mut texts: BTreeMap<PathBuf, String> =
        content.files().map(|(path, text)| (content.folder().join(path), text.to_owned())).collect();
    for file in files(content.folder()) {
        if let Ok(text) = std::fs::read_to_string(&file) {
            texts.entry(file).or_insert(text);
        }
    }
    let mut problems = Vec::new();
    for (file, text) in texts {
        for (index, line) in text.lines().enumerate() {
            problems.extend(numbers_in(line).into_iter().map(|(column, length)| {
                Problem {
                    file: file.clone(),
                    line: index + 1,
                    column: column + 1,
                    length,
                    message: "här står ett personnummer eller samordningsnummer".to_owned(),
                    hint: Some(
                        "en regelbok lämnas ut till vem som helst: ta bort numret, ett fall behöver bara födelsedagen"
                            .to_owned(),
                    ),
                }
            }));
        }
    }
    problems
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, mut found): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found.sort();
    found
}

/// The places of valid numbers in a line: column from 0 and length, in characters.
fn numbers_in(line: &str) -> Vec<(usize, usize)> {
    let letters: Vec<char> = line.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let begins = letters[at].is_ascii_digit() && (at == 0 || !letters[at - 1].is_alphanumeric());
        match begins.then(|| number_at(&letters[at..])).flatten() {
            Some(length) => {
                found.push((at, length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
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
        assert_eq!(numbers_in("a 9001129817, b 900112-9817"), [(2, 10), (16, 11)]);
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
