//! Frames, windows and dialogs.

use std::time::Duration;

use kollega::browser::{Answer, ErrorKind, Set, Target};

use super::desk::Desk;
use super::files::pixel;

#[tokio::test]
async fn things_in_a_frameset_are_found_without_naming_the_frame() {
    let mut desk = Desk::at("frameset.html").await;
    desk.fill(Target::field("Sök"), "akt").await;
    desk.click(Target::button("Hitta")).await;
    desk.sees("Träff").await;
    desk.click(Target::link("Ny beräkning")).await;
    desk.fill(Target::field("Sökande"), "Tolvan").await;
    assert_eq!(desk.read(Target::field("Sökande")).await, "Tolvan");
    desk.end().await;
}

#[tokio::test]
async fn a_frame_entered_by_name_holds_the_steps_until_it_is_left() {
    let mut desk = Desk::at("frameset.html").await;
    desk.session.enter_frame(&["huvud".to_owned()]).await.unwrap();
    desk.sees("Välkommen").await;
    let menu = desk.session.exists(&[Target::link("Ny beräkning")], None, false).await.unwrap();
    assert_eq!(menu.count, 0);
    desk.session.leave_frame();
    desk.click(Target::link("Ny beräkning")).await;
    desk.session.enter_frame(&["huvud".to_owned()]).await.unwrap();
    desk.fill(Target::field("Sökande"), "Tolvan").await;
    desk.session.leave_frame();
    desk.end().await;
}

#[tokio::test]
async fn a_frame_within_a_frame_is_clicked_in() {
    let mut desk = Desk::at("nested.html").await;
    desk.click(Target::button("Hitta")).await;
    desk.sees("Träff").await;
    desk.session.enter_frame(&["mellan".to_owned(), "inre".to_owned()]).await.unwrap();
    desk.session.type_keys(&[Target::field("Sök")], "x", false).await.unwrap();
    assert_eq!(desk.read(Target::field("Sök")).await, "x");
    desk.session.set_timeout(Duration::from_millis(300));
    let missing = desk.session.enter_frame(&["saknas".to_owned()]).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NoFrame);
    desk.end().await;
}

#[tokio::test]
async fn a_frame_of_another_origin_is_worked_in_when_it_is_entered_and_covered_whole_in_pictures() {
    let mut desk = Desk::at("foreign.html").await;
    let unseen = desk.session.exists(&[Target::button("Hitta")], None, false).await.unwrap();
    assert_eq!(unseen.count, 0);
    let open = desk.session.screenshot(&[], &[]).await.unwrap();
    let shot = desk.session.screenshot(&[], &["Tolvan Tolvansson".to_owned()]).await.unwrap();
    assert_ne!(pixel(&open, 200, 250), [0, 0, 0]);
    assert_eq!(pixel(&shot, 200, 250), [0, 0, 0]);
    desk.session.enter_frame(&["annan".to_owned()]).await.unwrap();
    desk.fill(Target::field("Sök"), "x").await;
    desk.click(Target::button("Hitta")).await;
    desk.sees("Träff").await;
    desk.session.leave_frame();
    desk.sees("Yttre").await;
    desk.end().await;
}

#[tokio::test]
async fn an_open_dialog_stops_every_other_command() {
    let mut desk = Desk::at("opener.html").await;
    desk.click(Target::button("Fråga")).await;
    let expected = ErrorKind::UnexpectedDialog { text: "Namn?".to_owned() };
    let button = [Target::button("Vänta")];
    let address = format!("http://{}/main.html", desk.address);
    assert_eq!(desk.session.goto(&address).await.unwrap_err().kind, expected);
    assert_eq!(desk.session.click(&button, false).await.unwrap_err().kind, expected);
    assert_eq!(desk.session.exists(&button, None, false).await.unwrap_err().kind, expected);
    assert_eq!(
        desk.session.set(&[Set::fill(Target::field("Kod"), "1")], false).await.unwrap_err().error.kind,
        expected
    );
    assert_eq!(desk.session.screenshot(&[], &[]).await.unwrap_err().kind, expected);
    assert_eq!(desk.session.dialog_text().await.unwrap(), "Namn?");
    desk.session.alert(&Answer::Dismiss).await.unwrap();
    desk.session.goto(&address).await.unwrap();
    desk.end().await;
}

#[tokio::test]
async fn a_popup_with_two_dialogs_that_closes_itself_is_worked_through() {
    let mut desk = Desk::at("opener.html").await;
    desk.click(Target::button("Öppna post")).await;
    desk.session.enter_window("post").await.unwrap();
    desk.fill(Target::field("Belopp"), "6020").await;
    desk.click(Target::button("Spara")).await;
    let hindered = desk.session.title().await.unwrap_err();
    assert_eq!(hindered.kind, ErrorKind::UnexpectedDialog { text: "Spara beräkningen?".to_owned() });
    assert_eq!(desk.session.alert(&Answer::Accept).await.unwrap(), "Spara beräkningen?");
    assert_eq!(desk.session.alert(&Answer::Accept).await.unwrap(), "Klart");
    desk.session.leave_window().await.unwrap();
    desk.sees("Sparad 6020").await;
    desk.session.set_timeout(Duration::from_millis(300));
    let gone = desk.session.enter_window("post").await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NoWindow);
    desk.end().await;
}

#[tokio::test]
async fn a_window_keeps_its_name_and_a_dismissed_question_saves_nothing() {
    let mut desk = Desk::at("opener.html").await;
    desk.click(Target::button("Öppna post")).await;
    desk.session.enter_window("post").await.unwrap();
    desk.click(Target::button("Spara")).await;
    desk.session.alert(&Answer::Dismiss).await.unwrap();
    desk.session.leave_window().await.unwrap();
    assert_eq!(desk.session.title().await.unwrap(), "Akt");
    desk.session.enter_window("post").await.unwrap();
    assert_eq!(desk.session.title().await.unwrap(), "Post");
    desk.session.close_window().await.unwrap();
    assert!(!desk.session.text_of_page().await.unwrap().contains("Sparad"));
    desk.end().await;
}

#[tokio::test]
async fn a_dialog_is_waited_for_and_a_question_is_answered_with_text() {
    let mut desk = Desk::at("opener.html").await;
    desk.click(Target::button("Vänta")).await;
    assert_eq!(desk.session.alert(&Answer::Accept).await.unwrap(), "Sessionen går ut");
    desk.click(Target::button("Fråga")).await;
    desk.session.alert(&Answer::Text("Tolvan".to_owned())).await.unwrap();
    assert_eq!(desk.read(Target::css("#namn")).await, "Tolvan");
    desk.session.set_timeout(Duration::from_millis(300));
    assert_eq!(desk.session.alert(&Answer::Accept).await.unwrap_err().kind, ErrorKind::NoDialog);
    desk.end().await;
}

#[tokio::test]
async fn a_field_whose_event_opens_a_dialog_is_set_and_leaves_it_to_the_next_step() {
    let mut desk = Desk::at("opener.html").await;
    desk.fill(Target::field("Kod"), "7").await;
    assert_eq!(desk.session.alert(&Answer::Accept).await.unwrap(), "Okänd kod");
    assert_eq!(desk.read(Target::field("Kod")).await, "7");
    desk.end().await;
}
