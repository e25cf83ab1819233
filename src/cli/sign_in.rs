//! Signing in on the command line: the name by flag, the password from the terminal without echo or from stdin.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Context;
use clap::Args;

use super::Invalid;
use crate::model::User;
use crate::person;
use crate::store::Store;

/// Who does it.
#[derive(Debug, Args)]
pub struct As {
    /// Ditt användarnamn
    #[arg(id = "as", long = "as", value_name = "NAMN")]
    pub name: String,
    /// Läs lösenordet från standard in
    #[arg(long)]
    pub password_stdin: bool,
}

/// Who does it, where that need not be told.
#[derive(Debug, Args)]
pub struct MaybeAs {
    /// Ditt användarnamn
    #[arg(id = "as", long = "as", value_name = "NAMN")]
    name: Option<String>,
    /// Läs lösenordet från standard in
    #[arg(long, requires = "as")]
    password_stdin: bool,
}

impl MaybeAs {
    /// Signs the person in, if one is named.
    pub async fn sign_in(&self, store: &Store) -> anyhow::Result<Option<User>> {
        let Some(name) = self.name.clone() else { return Ok(None) };
        sign_in(store, &As { name, password_stdin: self.password_stdin }).await.map(Some)
    }
}

/// Why it is done.
#[derive(Debug, Args)]
pub struct Reason {
    /// Varför; står på kommandoraden, där andra kan läsa det: inget personligt
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Läs varför som en rad från standard in, efter lösenordet
    #[arg(long, conflicts_with = "reason")]
    reason_stdin: bool,
}

impl Reason {
    /// The reason, where one is given.
    pub fn given(&self) -> anyhow::Result<Option<String>> {
        if self.reason.is_none() && !self.reason_stdin { Ok(None) } else { self.read().map(Some) }
    }

    /// The reason given, or asked for at the terminal.
    pub fn read(&self) -> anyhow::Result<String> {
        let reason = match &self.reason {
            Some(reason) => reason.clone(),
            None if self.reason_stdin || io::stdin().is_terminal() => line("Varför: ")?,
            None => String::new(),
        };
        if reason.trim().is_empty() {
            return Err(Invalid("skälet saknas: ange --reason TEXT, eller --reason-stdin".into()).into());
        }
        Ok(reason.trim().to_owned())
    }
}

/// A line of standard in that is not to be shown on the command line.
pub fn line(prompt: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        print_prompt(prompt)?;
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("standard in kunde inte läsas")?;
    Ok(line.trim().to_owned())
}

fn print_prompt(prompt: &str) -> anyhow::Result<()> {
    let mut out = io::stderr().lock();
    write!(out, "{prompt}")?;
    Ok(out.flush()?)
}

/// Signs the person in.
pub async fn sign_in(store: &Store, who: &As) -> anyhow::Result<User> {
    let password = if who.password_stdin { from_stdin()? } else { ask(&format!("Lösenord för {}: ", who.name))? };
    Ok(person::sign_in(store, who.name.trim(), &password).await?)
}

/// A new password: asked for twice, or one line of stdin.
pub fn new_password(from: bool) -> anyhow::Result<String> {
    if from {
        return from_stdin();
    }
    let password = ask("Nytt lösenord: ")?;
    if ask("Samma lösenord en gång till: ")? != password {
        return Err(Invalid("lösenorden är olika".into()).into());
    }
    Ok(password)
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return Err(Invalid("det finns ingen terminal att fråga i: använd --password-stdin".into()).into());
    }
    rpassword::prompt_password(prompt).context("lösenordet kunde inte läsas")
}

fn from_stdin() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("lösenordet kunde inte läsas")?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Invalid("inget lösenord på standard in".into()).into());
    }
    Ok(password.to_owned())
}
