//! Waiting for what a page is about to show.

use std::time::{Duration, Instant};

use kollega::browser::{Condition, Set, Target};

use super::desk::{Desk, LIMIT};

#[tokio::test]
async fn steps_wait_for_what_comes_late_is_disabled_covered_or_moving() {
    let mut desk = Desk::at("slow.html").await;
    desk.click(Target::button("Under")).await;
    desk.sees("under").await;
    desk.click(Target::button("Flyttar")).await;
    desk.sees("flyttad").await;
    desk.click(Target::button("Fortsätt")).await;
    desk.sees("påslagen").await;
    let sets = [Set::fill(Target::field("Sent"), "a"), Set::fill(Target::field("Senare"), "b")];
    desk.session.set(&sets, false).await.unwrap();
    desk.end().await;
}

#[tokio::test]
async fn what_was_set_in_motion_by_the_field_before_is_clicked_at_rest() {
    let mut desk = Desk::at("away.html").await;
    let sets = [Set::fill(Target::field("Ort"), "Åmål"), Set::fill(Target::field("Gata"), "Björkgatan 1")];
    desk.session.set(&sets, false).await.unwrap();
    desk.click(Target::button("Spara")).await;
    desk.sees("i vila").await;
    desk.end().await;
}

#[tokio::test]
async fn a_click_is_a_hands_and_the_step_after_it_reads_the_page_that_it_led_to() {
    let mut desk = Desk::at("turn.html").await;
    desk.click(Target::button("Visa")).await;
    assert_eq!(desk.read(Target::css("#sett")).await, "mouseover mousedown focus mouseup click");
    for page in 1..=40 {
        let way = if page % 2 == 1 { "Nästa" } else { "Sedan" };
        desk.click(Target::button(way)).await;
        assert_eq!(desk.read(Target::css("#nummer")).await, page.to_string());
    }
    desk.end().await;
}

#[tokio::test]
async fn what_moves_away_between_press_and_release_is_clicked_where_it_stands_then_and_never_twice() {
    let mut desk = Desk::at("slips.html").await;
    desk.click(Target::button("Halkar")).await;
    assert_eq!(desk.read(Target::css("#halkar")).await, "klick");
    // What is done at the press itself is done once, though no click follows.
    for (name, id) in [("Flyttar sig", "#flyttar"), ("Svarar utan att synas", "#tyst")] {
        desk.click(Target::button(name)).await;
        assert_eq!(desk.read(Target::css(id)).await, "tryck", "{name}");
    }
    desk.end().await;
}

#[tokio::test]
async fn a_wait_that_is_in_vain_takes_its_time_limit_and_says_for_what() {
    let mut desk = Desk::at("main.html").await;
    desk.session.set_timeout(Duration::from_millis(500));
    let started = Instant::now();
    let gone = Condition::Gone { targets: vec![Target::button("Hitta")] };
    let error = desk.session.wait_for(&gone).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "kunde inte vänta på att knappen ”Hitta” försvinner: det tog längre tid än 0.5 sekunder"
    );
    assert!(started.elapsed() < LIMIT / 2);
    desk.session.set_timeout(LIMIT);
    desk.session.wait_for(&Condition::Url("/main.html".to_owned())).await.unwrap();
    desk.session.wait_for(&Condition::Title("Huv*".to_owned())).await.unwrap();
    desk.end().await;
}
