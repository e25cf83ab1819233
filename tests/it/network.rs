//! Two nodes in network namespaces, each called as a machine of its own: the link between one of them and the database is
//! cut while it works, and healed. The link to the system that it works in stays whole all the time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use kollega::model::{EventKind, parse_time};
use kollega::store::ItemFilter;
use sandbox::{FaultKind, FaultSpec, System};
use tokio::net::{TcpListener, TcpStream};

use crate::morning::{PATIENCE, Program};
use crate::nodes::{Site, database, firings};

const BOT: &str = "liggaren";
/// Longer than a lease with its margin, and longer than anything waits for an answer of the database.
const CUT: Duration = Duration::from_secs(25);

/// Two networks, one to the database and one to the systems, with a namespace on both for each node.
struct Network {
    id: u8,
    nodes: Vec<&'static str>,
}

impl Network {
    fn lay(nodes: &[&'static str]) -> Self {
        let id = u8::try_from(std::process::id() % 250).expect("small");
        let network = Self { id, nodes: nodes.to_vec() };
        network.clear();
        for (kind, place) in [("d", 213), ("s", 214)] {
            ip(&format!("link add k{kind}{id} type bridge"));
            ip(&format!("link set k{kind}{id} up"));
            ip(&format!("addr add 10.{place}.{id}.1/24 dev k{kind}{id}"));
        }
        for (number, node) in nodes.iter().enumerate() {
            let namespace = network.namespace(node);
            ip(&format!("netns add {namespace}"));
            ip(&format!("-n {namespace} link set lo up"));
            for (kind, inside, place) in [("d", "database", 213), ("s", "systems", 214)] {
                let outside = format!("k{kind}{id}-{number}");
                ip(&format!("link add {outside} type veth peer name {inside} netns {namespace}"));
                ip(&format!("link set {outside} master k{kind}{id} up"));
                ip(&format!("-n {namespace} addr add 10.{place}.{id}.{}/24 dev {inside}", number + 2));
                ip(&format!("-n {namespace} link set {inside} up"));
            }
        }
        network
    }

    fn namespace(&self, node: &str) -> String {
        format!("kollega-{}-{node}", self.id)
    }

    fn cut(&self, node: &str) {
        ip(&format!("-n {} link set database down", self.namespace(node)));
    }

    fn heal(&self, node: &str) {
        ip(&format!("-n {} link set database up", self.namespace(node)));
    }

    fn address(&self, place: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, place, self.id, 1))
    }

    /// The program as a machine of this name, in its namespace.
    fn start(&self, site: &Site, node: &str, file: &Path) -> Program {
        let mut command = Command::new("ip");
        let line = r#"hostname "$0" && exec "$@""#;
        command.args(["netns", "exec", &self.namespace(node), "unshare", "--uts", "sh", "-c", line, node]);
        command.arg(env!("CARGO_BIN_EXE_kollega")).arg("--config").arg(file).args(["serve", "--sessions", "3"]);
        Program::of(command, &site.folder.path().join("output"), node)
    }

    fn clear(&self) {
        let quietly = |line: &str| drop(Command::new("ip").args(line.split(' ')).output());
        for node in &self.nodes {
            quietly(&format!("netns del {}", self.namespace(node)));
        }
        for kind in ["d", "s"] {
            quietly(&format!("link del k{kind}{}", self.id));
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.clear();
    }
}

fn ip(line: &str) {
    let output = Command::new("ip").args(line.split(' ')).output().expect("the program ip");
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Lets the nodes reach the tests' PostgreSQL, which listens on loopback only, at this address; the port.
async fn lead(address: IpAddr, server: String) -> u16 {
    let listener = TcpListener::bind(SocketAddr::new(address, 0)).await.expect("the network's address");
    let port = listener.local_addr().expect("a port").port();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                let mut there = TcpStream::connect(server).await?;
                tokio::io::copy_bidirectional(&mut here, &mut there).await
            });
        }
    });
    port
}

