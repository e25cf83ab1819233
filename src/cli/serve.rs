//! `kollega serve` and `kollega worker`: the scheduler, a worker and the console, or a worker only.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::print;
use crate::app::App;
use crate::config::Config;
use crate::desk::Desk;
use crate::runner::{Worker, WorkerOptions};
use crate::screenshots::{Screenshots, keep_tidy};
use crate::stop::{until, wait_for_signal};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Visa webbläsarna på skärmen
    #[arg(long)]
    headed: bool,
}

#[derive(Debug, Args)]
pub struct WorkerArguments {
    /// Visa webbläsarna på skärmen
    #[arg(long)]
    headed: bool,
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
    let worker =
        Worker::start(Arc::clone(&app), WorkerOptions { headed: arguments.headed, ..WorkerOptions::named() }).await?;
    print(&format!("Konsolen: http://{}", listener.local_addr()?));
    print("Kollega arbetar. Avsluta med Ctrl-C; ärendet som pågår görs klart först.");
    let tidying = tokio::spawn(keep_tidy(Screenshots::of(&config.data()), app.store.clone(), config.screenshots.clone()));
    let scheduler = tokio::spawn(crate::scheduler::serve(Arc::clone(&app), stopped.clone()));
    let console = tokio::spawn(crate::console::serve(Desk::of(&app), listener, until(stopped)));
    let working = {
        let worker = Arc::clone(&worker);
        tokio::spawn(async move { worker.work().await })
    };
    wait_for_signal().await;
    print("Avslutar …");
    let _ = stop.send(true);
    worker.stop();
    tidying.abort();
    working.await??;
    scheduler.await?;
    console.await??;
    Ok(ExitCode::SUCCESS)
}

/// Carries out `worker`.
pub async fn run_worker(config: &Config, arguments: WorkerArguments) -> anyhow::Result<ExitCode> {
    let app = Arc::new(App::open(config.clone()).await?);
    let options =
        WorkerOptions { headed: arguments.headed, until_done: arguments.until_done, ..WorkerOptions::named() };
    let tidying = tokio::spawn(keep_tidy(Screenshots::of(&config.data()), app.store.clone(), config.screenshots.clone()));
    let worker = Worker::start(app, options).await?;
    let stopping = Arc::clone(&worker);
    let signal = tokio::spawn(async move {
        wait_for_signal().await;
        stopping.stop();
    });
    worker.work().await?;
    signal.abort();
    tidying.abort();
    Ok(ExitCode::SUCCESS)
}
