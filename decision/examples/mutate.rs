//! Tries every small mistake in a rule book and lists those that none of its cases notices: `scripts/mutate-rules`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use decision::mutate;

#[expect(clippy::print_stdout, reason = "it is a program of its own")]
fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        println!("regelbokens mapp väntas, till exempel rulebooks/ekonomiskt-bistand");
        return ExitCode::from(2);
    };
    let started = Instant::now();
    let report = match mutate(Path::new(&folder), None) {
        Ok(report) => report,
        Err(problems) => {
            for problem in problems {
                println!("{problem}");
            }
            return ExitCode::from(2);
        }
    };
    for problem in report.survivors.iter().chain(&report.stale) {
        println!("{}:{}: {}", problem.file.display(), problem.line, problem.message);
    }
    let noticed = report.tried - report.refused - report.excused - report.survivors.len();
    println!(
        "{} ändringar på {:.1} s: {noticed} märks av ett fall, {} vägras av kontrollen, {} är undantagna, {} överlever",
        report.tried,
        started.elapsed().as_secs_f64(),
        report.refused,
        report.excused,
        report.survivors.len(),
    );
    ExitCode::from(u8::from(!report.survivors.is_empty() || !report.stale.is_empty()))
}
