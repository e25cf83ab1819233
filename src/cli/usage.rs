//! Help and wrong usage, in Swedish.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::{Cli, print, print_error};

const TEMPLATE: &str = "{before-help}{about-with-newline}\nAnvändning: {usage}\n\n{all-args}{after-help}";

/// The words that clap has no setting for.
const WORDS: &[(&str, &str)] = &[
    ("[OPTIONS]", "[FLAGGOR]"),
    ("Possible values:", "Möjliga värden:"),
    ("[possible values: ", "[möjliga värden: "),
    ("[default: ", "[annars: "),
];

/// Reads the command line.
pub fn parse() -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&swedish(Cli::command()).try_get_matches()?)
}

/// The command and those below it with Swedish headings.
fn swedish(command: Command) -> Command {
    let mut order = 0;
    // In the order written; what every command takes comes last.
    let heading = |argument: Arg| {
        order += 1;
        let heading = if argument.is_positional() { "Argument" } else { "Flaggor" };
        let common = argument.is_global_set();
        argument.help_heading(heading).display_order(if common { 900 + order } else { order })
    };
    command
        .help_template(TEMPLATE)
        .subcommand_value_name("KOMMANDO")
        .subcommand_help_heading("Kommandon")
        .mut_args(heading)
        .mut_subcommands(swedish)
}

/// Prints the help that was asked for, or what is wrong and how to ask for help.
pub fn answer(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print(&rendered(error));
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        print_error(&rendered(error));
        return ExitCode::from(2);
    }
    print_error(&format!("fel: {}\n\nLäs mer med --help.", explain(error)));
    ExitCode::from(2)
}

fn rendered(error: &clap::Error) -> String {
    let text = error.render().to_string();
    WORDS.iter().fold(text, |text, (english, swedish)| text.replace(english, swedish)).trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn help(path: &[&str]) -> String {
        let arguments = [&["kollega"], path, &["--help"]].concat();
        rendered(&swedish(Cli::command()).try_get_matches_from(arguments).expect_err("help"))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        swedish(Cli::command()).debug_assert();
    }

    #[test]
    fn help_is_swedish_for_every_command() {
        let mut paths: Vec<Vec<String>> = vec![Vec::new()];
        for command in Cli::command().get_subcommands() {
            paths.push(vec![command.get_name().to_owned()]);
            let below = command.get_subcommands();
            paths.extend(below.map(|below| vec![command.get_name().to_owned(), below.get_name().to_owned()]));
        }
        for path in paths {
            let text = help(&path.iter().map(String::as_str).collect::<Vec<_>>());
            for english in
                ["Usage", "Options", "OPTIONS", "Commands", "COMMAND", "Possible", "possible", "default:", "Print"]
            {
                assert!(!text.contains(english), "{path:?} says {english}:\n{text}");
            }
        }
    }
}
