//! The versions that answered, each read once. Few are in use at a time; the oldest gives way.

use std::sync::Arc;

use decision::RuleBook;

use crate::model::Answered;
use crate::rulebook;
use crate::store::{self, Store};

const MOST: usize = 16;

/// The version that answered a stored suggestion.
#[derive(Clone)]
pub(super) enum Version {
    Known(Arc<RuleBook>),
    /// It answered before versions were kept, and nobody has kept it since.
    Unknown,
    /// It should be there, and can't be used: why.
    Unusable(String),
}

pub(super) struct Shelf<'a> {
    store: &'a Store,
    versions: Vec<((String, String), Version)>,
}

impl<'a> Shelf<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, versions: Vec::new() }
    }

    pub async fn version_of(&mut self, answered: &Answered) -> store::Result<Version> {
        let name = name_of(answered);
        let is_old = answered.suggestion.sha256.is_none();
        let version = match self.versions.iter().find(|(known, _)| *known == name) {
            Some((_, version)) => version.clone(),
            None => self.read(name).await?,
        };
        Ok(match version {
            Version::Unusable(_) if is_old => Version::Unknown,
            version => version,
        })
    }

    async fn read(&mut self, name: (String, String)) -> store::Result<Version> {
        let version = match rulebook::kept(self.store, &name.0, &name.1).await? {
            Ok(book) => Version::Known(Arc::new(book)),
            Err(why) => Version::Unusable(why),
        };
        if self.versions.len() >= MOST {
            self.versions.remove(0);
        }
        self.versions.push((name, version.clone()));
        Ok(version)
    }
}

/// Which version answered: as stored, or, for what is older than that, as the answer itself says.
pub(super) fn name_of(answered: &Answered) -> (String, String) {
    let said = &answered.suggestion.answer.0["rulebook"];
    let or_said = |stored: &Option<String>, field: &str| {
        stored.clone().unwrap_or_else(|| said[field].as_str().unwrap_or_default().to_owned())
    };
    (or_said(&answered.suggestion.rulebook, "name"), or_said(&answered.suggestion.sha256, "sha256"))
}
