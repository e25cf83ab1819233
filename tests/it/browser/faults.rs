//! What goes wrong, and that it costs no more than it must.

use std::time::{Duration, Instant};

use kollega::browser::{ErrorKind, Session, Set, Target};
use tempfile::TempDir;

use super::desk::{Desk, LATE, LIMIT, assert_nothing_left, config, eventually};

#[tokio::test]
async fn a_page_in_an_endless_loop_costs_its_time_limit_and_no_more() {
    let mut desk = Desk::at("endless.html").await;
    let record = desk.session.record().clone();
    desk.session.set_timeout(Duration::from_secs(2));
    let started = Instant::now();
    // The click itself may be reported as done; then it is the next command that meets the loop.
    let clicked = desk.session.click(&[Target::button("Räkna")], false).await.map(|_| ());
    let error = if clicked.is_ok() {
        desk.session.exists(&[Target::text("x")], None, false).await.map(|_| ())
    } else {
        clicked
    };
    assert_eq!(error.unwrap_err().kind, ErrorKind::Watchdog);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    let again = Instant::now();
    assert_eq!(desk.session.title().await.unwrap_err().kind, ErrorKind::Watchdog);
    assert!(again.elapsed() < Duration::from_secs(1), "after that every command fails at once");
    assert!(!desk.session.is_usable());
    eventually("the browser is ended", || !record.browser.unwrap().is_alive()).await;
    desk.end().await;
}

#[tokio::test]
async fn a_slow_page_costs_the_time_limit_and_the_browser_lives() {
    let mut desk = Desk::new().await;
    desk.session.set_timeout(Duration::from_secs(1));
    let started = Instant::now();
    let error = desk.session.goto(&format!("http://{}/late", desk.address)).await.unwrap_err();
    assert_eq!((error.kind, error.acted), (ErrorKind::Timeout { limit: Duration::from_secs(1) }, true));
    assert!(started.elapsed() < LATE);
    desk.session.set_timeout(LIMIT);
    desk.open("foreign.html").await;
    desk.session.set_timeout(Duration::from_secs(1));
    let clicked = desk.session.click(&[Target::link("Sen sida")], false).await.map(|_| ());
    let error = if clicked.is_ok() { desk.session.title().await.map(|_| ()) } else { clicked }.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout { limit: Duration::from_secs(1) });
    desk.session.set_timeout(LIMIT);
    desk.open("late").await;
    desk.sees("Framme").await;
    desk.end().await;
}

#[tokio::test]
async fn a_page_that_replaces_json_is_used_and_where_only_the_driver_can_do_it_named_as_the_culprit() {
    let mut desk = Desk::at("replaced.html").await;
    desk.session.set(&[Set::fill(Target::field("Ort"), "Åmål")], false).await.unwrap();
    desk.click(Target::button("Spara")).await;
    assert_eq!(desk.read(Target::css("#sparat")).await, "Åmål");
    let error = desk.session.type_keys(&[Target::field("Ort")], "Växjö", false).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::ScriptsReplaced);
    desk.end().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_the_address() {
    let mut desk = Desk::new().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = desk.session.goto(&format!("http://{nobody}/akt/1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFetched("ERR_CONNECTION_REFUSED".to_owned()));
    // What is asked of the browser's own error page is not answered with "no".
    let asked = desk.session.exists(&[Target::text("Sparad")], None, false).await.unwrap_err();
    assert!(matches!(asked.kind, ErrorKind::NotFetched(_)), "{asked}");
    desk.end().await;
}

#[tokio::test]
async fn a_browser_that_dies_is_told_and_nothing_of_it_is_left() {
    let mut desk = Desk::at("main.html").await;
    desk.session.record().browser.unwrap().kill();
    let error = desk.session.click(&[Target::button("Hitta")], false).await.unwrap_err();
    assert!(error.kind.ends_session(), "{error}");
    desk.end().await;
}

#[tokio::test]
async fn a_tab_that_crashes_is_told_and_the_session_is_of_no_more_use() {
    let mut desk = Desk::at("main.html").await;
    let crashed = desk.session.goto("chrome://crash").await.unwrap_err();
    assert_eq!(crashed.kind, ErrorKind::TabCrashed);
    assert!(!desk.session.is_usable());
    desk.end().await;
}

#[tokio::test]
async fn a_driver_that_can_not_start_is_told() {
    let folder = TempDir::new().unwrap();
    let mut config = config(folder.path(), Duration::from_secs(5));
    config.chromedriver = "/nowhere/chromedriver".into();
    let error = Session::open(&config, "x").await.err().unwrap();
    assert!(error.to_string().contains("/nowhere/chromedriver startade inte"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path().join("journal")).unwrap().count(), 0);
}

#[tokio::test]
async fn dropping_a_session_ends_its_browser() {
    let desk = Desk::at("main.html").await;
    let record = desk.session.record().clone();
    drop(desk.session);
    assert_nothing_left(&record);
}
