//! The demo: the practice systems, the scheduler, a worker and the console on this machine, and a day's work.
//!
//! It uses the product as anyone does: a configuration file, secrets, users, the desk. Killed and started again, it goes
//! on where it was.

mod faults;
mod installation;
mod progress;
mod report;
mod stand_in;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::config::Config;
use crate::desk::Desk;
use crate::rulebook;
use crate::runner::{Worker, WorkerOptions};
use crate::script::current;
use crate::stop::{until, wait_for_signal};
use crate::store::NewRun;
use crate::terminal::print;

/// How the demo is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of everything it writes.
    pub data: PathBuf,
    /// A scripted stand-in decides, and every application is checked against what it should end as.
    pub unattended: bool,
    pub headed: bool,
    /// The first port of the practice systems; 0 for free ports.
    pub port: u16,
    /// Makes the practice systems fail here and there, the same way for the same seed.
    pub faults: Option<u64>,
    /// Throws away what an earlier demo left.
    pub reset: bool,
}

const BOT: &str = "ekonomiskt-bistand";

/// Runs the demo; true when everything ended as it should.
pub async fn run(base: &Config, options: &Options) -> anyhow::Result<bool> {
    let folder = installation::prepare(options)?;
    let sandbox = installation::start_sandbox(&folder, options).await?;
    let config = installation::configure(base, &folder, &sandbox.addresses)?;
    let app = Arc::new(App::open(config).await?);
    let password = installation::furnish(&app, options.unattended).await?;
    if let Some(seed) = options.faults {
        faults::switch_on(&sandbox, &folder, seed)?;
    }
    let listener = TcpListener::bind(&app.config.console.address).await;
    let listener = match listener {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await.context("konsolen kan inte lyssna på 127.0.0.1")?,
    };
    let addresses = installation::addresses(
        &sandbox.addresses,
        listener.local_addr()?,
        &folder,
        password.as_deref().filter(|_| !options.unattended),
    );
    print(&addresses);
    let done = day(&app, options, listener, password.as_deref()).await?;
    let right = report::tell(&app, &sandbox, options.unattended).await?;
    print(&addresses);
    if done {
        std::fs::write(folder.join("finished"), "")?;
    }
    if !done {
        print("Demon avbröts. Kör samma kommando igen, så fortsätter den där den var.");
    } else if !options.unattended {
        print("Demon är klar. Titta dig omkring på adresserna ovan; avsluta med Ctrl-C.");
        wait_for_signal().await;
    }
    sandbox.stop().await;
    Ok(right)
}

/// The day's work: true when nothing is left to do.
async fn day(app: &Arc<App>, options: &Options, listener: TcpListener, password: Option<&str>) -> anyhow::Result<bool> {
    let (stop, stopped) = watch::channel(false);
    let worker =
        Worker::start(Arc::clone(app), WorkerOptions { headed: options.headed, ..WorkerOptions::named() }).await?;
    let scheduler = tokio::spawn(crate::scheduler::serve(Arc::clone(app), stopped.clone()));
    // The console outlives the day's work: a person looks around in it afterwards.
    drop(tokio::spawn(crate::console::serve(Desk::of(app), listener, until(stopped.clone()))));
    let working = {
        let worker = Arc::clone(&worker);
        tokio::spawn(async move { worker.work().await })
    };
    approve_rules(app).await?;
    start_run(app).await?;
    let deciding = match (options.unattended, password) {
        (true, Some(password)) => {
            Some(tokio::spawn(stand_in::decide(Arc::clone(app), password.to_owned(), stopped.clone())))
        }
        _ => None,
    };
    let done = tokio::select! {
        done = progress::follow(app, options.unattended) => done?,
        () = wait_for_signal() => false,
    };
    if options.unattended || !done {
        stop.send(true)?;
    }
    worker.stop();
    working.await??;
    if let Some(deciding) = deciding {
        deciding.await??;
    }
    if options.unattended || !done {
        scheduler.await?;
    } else {
        // Until the program ends.
        std::mem::forget(stop);
    }
    Ok(done)
}

/// Approves the bot's rule books as they are, so that schedules may use them.
async fn approve_rules(app: &App) -> anyhow::Result<()> {
    let bot = current(&app.config, BOT).map_err(anyhow::Error::msg)?;
    for name in rulebook::names_of(&bot) {
        let content = rulebook::content_of(&rulebook::current(&app.config, name).map_err(anyhow::Error::msg)?);
        let known = app.store.rulebook(&content.book, &content.sha256).await?;
        if known.is_none_or(|version| version.approved_at.is_none()) {
            let approved = app.store.approve_rulebook(&content, "demo", "Demon godkänner sin egen regelbok").await?;
            approved?;
        }
    }
    Ok(())
}

/// Queues the day's run, unless one is there already from before a crash.
async fn start_run(app: &App) -> anyhow::Result<()> {
    if !app.store.runs(Some(BOT), 1).await?.is_empty() {
        print("Fortsätter där den förra demon slutade.");
        return Ok(());
    }
    let bot = current(&app.config, BOT).map_err(anyhow::Error::msg)?;
    let run = NewRun {
        bot: BOT.into(),
        version: bot.version.clone(),
        trigger: "demo".into(),
        schedule: None,
        nominal: None,
        pool: bot.pool().to_owned(),
        actor: "person:demo".into(),
    };
    app.store.queue_run(&run).await?;
    Ok(())
}
