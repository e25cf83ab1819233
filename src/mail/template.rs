//! A letter's template: `bots/<bot>/mail/<name>.txt`, and `<name>.html` beside it when there is one.
//!
//! Beside them `<name>.sekretess.txt` may say more: it is used, instead, where the mail system is confidential.
//!
//! The text begins with the line `Ämne: …`, then an empty line, then the body. Both are MiniJinja; the HTML escapes
//! what is put into it. A template sees only what it is given and includes no other file: so `check` can say which
//! names it uses, and refuse the personal ones.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::value::{Serde, Value};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use crate::problem::Problem;

/// What the first line of the text begins with.
const SUBJECT: &str = "Ämne:";

/// A template that was read and understood.
#[derive(Debug, Clone)]
pub struct Template {
    subject: Part,
    text: Part,
    html: Option<Part>,
}

/// A template with its blanks filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// One piece of template source: its file, and the line of the file it begins on.
#[derive(Debug, Clone)]
struct Part {
    file: PathBuf,
    first_line: usize,
    source: String,
}

/// Why a template cannot be used; the message is for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {message}", file.display())]
pub struct TemplateError {
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    pub message: String,
    pub hint: Option<String>,
}

/// What the name of the template for a confidential mail system ends with.
const CONFIDENTIAL: &str = ".sekretess";

impl Template {
    /// Whether there is a template of this name that is for a confidential mail system only.
    pub fn has_confidential(folder: &Path, name: &str) -> bool {
        folder.join(format!("{name}{CONFIDENTIAL}.txt")).is_file()
    }

    /// The template for a confidential mail system.
    pub fn read_confidential(folder: &Path, name: &str) -> Result<Self, TemplateError> {
        if is_plain_name(name) {
            Self::read_named(folder, &format!("{name}{CONFIDENTIAL}"))
        } else {
            Self::read(folder, name)
        }
    }

    /// Reads the template `name` of a bot's `mail` folder, and refuses one that could not be rendered.
    pub fn read(folder: &Path, name: &str) -> Result<Self, TemplateError> {
        let file = folder.join(format!("{name}.txt"));
        if !is_plain_name(name) {
            return Err(TemplateError::new(&file, 1, format!("”{name}” duger inte som namn på en mall"))
                .hint("använd bokstäver, siffror, - och _; mallen ligger i robotens mapp mail/"));
        }
        Self::read_named(folder, name)
    }

    fn read_named(folder: &Path, name: &str) -> Result<Self, TemplateError> {
        let file = folder.join(format!("{name}.txt"));
        let text = read_file(&file)?.ok_or_else(|| {
            TemplateError::new(&file, 1, "mallen finns inte".into())
                .hint(format!("skapa filen; dess första rad är ”{SUBJECT} …”"))
        })?;
        let html_file = folder.join(format!("{name}.html"));
        let html = read_file(&html_file)?.map(|source| Part { file: html_file, first_line: 1, source });
        let (subject, text) = split_subject(file, &text)?;
        let template = Self { subject, text, html };
        template.names()?;
        Ok(template)
    }

    /// Every name the template looks up, with its properties: `item.epost`.
    pub fn names(&self) -> Result<BTreeSet<String>, TemplateError> {
        let mut names = BTreeSet::new();
        for part in [Some(&self.subject), Some(&self.text), self.html.as_ref()].into_iter().flatten() {
            let (environment, name) = (environment(), part.name());
            let template = environment.template_from_named_str(&name, &part.source);
            names.extend(template.map_err(|error| part.error(&error))?.undeclared_variables(true));
        }
        Ok(names)
    }

    /// Fills in the blanks. A name that `context` does not have is an error, not a blank.
    pub fn render(&self, context: &impl Serialize) -> Result<Rendered, TemplateError> {
        let subject = self.subject.render(context)?;
        let html = self.html.as_ref().map(|part| part.render(context)).transpose()?;
        Ok(Rendered { subject: one_line(&subject), text: self.text.render(context)?, html })
    }
}

impl Part {
    fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn render(&self, context: &impl Serialize) -> Result<String, TemplateError> {
        let rendered = environment().render_named_str(&self.name(), &self.source, Value::from(Serde(context)));
        rendered.map_err(|error| self.error(&error))
    }

    /// The error's own text may quote values, so only what kind of error it is and where is told.
    fn error(&self, error: &minijinja::Error) -> TemplateError {
        let line = self.first_line + error.line().unwrap_or(1).saturating_sub(1);
        let message = match error.kind() {
            ErrorKind::UndefinedError => "mallen använder ett namn som inte finns".to_owned(),
            ErrorKind::SyntaxError => {
                format!("mallen kan inte tolkas: {}", error.detail().unwrap_or("felaktig syntax"))
            }
            ErrorKind::UnknownFilter => format!("okänt filter i mallen: {}", error.detail().unwrap_or_default()),
            ErrorKind::UnknownFunction => format!("okänd funktion i mallen: {}", error.detail().unwrap_or_default()),
            kind => format!("mallen kan inte fyllas i: {kind}"),
        };
        TemplateError::new(&self.file, line, message)
    }
}

impl TemplateError {
    fn new(file: &Path, line: usize, message: String) -> Self {
        Self { file: file.to_owned(), line, message, hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<TemplateError> for Problem {
    fn from(error: TemplateError) -> Self {
        let problem = Problem::at(error.file, error.line, 1, error.message);
        match error.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // It prints everything that the template was given, past the check of names.
    environment.remove_global("debug");
    environment.add_filter("month", |month: &str| expression::Month::text_in_words(month));
    environment
}

/// A missing file is `None`.
fn read_file(file: &Path) -> Result<Option<String>, TemplateError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(TemplateError::new(file, 1, "filen är inte UTF-8".into()).hint("spara den som UTF-8"))
        }
        Err(error) => Err(TemplateError::new(file, 1, format!("filen kan inte läsas: {error}"))),
    }
}

fn split_subject(file: PathBuf, source: &str) -> Result<(Part, Part), TemplateError> {
    let (first, rest) = source.split_once('\n').unwrap_or((source, ""));
    let Some(subject) = first.strip_prefix(SUBJECT).map(str::trim).filter(|subject| !subject.is_empty()) else {
        return Err(TemplateError::new(&file, 1, format!("mallens första rad ska vara ”{SUBJECT} …”"))
            .hint("skriv brevets ämne på första raden, sedan en tom rad, sedan brevet"));
    };
    let body = rest.trim_start_matches('\n');
    if body.trim().is_empty() {
        return Err(TemplateError::new(&file, 2, "brevet är tomt".into()).hint("skriv brevet under ämnesraden"));
    }
    let blank_lines = rest.len() - body.len();
    let subject = Part { file: file.clone(), first_line: 1, source: subject.to_owned() };
    Ok((subject, Part { file, first_line: 2 + blank_lines, source: body.to_owned() }))
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
}

/// A subject is one line whatever was filled in: a line break in it could begin another header.
fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
