//! The bot language: what a person wrote in `bots/<name>/bot.yaml`, as types.
//!
//! These types are what was written, with the place of every part; they run nothing. `check` finds what is wrong in
//! meaning, `runner` carries them out. A step is a map with one key; the key names a variant of [`Action`].

mod case_kind;
mod field;
mod stage;
mod step;
mod system;
mod target;
mod text;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use case_kind::{Appeal, CaseKind};
pub use field::{FieldSpec, FieldType, Fields};
pub use stage::{Answer, Collect, Decide, Mode, OnRefer, Stage, Suggest, Verify};
pub use step::{
    Action, Alert, AlertAct, Csv, Download, Enqueue, Exists, Fail, Fill, ForEach, Frame, HandOver, Http, Keypad, Mail,
    OnUncertain, Open, Press, Print, Read, ReadTable, Screenshot, Select, Set, Ssbtek, Step, Steps, Upload, Wait, When,
    Window, WriteFile,
};
pub use system::System;
pub use target::{Named, TargetBody, TargetSpec, Targets};
pub use text::{Text, Tree};

use crate::problem::Problem;
use crate::yaml::Placed;

/// A bot script as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// The name, the same as its folder's.
    pub bot: Placed<String>,
    /// What people call it.
    pub title: String,
    /// The unit that answers for it.
    pub owner: String,
    /// What the work takes by hand: the baseline of the benefit report.
    #[serde(default)]
    pub benefit: Option<Benefit>,
    /// The workers that may do it: those that were started for this pool.
    #[serde(default)]
    pool: Option<Placed<String>>,
    /// What kind of cases it handles: asked for where it may decide by itself.
    #[serde(default)]
    pub case_kind: Option<Placed<CaseKind>>,
    /// What one piece of work is.
    pub item: Item,
    /// Done once a run: find the work and put it in the queue.
    #[serde(default)]
    pub collect: Option<Collect>,
    /// Done for each item, in this order.
    #[serde(deserialize_with = "crate::yaml::caught_list")]
    pub stages: Vec<Stage>,
    /// The folder the script was read from: mail templates and files stand there.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The SHA-256 of the script, in hex: the version a run is pinned to.
    #[serde(skip)]
    pub version: String,
}

/// What the work takes by hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// Minutes a caseworker needs for one item without the bot.
    pub manual_minutes: u32,
    /// What an hour of that work costs, in kronor.
    pub hourly_cost: u32,
}

/// What one piece of work is: its reference and its fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The field that holds the reference, unique within the bot.
    pub reference: Placed<String>,
    /// When an item should be done, counted from when it is put in the queue: `5 working days`.
    #[serde(default)]
    pub deadline: Option<Placed<String>>,
    /// The fields that say to whom a letter about it goes, a line each: name and address.
    #[serde(default)]
    pub addressee: Vec<Placed<String>>,
    /// Every field of an item, in the order written.
    pub fields: Fields,
}

impl Bot {
    /// Reads a bot from its `bot.yaml`, or says everything that is wrong with its shape.
    pub fn load(file: &Path) -> Result<Self, Vec<Problem>> {
        let source = std::fs::read_to_string(file).map_err(|error| {
            vec![
                Problem::at(file, 0, 0, format!("filen kan inte läsas: {error}"))
                    .hint("kontrollera namnet och rättigheterna"),
            ]
        })?;
        Self::read(file, &source)
    }

    /// Reads a bot from the text of a script that stands, or stood, in `file`.
    pub fn read(file: &Path, source: &str) -> Result<Self, Vec<Problem>> {
        let mut bot: Self = crate::yaml::read(file, source)?;
        bot.folder = file.parent().unwrap_or(Path::new(".")).to_path_buf();
        bot.version = Self::version_of(source);
        Ok(bot)
    }

    /// The version of a script.
    pub fn version_of(source: &str) -> String {
        crate::yaml::content_hash(source)
    }

    /// The pool whose workers do it; `default` where the script names none.
    pub fn pool(&self) -> &str {
        self.pool.as_ref().map_or("default", |pool| &pool.value)
    }

    /// The pool as it was written.
    pub fn written_pool(&self) -> Option<&Placed<String>> {
        self.pool.as_ref()
    }

    /// Whether this can be the name of a pool: small letters, digits and hyphens.
    pub fn is_pool(name: &str) -> bool {
        let fits = |letter: char| letter.is_lowercase() || letter.is_ascii_digit() || letter == '-';
        (1..=40).contains(&name.chars().count()) && name.chars().all(fits)
    }

    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.stage.value == name)
    }

    /// The place of a stage in the order, counted from 0.
    pub fn stage_index(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.stage.value == name)
    }
}
