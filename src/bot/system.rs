//! A system as its sign-in file says: `systems/<name>.yaml`. Its address and time limits stand in `kollega.toml`.

use std::path::Path;

use serde::Deserialize;

use super::{Action, Steps, Targets};
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
    /// Shown when the system has not taken the user and the password; without it a sign-in page that comes again is.
    #[serde(default)]
    pub refused: Option<Targets>,
    /// Shown when the system says that it is out of order, on a page that came as any other.
    #[serde(default)]
    pub down: Option<Targets>,
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

    /// The names of the secrets that the sign-in uses, in order.
    pub fn secrets(&self) -> Vec<String> {
        let mut names = Vec::new();
        add_secrets(&self.sign_in, &mut names);
        names.sort();
        names.dedup();
        names
    }
}

fn add_secrets(steps: &Steps, names: &mut Vec<String>) {
    for step in &steps.0 {
        match &step.action {
            Action::Fill(fill) | Action::Type(fill) => names.extend(fill.secret.iter().map(|name| name.value.clone())),
            Action::Keypad(keypad) => names.push(keypad.secret.value.clone()),
            other => other.nested().into_iter().for_each(|steps| add_secrets(steps, names)),
        }
    }
}
