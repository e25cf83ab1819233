//! Masks secrets and personal numbers in text that leaves the process: events, logs, errors, addresses.
//!
//! It is the last line, not the first: what is personal or secret should not be put into such text at all.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;

use super::{MASK, Secret, personal_number};

/// What stands where a personal number was.
const PERSONAL_NUMBER_MASK: &str = "[personnummer]";

/// A secret shorter than this is masked only where it stands alone, or it would blank out half of every text.
const SHORT: usize = 6;

/// Masks the secrets it was made with, in the spellings they travel in, and every personal number.
#[derive(Clone, Default)]
pub struct Redactor {
    long: Option<Regex>,
    short: Option<Regex>,
}

impl std::fmt::Debug for Redactor {
    // The expressions hold the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// A redactor for these secrets and for all personal numbers. Values known to be personal can be given as
    /// secrets too: they are masked the same way.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut spellings: Vec<String> = secrets.into_iter().flat_map(|secret| spellings(secret.expose())).collect();
        // The longest first: an alternation takes the first that fits.
        spellings.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        let (short, long) = spellings.into_iter().partition::<Vec<_>, _>(|text| text.chars().count() < SHORT);
        Self { long: any_of(&long, ""), short: any_of(&short, r"\b") }
    }

    /// `text` with every secret and every personal number masked.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for expression in [&self.long, &self.short].into_iter().flatten() {
            text = expression.replace_all(&text, MASK).into_owned();
        }
        mask_personal_numbers(&text)
    }
}

fn mask_personal_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut kept = 0;
    for place in personal_number::find(text) {
        masked.push_str(&text[kept..place.start]);
        masked.push_str(PERSONAL_NUMBER_MASK);
        kept = place.end;
    }
    masked.push_str(&text[kept..]);
    masked
}

fn any_of(spellings: &[String], edge: &str) -> Option<Regex> {
    if spellings.is_empty() {
        return None;
    }
    let escaped: Vec<String> = spellings.iter().map(|text| with_edges(text, edge)).collect();
    Some(Regex::new(&escaped.join("|")).expect("escaped text is a valid expression"))
}

/// `\b` needs a word character on its inner side; a secret that starts with `!` has its own edge there.
fn with_edges(text: &str, edge: &str) -> String {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let before = if is_word(text.chars().next()) { edge } else { "" };
    let after = if is_word(text.chars().next_back()) { edge } else { "" };
    format!("{before}{}{after}", regex::escape(text))
}

/// The ways a value is written in addresses, JSON, HTML, debug output and headers.
fn spellings(value: &str) -> Vec<String> {
    if value.is_empty() {
        return Vec::new();
    }
    let json = serde_json::to_string(value).unwrap_or_default();
    let debug = format!("{value:?}");
    let percent = percent_encode(value);
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base64 = STANDARD_NO_PAD.encode(value);
    let mut all = vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        debug.trim_matches('"').to_owned(),
        percent.to_lowercase(),
        percent.replace("%20", "+"),
        percent,
        html.replace('"', "&quot;").replace('\'', "&#x27;"),
        html.replace('"', "&#34;").replace('\'', "&#39;"),
        html,
    ];
    if base64.len() >= SHORT {
        all.extend([STANDARD.encode(value), URL_SAFE_NO_PAD.encode(value), base64]);
    }
    all
}

fn percent_encode(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
