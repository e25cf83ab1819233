//! What the documentation says about the command line is true: every example is run, and `docs/cli.md` is the help.
//!
//! In a block fenced as `console` a line `$ …` is a command for the shell; what follows is what it prints. `…` stands for
//! anything within a line, and a line of its own for any lines. A block fenced as `console exit=2` ends with that exit code.
//! The examples of a page are run from the top in one copy of the shipped installation; `<!-- test: office -->` puts
//! items in its queue first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::CommandFactory;
use kollega::cli::Cli;

use crate::docs_office;

const KOLLEGA: &str = env!("CARGO_BIN_EXE_kollega");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One command of a page, what it should print and how it should end.
struct Example {
    command: String,
    output: Vec<String>,
    exit: i32,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```console") else { continue };
        let exit = info.trim().strip_prefix("exit=").map_or(0, |code| code.parse().expect("an exit code"));
        for line in lines.by_ref().take_while(|line| *line != "```") {
            match line.strip_prefix("$ ") {
                Some(command) => examples.push(Example { command: command.to_owned(), output: Vec::new(), exit }),
                None => examples.last_mut().expect("a command first").output.push(line.to_owned()),
            }
        }
    }
    examples
}

/// A copy of the shipped installation, with the docs' own example files.
fn installation() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["bots", "systems", "schedules", "rulebooks", "docs/handbok/exempel", "kollega.toml"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().expect("a folder")).expect("the folder");
        fs::copy(from, to).expect("a copy");
        return;
    }
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// Runs a command as a reader would type it; what it printed, errors last, and its exit code.
fn run(command: &str, folder: &Path) -> (String, Option<i32>) {
    let programs = Path::new(KOLLEGA).parent().expect("a folder");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .expect("the shell");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    (text, output.status.code())
}

/// Whether the lines printed are those expected, where `…` stands for anything.
fn is_as_told(expected: &[String], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => {
            (0..=printed.len()).any(|skip| is_as_told(rest, &printed[skip..]))
        }
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, more)| line_is(line, first) && is_as_told(rest, more))
        }
    }
}

fn line_is(expected: &str, printed: &str) -> bool {
    let (expected, printed) = (expected.trim_end(), printed.trim_end());
    let Some((before, after)) = expected.split_once('…') else { return expected == printed };
    let Some(rest) = printed.strip_prefix(before) else { return false };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.into_iter().any(|at| line_is(after, &rest[at..]))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/handbok"] {
        let entries = fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    pages
}

/// What differs on a page, in words; nothing when all of it is true.
async fn differences(page: &Path) -> (usize, Vec<String>) {
    let text = fs::read_to_string(page).expect("a page");
    let examples = examples(&text);
    if examples.is_empty() {
        return (0, Vec::new());
    }
    let folder = installation();
    if text.contains("<!-- test: office -->") {
        docs_office::furnish(folder.path()).await;
    }
    if text.contains("<!-- test: circuit -->") {
        docs_office::furnish(folder.path()).await;
        docs_office::break_circuit(folder.path()).await;
    }
    let mut differences = Vec::new();
    for example in &examples {
        // An empty line last is seen by nobody.
        let (printed, exit) = run(&example.command, folder.path());
        let lines: Vec<&str> = printed.trim_end().lines().collect();
        if exit != Some(example.exit) || !is_as_told(&example.output, &lines) {
            differences.push(format!(
                "{}: $ {}\nexit {exit:?}, told {}\n--- printed\n{printed}--- told\n{}\n",
                page.display(),
                example.command,
                example.exit,
                example.output.join("\n")
            ));
        }
    }
    (examples.len(), differences)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_command_line_prints_what_the_docs_say() {
    let tasks: Vec<_> = pages().into_iter().map(|page| tokio::spawn(async move { differences(&page).await })).collect();
    let (mut count, mut wrong) = (0, Vec::new());
    for task in tasks {
        let (run, differences) = task.await.expect("a page");
        count += run;
        wrong.extend(differences);
    }
    assert!(wrong.is_empty(), "{} examples are not true:\n\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 30, "only {count} examples were found");
}

#[test]
fn an_example_that_is_not_true_is_seen() {
    let told = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(is_as_told(&told(&["a … c", "…", "sist"]), &["a bb c", "1", "2", "sist"]));
    assert!(is_as_told(&told(&["a…"]), &["a"]));
    assert!(!is_as_told(&told(&["a … c"]), &["a bb d"]));
    assert!(!is_as_told(&told(&["a"]), &["a", "b"]));
    assert!(!is_as_told(&told(&["a", "b"]), &["a"]));
}

/// The help of every command, as Markdown.
fn reference() -> String {
    let mut text = "# Kommandona\n\nSkriven av `kollega … --help`; ett test håller den sann. Förklaringar och exempel finns i \
                    [handboken](handbok/README.md).\n\nSlutkoder: 0 gjort, 1 det kördes och misslyckades, 2 fel användning eller fel i \
                    det som lästes in, 3 en körning lämnades innan den var klar. Uppdatera sidan: `KOLLEGA_UPDATE_DOCS=1 cargo test --test it the_page_of_commands`.\n"
        .to_owned();
    text += &section(&[]);
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        text += &section(&[command.get_name()]);
        for below in command.get_subcommands() {
            text += &section(&[command.get_name(), below.get_name()]);
        }
    }
    text
}

fn section(path: &[&str]) -> String {
    let output = Command::new(KOLLEGA).args(path).arg("--help").output().expect("the program");
    assert!(output.status.success(), "{path:?}");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let title = [&["kollega"], path].concat().join(" ");
    format!("\n## {title}\n\n```text\n{}\n```\n", help.join("\n").trim_end())
}

#[test]
fn the_page_of_commands_is_the_help_of_every_command() {
    let file = root().join("docs/cli.md");
    let text = reference();
    if std::env::var_os("KOLLEGA_UPDATE_DOCS").is_some() {
        fs::write(&file, &text).expect("the page");
    }
    let page = fs::read_to_string(&file).unwrap_or_default();
    assert!(page == text, "docs/cli.md is not what the commands say: run again with KOLLEGA_UPDATE_DOCS=1");
}
