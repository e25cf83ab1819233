//! `kollega suggest RULEBOOK --batch FILE`: a suggestion for each line of a file of any length, in the same order.
//!
//! A line that has no suggestion gets an object that says why, and the work goes on. Lines are read, answered and
//! written in portions, so that memory does not grow with the file.

use std::fs::File;
use std::io::ErrorKind::BrokenPipe;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Context as _;
use decision::RuleBook;
use serde_json::json;

use super::Progress;
use super::{Invalid, print_error};
use crate::wording;

/// Bytes of facts that are answered before they are handed on.
const PORTION: usize = 256 * 1024;
/// Portions that wait between two threads.
const WAITING: usize = 2;
/// The longest line; more is not an application.
const LONGEST: usize = 1024 * 1024;

/// Some lines that follow on each other.
struct Portion {
    /// The number of the first, from 1.
    first: u64,
    lines: Vec<Vec<u8>>,
}

/// What became of a portion.
struct Answers {
    text: Vec<u8>,
    lines: u64,
    wrong: u64,
}

/// Answers every line of a file. Exit code 1 when a line was wrong.
pub fn run(book: &RuleBook, file: &Path, out: Option<&Path>, jobs: usize) -> anyhow::Result<ExitCode> {
    let input = opened(file)?;
    let mut output: Box<dyn Write> = match out {
        Some(out) => Box::new(File::create(out).with_context(|| format!("{} kan inte skrivas", out.display()))?),
        None => Box::new(stdout().lock()),
    };
    let (lines, wrong) = match answer_all(book, input, &mut BufWriter::new(&mut output), jobs) {
        // Whoever reads may stop reading.
        Err(error) if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == BrokenPipe) => {
            return Ok(ExitCode::SUCCESS);
        }
        answered => answered?,
    };
    if wrong == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let lines = wording::count(lines, "rad", "rader");
    print_error(&format!("{wrong} av {lines} fick inget förslag; varför står på samma rad i svaret"));
    Ok(ExitCode::FAILURE)
}

fn opened(file: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if file == Path::new("-") {
        return Ok(Box::new(stdin()));
    }
    let opened = File::open(file).map_err(|error| Invalid(format!("{} kan inte läsas: {error}", file.display())))?;
    Ok(Box::new(opened))
}

/// Reads on one thread, answers on `jobs` others and writes on this one; how many lines there were, and how many of
/// them were wrong. Portions go round the answering threads and are fetched in the same order.
fn answer_all(
    book: &RuleBook,
    input: Box<dyn Read + Send>,
    output: &mut impl Write,
    jobs: usize,
) -> anyhow::Result<(u64, u64)> {
    thread::scope(|scope| {
        let (mut to, mut from) = (Vec::new(), Vec::new());
        for _ in 0..jobs {
            let (portions, portions_here) = sync_channel::<Portion>(WAITING);
            let (answers, answers_here) = sync_channel(WAITING);
            scope.spawn(move || answer_portions(book, &portions_here, &answers));
            to.push(portions);
            from.push(answers_here);
        }
        let reading = scope.spawn(move || read_portions(input, &to));
        let (mut lines, mut wrong) = (0, 0);
        let progress = Progress::begin();
        for answers in from.iter().cycle().map_while(|answers| answers.recv().ok()) {
            lines += answers.lines;
            wrong += answers.wrong;
            output.write_all(&answers.text).context("svaren kan inte skrivas")?;
            progress.say(|| format!("räknade rader: {lines}"));
        }
        output.flush().context("svaren kan inte skrivas")?;
        drop(progress);
        match reading.join() {
            Ok(read) => read.map_err(|error| Invalid(format!("filen kan inte läsas: {error}")).into()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        .map(|()| (lines, wrong))
    })
}

/// Hands portions out in turn until the input ends, or nobody takes them any longer.
fn read_portions(input: impl Read, to: &[SyncSender<Portion>]) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut next = 1;
    for to in to.iter().cycle() {
        let mut portion = Portion { first: next, lines: Vec::new() };
        let mut size = 0;
        while size < PORTION {
            let Some(line) = read_line(&mut input)? else { break };
            size += line.len() + 1;
            portion.lines.push(line);
            next += 1;
        }
        if portion.lines.is_empty() || to.send(portion).is_err() {
            break;
        }
    }
    Ok(())
}

/// A line without its end; of one that is too long a little more than is allowed. Nothing at the end of the input.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST + 2).unwrap_or(u64::MAX);
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() > LONGEST && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    while line.ends_with(b"\n") || line.ends_with(b"\r") {
        line.pop();
    }
    Ok(Some(line))
}

fn answer_portions(book: &RuleBook, portions: &Receiver<Portion>, answers: &SyncSender<Answers>) {
    for portion in portions {
        let mut made = Answers { text: Vec::new(), lines: 0, wrong: 0 };
        for (number, line) in (portion.first..).zip(&portion.lines) {
            made.lines += 1;
            if let Err(error) = answered(book, line, &mut made.text) {
                made.wrong += 1;
                let object = json!({"line": number, "error": error.1, "field": error.0});
                made.text.extend_from_slice(object.to_string().as_bytes());
            }
            made.text.push(b'\n');
        }
        if answers.send(made).is_err() {
            return;
        }
    }
}

/// Writes the answer to a line, or says which field is wrong and why.
fn answered(book: &RuleBook, line: &[u8], text: &mut Vec<u8>) -> Result<(), (Option<String>, String)> {
    if line.len() > LONGEST {
        return Err((None, format!("raden är längre än {LONGEST} tecken")));
    }
    book.answer_line(line, text).map_err(|error| (error.field().map(str::to_owned), error.to_string()))
}
