//! Signing in on the command line: the name by flag, the password from the terminal without echo or from stdin.

use std::io::{self, BufRead, IsTerminal};

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
    #[arg(long = "as", value_name = "NAMN")]
    pub name: String,
    /// Läs lösenordet från standard in
    #[arg(long)]
    pub password_stdin: bool,
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