async fn begin(network: &Network) -> (Site, [Program; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let settings =
        sandbox::Config { address: network.address(214), ..sandbox::Config::in_folder(folder.path().join("sandbox")) };
    let sandbox = sandbox::start(settings).await.expect("the practice systems");
    let direct = database().await;
    let section = |url: &str| format!("[database]\nurl = \"{url}\"\nconnections = 8\n");
    let site = Box::pin(Site::on(folder, sandbox, section(&direct), "first")).await;
    let schedule = include_str!("../chaos/schedules/liggaren.yaml").replace("*/5", "*/3");
    std::fs::write(site.folder.path().join("schedules/liggaren.yaml"), schedule).expect("a schedule");
    let server = direct.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("a server").to_owned();
    let port = lead(network.address(213), server.clone()).await;
    let led = format!("{}?sslmode=disable", direct.replace(&server, &format!("{}:{port}", network.address(213))));
    let ledger = format!("http://{}", site.sandbox.addresses.ledger);
    let nodes = ["ada", "bea"].map(|node| {
        let file = site.machine_that_sees(node, &section(&led), &ledger);
        network.start(&site, node, &file)
    });
    (site, nodes)
}

/// Waits until something is so.
async fn until(what: &str, nodes: &[Program; 2], mut is_so: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !is_so().await {
        let said = || nodes.iter().map(Program::said).collect::<Vec<_>>().join("\n");
        assert!(since.elapsed() < PATIENCE, "never: {what}\n{}", said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a worker of the node is in the middle of a commit.
async fn is_committing(site: &Site, node: &str) -> bool {
    let items = site.app.store.items(&ItemFilter::default()).await.expect("the items");
    for item in items {
        let its = item.worker.as_deref().is_some_and(|worker| worker.starts_with(&format!("{node}:")));
        if its && item.lease_until.is_some() {
            let intents = site.app.store.item_intents(&item.id).await.expect("the intents");
            if intents.iter().any(|intent| intent.outcome.is_none()) {
                return true;
            }
        }
    }
    false
}

/// Whether the node has begun an item or a run after this time.
async fn has_begun_since(site: &Site, node: &str, since: DateTime<Utc>) -> bool {
    let events = site.app.store.latest_events(2000).await.expect("the events");
    events.iter().any(|event| {
        event.kind == EventKind::Claimed.as_str()
            && event.actor.starts_with(&format!("worker:{node}:"))
            && parse_time(&event.at).is_some_and(|at| at > since)
    })
}

/// Every order has one record.
async fn all_are_made_once(site: &Site, orders: usize, nodes: &[Program; 2]) {
    until("every order is recorded", nodes, async || site.sandbox.ledger().await.expect("the ledger").len() >= orders)
        .await;
    let records = site.sandbox.ledger().await.expect("the ledger");
    let mut references: Vec<&str> = records.iter().map(|record| record.referens.as_str()).collect();
    references.sort_unstable();
    references.dedup();
    assert_eq!((records.len(), references.len()), (orders, orders), "made twice, or lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "root and network namespaces: scripts/test --all"]
async fn a_node_cut_from_the_database_loses_nothing_doubles_nothing_and_goes_on_by_itself() {
    let network = Network::lay(&["ada", "bea"]);
    let (site, mut nodes) = Box::pin(begin(&network)).await;
    // Every question and every save takes a while: there is always something to be in the middle of.
    let slow = FaultSpec {
        path: Some("/api/poster".into()),
        ms: 300,
        times: 0,
        ..FaultSpec::new(System::Ledger, FaultKind::Slow)
    };
    site.sandbox.add_fault(slow).await.expect("a fault");
    site.sandbox.add_orders(80).await.expect("orders");
    until("the node is about to commit", &nodes, async || is_committing(&site, "ada").await).await;
    network.cut("ada");
    let cut = Instant::now();
    let since = site.app.store.now().await.expect("the time");
    let before = firings(&site.app.store, 1, BOT).await.len();
    until("the other node takes over and finishes", &nodes, async || {
        site.sandbox.ledger().await.expect("the ledger").len() >= 80
    })
    .await;
    tokio::time::sleep(CUT.saturating_sub(cut.elapsed())).await;
    assert!(!has_begun_since(&site, "ada", since).await, "cut off, it begins nothing");
    assert!(firings(&site.app.store, 0, BOT).await.len() >= before + 6, "the other fires the schedules");
    network.heal("ada");
    let healed = site.app.store.now().await.expect("the time");
    site.sandbox.add_orders(60).await.expect("orders");
    until("the healed node goes on", &nodes, async || has_begun_since(&site, "ada", healed).await).await;
    all_are_made_once(&site, 140, &nodes).await;
    for node in &mut nodes {
        assert_eq!(node.has_ended(), None, "no restart\n{}", node.said());
        node.ask_to_end();
    }
    for node in &mut nodes {
        assert_eq!(node.ended(Duration::from_mins(1)).await, Some(0), "{}", node.said());
    }
    firings(&site.app.store, 1, BOT).await;
    all_are_made_once(&site, 140, &nodes).await;
    let said = nodes[0].said();
    assert_eq!(said.matches("the database is away").count(), 1, "{said}");
    assert_eq!(said.matches("the database is back").count(), 1, "{said}");
    assert!(!nodes[1].said().contains("the database is away"), "{}", nodes[1].said());
}
