//! A system as its sign-in file says: `systems/<name>.yaml`. Its address and time limits stand in `kollega.toml`.

use std::path::Path;

use serde::Deserialize;

use super::{Steps, Targets};
use crate::problem::Problem;
use crate::yaml::Placed;

/// How to sign in to a system, how a signed-out page is recognised, and what is masked in pictures of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The name, the same as the file's.
    pub system: Placed<String>,
    #[serde(default)]
    pub title: Option<String>,
    /// Shown only when nobody is signed in; seen during any step, the robot signs in again and the stage starts over.
    #[serde(default)]
    pub signed_out: Option<Targets>,
    /// Done in a new session, and after a session has expired.
    #[serde(default)]
    pub sign_in: Steps,
    /// Shown when the sign-in has succeeded.
    #[serde(default)]
    pub signed_in: Option<Targets>,
    /// Covered in every picture of this system.
    #[serde(default)]
    pub mask: Vec<Targets>,
}

impl System {
    /// Reads a system's file, or says everything that is wrong with its shape.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        let source = std::fs::read_to_string(file).map_err(|error| {
            vec![
                Problem::at(file, 0, 0, format!("filen kan inte läsas: {error}"))
                    .hint("kontrollera namnet och rättigheterna"),
            ]
        })?;
        crate::yaml::read(file, &source)
    }
}
