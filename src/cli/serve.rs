//! `kollega serve` and `kollega worker`: the scheduler, a worker and the console, or a worker only.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{print, print_error};
use crate::app::App;
use crate::bot::Bot;
use crate::config::Config;
use crate::desk::Desk;
use crate::runner::{Worker, WorkerOptions};
use crate::screenshots::{Screenshots, keep_tidy};
use crate::stop::{until, wait_for_signal};
use crate::wording;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    work: WorkArguments,
}

/// What a worker is told, of its own or within `serve`.
#[derive(Debug, Args)]
struct WorkArguments {
    /// Arbeta bara med robotar i den här poolen; kan anges flera gånger [annars: worker.pools]
    #[arg(long = "pool", value_name = "NAMN", value_parser = pool)]
    pools: Vec<String>,
    /// Hur många ärenden som arbetas med samtidigt [annars: worker.sessions]
    #[arg(long, value_name = "ANTAL", value_parser = clap::value_parser!(u8).range(1..=100))]
    sessions: Option<u8>,
    /// Visa webbläsarna på skärmen
    #[arg(long)]
    headed: bool,
}

impl WorkArguments {
    fn options(self) -> WorkerOptions {
        let Self { pools, sessions, headed } = self;
        WorkerOptions { pools, sessions: sessions.map(usize::from), headed, ..WorkerOptions::named() }
    }
}

fn pool(text: &str) -> Result<String, String> {
    if Bot::is_pool(text) {
        return Ok(text.to_owned());
    }
    Err("en pool heter något av små bokstäver, siffror och bindestreck, som `windows`".into())
}

#[derive(Debug, Args)]
pub struct WorkerArguments {
    #[command(flatten)]
    work: WorkArguments,
    /// Sluta när inget finns kvar att göra
    #[arg(long)]
    until_done: bool,
}

/// Carries out `serve`.
pub async fn run(config: &Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let app = Arc::new(App::open(config.clone()).await?);
    let listener = TcpListener::bind(&config.console.address).await;
    let listener = listener.with_context(|| format!("konsolen kan inte lyssna på {}", config.console.address))?;
    let (stop, stopped) = watch::channel(false);
    let options = WorkerOptions { serves: true, ..arguments.work.options() };
    let worker = Worker::start(Arc::clone(&app), options).await?;
    print(&format!("Konsolen: http://{}", listener.local_addr()?));
    print("Kollega arbetar. Avsluta med Ctrl-C; ärendet som pågår görs klart först.");
    let tidying =
        tokio::spawn(keep_tidy(Screenshots::of(&config.data()), app.store.clone(), config.screenshots.clone()));
    let scheduler = tokio::spawn(crate::scheduler::serve(Arc::clone(&app), stopped.clone()));
    let alerts = tokio::spawn(crate::alert::serve(Arc::clone(&app), stopped.clone()));
    let replay = tokio::spawn(crate::replay::serve(Arc::clone(&app), stopped.clone()));
    let console = tokio::spawn(crate::console::serve(Desk::of(&app), listener, until(stopped)));
    let mut working = {
        let worker = Arc::clone(&worker);
        tokio::spawn(async move { worker.work().await })
    };
    // A program that has lost its worker must not look as if it worked: it ends, and is started again.
    let ended = tokio::select! {
        () = wait_for_signal() => None,
        ended = &mut working => Some(ended),
    };
    print(ENDING);
    let _ = stop.send(true);
    worker.stop();
    tidying.abort();
    // Taken up again at the next start, from the beginning.
    replay.abort();
    let hurried = tokio::spawn(hurry_at_a_signal(Arc::clone(&worker)));
    let ended = match ended {
        Some(ended) => ended,
        None => working.await,
    };
    hurried.abort();
    scheduler.await?;
    alerts.await?;
    console.await??;
    ended??;
    Ok(ExitCode::SUCCESS)
}

/// What the first signal is answered with.
const ENDING: &str = "Avslutar: pågående etapper görs klart. En gång till avslutar genast.";

/// Lets the worker end at a signal, after the stages in hand; at a second one at once.
pub(super) async fn end_at_signals(worker: Arc<Worker>) {
    wait_for_signal().await;
    print_error(ENDING);
    worker.stop();
    hurry_at_a_signal(worker).await;
}

/// A second signal: nothing is waited for.
async fn hurry_at_a_signal(worker: Arc<Worker>) {
    wait_for_signal().await;
    worker.hurry();
}

/// Carries out `worker`.
pub async fn run_worker(config: &Config, arguments: WorkerArguments) -> anyhow::Result<ExitCode> {
    let app = Arc::new(App::open(config.clone()).await?);
    let options = WorkerOptions { until_done: arguments.until_done, ..arguments.work.options() };
    let tidying =
        tokio::spawn(keep_tidy(Screenshots::of(&config.data()), app.store.clone(), config.screenshots.clone()));
    let worker = Worker::start(app, options).await?;
    let signal = tokio::spawn(end_at_signals(Arc::clone(&worker)));
    worker.work().await?;
    signal.abort();
    tidying.abort();
    if arguments.until_done {
        tell_what_waits(config, &worker).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what a worker has left to a later time, if anything.
pub(super) async fn tell_what_waits(config: &Config, worker: &Worker) -> anyhow::Result<()> {
    let Some(waits) = worker.waits().await? else { return Ok(()) };
    let zone = wording::timezone(config);
    let (first, last) = (wording::local_time(&waits.first, zone), wording::local_time(&waits.last, zone));
    let until = if first == last {
        format!(" till {first}")
    } else {
        format!(", det första till {first} och det sista till {last}")
    };
    let items = wording::count(waits.count, "ärende", "ärenden");
    print_error(&format!("{items} väntar{until}: se `kollega why {}`.", waits.reference));
    Ok(())
}
