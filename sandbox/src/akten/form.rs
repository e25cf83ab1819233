//! The fields of a posted form, whose names say nothing. Must not know what they mean.

use std::collections::HashMap;

use crate::decode::decoded;

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
