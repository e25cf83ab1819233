//! Sizes as people write them: `500MB`, `2GB`.

use serde::{Deserialize, Deserializer};

/// Reads a size in bytes, or says in Swedish how it is written. A kilobyte is 1 000 bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong(text))?;
    let unit = match text[digits..].trim().to_ascii_uppercase().as_str() {
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(wrong(text)),
    };
    number.checked_mul(unit).ok_or_else(|| wrong(text))
}

fn wrong(text: &str) -> String {
    format!("`{text}` är ingen storlek: skriv till exempel 500MB, 2GB eller 1TB")
}

/// For `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    parse_size(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(parse_size("2GB"), Ok(2_000_000_000));
        assert_eq!(parse_size("500 mb"), Ok(500_000_000));
    }

    #[test]
    fn a_size_without_a_unit_is_refused() {
        for wrong in ["2", "", "-1GB", "2 GiB", "99999999999999999999TB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
