//! Starts all practice systems and stops them. Must not know what they show.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    akten, control,
    dice::Dice,
    error::{Error, Result},
    fault::{FaultSpec, FaultView, Faults},
    ledger::{self, LedgerRecord, Order},
    mailbox,
    pages::Pages,
    portal,
    record::{Counts, NewRecord, Record},
    seed::Seed,
    serve,
    session::Sessions,
    shared::Shared,
    ssbtek,
    store::Store,
};

#[derive(Debug, Clone)]
pub struct Config {
    /// The folder for `sandbox.sqlite`; made when it is not there.
    pub data: PathBuf,
    pub address: IpAddr,
    /// The portal's port; the others follow. 0: free ports.
    pub port: u16,
    /// 0: a free port.
    pub smtp_port: u16,
    /// Of the faults' chances and the keypad's places.
    pub seed: u64,
    /// After how long without a request Akten signs out.
    pub akten_idle: Duration,
    /// How long every page of Akten takes at least: it is a slow system.
    pub akten_delay: Duration,
    /// Whether the ledger knows `Idempotency-Key`; most systems do not.
    pub ledger_knows_keys: bool,
}

impl Config {
    /// Loopback, free ports, data in `data`.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            smtp_port: 0,
            seed: 1,
            akten_idle: Duration::from_mins(20),
            akten_delay: Duration::ZERO,
            ledger_knows_keys: false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    pub portal: SocketAddr,
    pub akten: SocketAddr,
    pub ssbtek: SocketAddr,
    pub mailbox: SocketAddr,
    pub control: SocketAddr,
    pub smtp: SocketAddr,
    pub ledger: SocketAddr,
}

/// The running practice systems; they end with `stop`, or with the runtime.
pub struct Sandbox {
    pub addresses: Addresses,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

pub async fn start(config: Config) -> Result<Sandbox> {
    let shared = Arc::new(open(&config).await?);
    let (stop, stopped) = watch::channel(false);
    let mut servers = Vec::new();
    let mut system = async |name: &'static str, offset: u16, keep_alive: bool, router: Router| {
        let port = if config.port == 0 { 0 } else { config.port.saturating_add(offset) };
        let listener = serve::listen(name, SocketAddr::new(config.address, port)).await?;
        let address = local(name, &listener)?;
        servers.push(serve::run(listener, router, keep_alive, stopped.clone()));
        Ok::<_, Error>(address)
    };
    let portal = system("portal", 0, true, portal::router(shared.clone())).await?;
    let akten = system("akten", 1, false, akten::router(shared.clone(), config.akten_delay)).await?;
    let ssbtek = system("ssbtek", 2, true, ssbtek::router(shared.clone())).await?;
    let mailbox = system("mailbox", 3, true, mailbox::router(shared.clone())).await?;
    let control = system("control", 4, true, control::router(shared.clone())).await?;
    let ledger = system("ledger", 5, true, ledger::router(shared.clone(), config.ledger_knows_keys)).await?;
    let listener = serve::listen("smtp", SocketAddr::new(config.address, config.smtp_port)).await?;
    let smtp = local("smtp", &listener)?;
    servers.push(mailbox::smtp::run(listener, shared.clone(), stopped));
    let addresses = Addresses { portal, akten, ssbtek, mailbox, control, smtp, ledger };
    Ok(Sandbox { addresses, shared, stop, servers })
}

async fn open(config: &Config) -> Result<Shared> {
    std::fs::create_dir_all(&config.data).map_err(|source| Error::Folder { path: config.data.clone(), source })?;
    let seed = Seed::load()?;
    let store = Store::open(&config.data.join("sandbox.sqlite")).await?;
    store.seed(&seed.dossiers).await?;
    Ok(Shared {
        faults: Faults::load(store.clone(), config.seed).await?,
        seed,
        store,
        pages: Pages::load(),
        dice: Dice::new(config.seed),
        portal_sessions: Sessions::new("medborgarporten", None),
        akten_sessions: Sessions::new("akten", Some(config.akten_idle)),
        keypads: std::sync::Mutex::default(),
        refused_sign_ins: std::sync::atomic::AtomicU64::new(0),
    })
}

fn local(system: &'static str, listener: &tokio::net::TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|source| Error::Listen { system, address: "an unknown address".to_owned(), source })
}

impl Sandbox {
    /// Drops every connection and closes the database.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for server in self.servers {
            let _ = server.await;
        }
        self.shared.store.close().await;
    }

    pub async fn add_fault(&self, fault: FaultSpec) -> Result<i64> {
        self.shared.faults.add(fault).await
    }

    pub async fn clear_faults(&self) -> Result<()> {
        self.shared.faults.clear().await
    }

    pub async fn faults(&self) -> Vec<FaultView> {
        self.shared.faults.list().await
    }

    /// The records in Akten with this reference, and the mails to its applicant.
    pub async fn counts(&self, reference: &str) -> Result<Counts> {
        control::counts(&self.shared, reference).await
    }

    /// How many records there are, in Akten and in the ledger.
    pub async fn saved(&self) -> Result<i64> {
        self.shared.store.saved().await
    }

    /// Every record in Akten, oldest first.
    pub async fn records(&self) -> Result<Vec<Record>> {
        self.shared.store.records().await
    }

    /// Puts a record into Akten as if somebody else had saved it; gives its number.
    pub async fn plant(&self, record: &NewRecord) -> Result<i64> {
        self.shared.store.save_record(record, "control").await
    }

    /// Gives the ledger so many more orders that wait to be recorded.
    pub async fn add_orders(&self, count: u32) -> Result<()> {
        self.shared.store.add_orders(count).await
    }

    /// Every order that the ledger has had, oldest first.
    pub async fn orders(&self) -> Result<Vec<Order>> {
        self.shared.store.orders().await
    }

    /// How many orders have no record, as far as the ledger tells at a time.
    pub async fn open_orders(&self) -> Result<usize> {
        Ok(self.shared.store.open_orders(ledger::MOST_ORDERS).await?.len())
    }

    /// Every record in the ledger, oldest first.
    pub async fn ledger(&self) -> Result<Vec<LedgerRecord>> {
        self.shared.store.ledger().await
    }

    /// How many sign-ins Akten and the portal have refused since the start.
    pub fn refused_sign_ins(&self) -> u64 {
        self.shared.refused_sign_ins.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Signs everybody out of Akten and the portal, as a restart of theirs would.
    pub fn expire_sessions(&self) {
        self.shared.akten_sessions.expire_all();
        self.shared.portal_sessions.expire_all();
    }
}
