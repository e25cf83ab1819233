//! Help and wrong usage, in Swedish.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::output::{print, print_error};

/// How help is laid out.
pub const TEMPLATE: &str = "{before-help}{about-with-newline}\nAnvändning: {usage}\n\n{all-args}{after-help}";

/// Prints the help that was asked for, or what is wrong and how to ask for help.
pub fn answer(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print(error.render().to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        print_error(error.render().to_string().trim_end());
        return ExitCode::from(2);
    }
    print_error(&format!("fel: {}\n\nLäs mer med --help.", explain(error)));
    ExitCode::from(2)
}

fn explain(error: &clap::Error) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => format!("{argument} är ingen känd flagga eller passar inte här"),
        ErrorKind::InvalidSubcommand => format!("kommandot {} finns inte", text(error, ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("det saknas: {argument}"),
        ErrorKind::MissingSubcommand => "kommandot saknas".to_owned(),
        ErrorKind::ArgumentConflict => format!("{argument} kan inte anges här, eller inte två gånger"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} behöver ett värde"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("{value} passar inte för {argument}"),
        _ => format!("{argument} kan inte läsas"),
    };
    format!("{message}{}{}", allowed(error), similar(error))
}

fn allowed(error: &clap::Error) -> String {
    let values = text(error, ContextKind::ValidValue);
    if values.is_empty() { values } else { format!("; välj bland: {values}") }
}

fn similar(error: &clap::Error) -> String {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let found = kinds.into_iter().map(|kind| text(error, kind)).find(|text| !text.is_empty());
    found.map(|text| format!("; menade du {text}?")).unwrap_or_default()
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
