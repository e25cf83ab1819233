//! Waits for the page to show something, or to stop showing it.

use super::click::name;
use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::session::Session;
use super::target::Target;

/// What to wait for.
#[derive(Debug, Clone)]
pub enum Condition {
    /// One of the targets is shown, with this text if one is given.
    Shown { targets: Vec<Target>, is: Option<String> },
    /// None of the targets is shown.
    Gone { targets: Vec<Target> },
    /// The address, or its path, is this; `*` stands for anything.
    Url(String),
    /// The title is this; `*` stands for anything.
    Title(String),
}

impl Condition {
    fn what(&self) -> String {
        match self {
            Self::Shown { targets, .. } => format!("vänta på {}", name(targets)),
            Self::Gone { targets } => format!("vänta på att {} försvinner", name(targets)),
            Self::Url(pattern) => format!("vänta på adressen {pattern}"),
            Self::Title(pattern) => format!("vänta på titeln ”{pattern}”"),
        }
    }
}

impl Session {
    /// Waits until the condition holds, within the time limit.
    pub async fn wait_for(&mut self, condition: &Condition) -> Result<(), Error> {
        let limit = self.limit();
        let mut round = 0;
        loop {
            round += 1;
            match self.holds(condition, limit).await {
                Ok(true) => return Ok(()),
                Ok(false) if limit.has_passed() => return Err(Error::new(condition.what(), limit.error())),
                Ok(false) => limit.pause(round).await,
                Err(kind) => return Err(Error::new(condition.what(), kind)),
            }
        }
    }

    /// Whether the condition holds now, once the page has loaded.
    async fn holds(&mut self, condition: &Condition, limit: Limit) -> Result<bool, ErrorKind> {
        match condition {
            Condition::Shown { targets, is } => Ok(self.count(targets, is.as_deref(), true, limit).await?.equal > 0),
            Condition::Gone { targets } => Ok(self.count(targets, None, true, limit).await?.count == 0),
            Condition::Url(pattern) => Ok(is_address(&self.address(limit).await?, pattern)),
            Condition::Title(pattern) => Ok(is_like(self.name_of_page(limit).await?.trim(), pattern)),
        }
    }
}

/// The whole address, or what comes after the host, with or without its query.
fn is_address(address: &str, pattern: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return is_like(address, pattern) };
    let path = url.path();
    let query = url.query().map(|query| format!("{path}?{query}")).unwrap_or_default();
    [address, path, &query].into_iter().any(|text| is_like(text, pattern))
}

/// Whether the pattern, where `*` is any text, covers the whole text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(tail) = text.strip_prefix(start) else { return false };
    let ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
    ends.into_iter().any(|at| is_like(&tail[at..], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_recognised_by_its_path_or_a_pattern() {
        let address = "http://127.0.0.1:8080/akt/7?flik=2";
        for pattern in ["/akt/7", "/akt/*", "/akt/7?flik=2", "*/akt/7?*", address] {
            assert!(is_address(address, pattern), "{pattern}");
        }
        for pattern in ["/akt", "akt/7", "/akt/8*", ""] {
            assert!(!is_address(address, pattern), "{pattern}");
        }
    }
}
