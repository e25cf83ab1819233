//! The fields of a posted form, whose names say nothing. Must not know what they mean.

use std::collections::HashMap;

pub struct Fields(HashMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (decoded(name), decoded(value).trim().to_owned())).collect())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// As typed; empty when it is not there.
    pub fn typed(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn all(&self) -> &HashMap<String, String> {
        &self.0
    }
}

/// Undoes percent-encoding and `+`.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.get(..2).and_then(hex_byte)).flatten();
        match (first, escaped) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let fields = Fields::read(b"f11=EB-1&f12=K%C3%B6p+100+%25&f13=");
        assert_eq!(fields.typed("f11"), "EB-1");
        assert_eq!(fields.typed("f12"), "Köp 100 %");
        assert_eq!(fields.text("f13"), None);
    }
}
