//! Letters: what they say, and what is known about each sending.

mod sending;
mod server;

use std::fs;

use chrono::{DateTime, Utc};
use kollega::mail::{ComposeError, Letter, Mail, Rendered, Template};
use kollega::problem::Problem;
use serde_json::json;

/// A bot's mail folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("the template can be written");
    }
    folder
}

fn read(files: &[(&str, &str)]) -> Template {
    Template::read(folder(files).path(), "beslut").expect("the template is right")
}

fn problem(files: &[(&str, &str)], name: &str) -> String {
    let folder = folder(files);
    let error = Template::read(folder.path(), name).expect_err("the template is wrong");
    Problem::from(error).to_string().replace(&format!("{}/", folder.path().display()), "")
}

fn some_date() -> DateTime<Utc> {
    "2025-12-10T08:00:00Z".parse().expect("a date")
}

/// A letter to somebody, in Swedish.
fn letter() -> Mail {
    let template =
        read(&[("beslut.txt", "Ämne: Ärende {{ nr }} är läst\n\nHej!\n.\nDet finns något att läsa på Mina sidor.\n")]);
    let content = template.render(&json!({"nr": "A-1"})).expect("it renders");
    Mail::compose(to("mottagare@example.se"), content).expect("it composes")
}

fn to(to: &str) -> Letter {
    Letter { message_id: "<01KB2Q5S5Z9M3R7T1V4W6X8Y0Z@kommunen.example>".into(), to: to.into(), date: some_date() }
}

#[test]
fn a_template_has_a_subject_a_text_and_an_escaped_html() {
    let template = read(&[
        ("beslut.txt", "Ämne: Hej {{ namn }}\n\nTill {{ namn }}: åäö ÅÄÖ\n"),
        ("beslut.html", "<p>Till {{ namn }}: åäö</p>"),
    ]);

    let rendered = template.render(&json!({"namn": "Å & <Ö>"})).expect("it renders");

    assert_eq!(
        rendered,
        Rendered {
            subject: "Hej Å & <Ö>".into(),
            text: "Till Å & <Ö>: åäö ÅÄÖ".into(),
            html: Some("<p>Till Å &amp; &lt;Ö&gt;: åäö</p>".into()),
        }
    );
}

#[test]
fn the_names_a_template_uses_are_known_before_it_is_rendered() {
    let template = read(&[
        ("beslut.txt", "Ämne: {{ a }}\n\n{% if item.epost %}{{ item.namn.efternamn }}{% endif %}\n"),
        ("beslut.html", "{{ länk }}"),
    ]);

    let names = template.names().expect("it was read");

    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "item.epost", "item.namn.efternamn", "länk"]);
}

#[test]
fn a_subject_stays_one_line_whatever_is_put_into_it() {
    let template = read(&[("beslut.txt", "Ämne: Hej {{ namn }}\n\nText\n")]);

    let rendered = template.render(&json!({"namn": "A\r\nBcc: b@example.se\n\nx"})).expect("it renders");

    assert_eq!(rendered.subject, "Hej A Bcc: b@example.se x");
}

#[test]
fn a_template_with_windows_line_ends_and_a_byte_order_mark_is_read() {
    let template = read(&[("beslut.txt", "\u{feff}Ämne: Hej\r\n\r\nText\r\nrad två\r\n")]);

    assert_eq!(template.render(&json!({})).expect("it renders").text, "Text\nrad två");
}

#[test]
fn a_name_that_is_not_given_is_an_error_with_its_line() {
    let template = read(&[("beslut.txt", "Ämne: Hej\n\n\nrad 4\n{{ okänt }}\n")]);

    let error = template.render(&json!({})).expect_err("the name is not there");

    assert_eq!((error.line, error.message.as_str()), (5, "mallen använder ett namn som inte finns"));
}

#[test]
fn a_wrong_template_says_where_and_what() {
    assert_eq!(problem(&[], "beslut"), "beslut.txt:1:1: mallen finns inte");
    assert_eq!(problem(&[], "../beslut"), "../beslut.txt:1:1: ”../beslut” duger inte som namn på en mall");
    assert_eq!(problem(&[("b.txt", "Hej\n")], "b"), "b.txt:1:1: mallens första rad ska vara ”Ämne: …”");
    assert_eq!(problem(&[("b.txt", "Ämne: Hej\n\n \n")], "b"), "b.txt:2:1: brevet är tomt");
    assert!(problem(&[("b.txt", "Ämne: Hej\n\nrad 3\n{{ x\n")], "b").starts_with("b.txt:4:1: mallen kan inte tolkas"));
    assert!(problem(&[("b.txt", "Ämne: Hej\n\nx\n"), ("b.html", "\n{% for %}")], "b").starts_with("b.html:2:1:"));
}

#[test]
fn a_template_can_read_no_other_file() {
    let template = read(&[("beslut.txt", "Ämne: Hej\n\n{% include 'annan.txt' %}\n"), ("annan.txt", "hemligt")]);

    template.render(&json!({})).expect_err("there is nothing to include");
}

#[test]
fn a_template_cannot_print_all_that_it_was_given() {
    let template = read(&[("beslut.txt", "Ämne: Hej\n\n{{ debug() }}\n")]);

    let error = template.render(&json!({"personnummer": "198512052393"})).expect_err("there is no such function");

    assert!(!error.to_string().contains("198512052393"), "{error}");
}

#[test]
fn a_letter_without_a_usable_recipient_or_id_is_refused_before_anything_is_sent() {
    let content = || Rendered { subject: "Hej".into(), text: "Text".into(), html: None };
    let compose = |letter| Mail::compose(letter, content()).map(drop).expect_err("refused");

    assert_eq!(compose(to("")), ComposeError::NoRecipient);
    assert_eq!(compose(to("inte en adress")), ComposeError::Recipient);
    assert_eq!(compose(to("a@example.se\r\nRCPT TO:<b@example.se>")), ComposeError::Recipient);
    let letter = Letter { message_id: "<a@b>\r\nBcc: c@example.se".into(), ..to("a@example.se") };
    assert_eq!(compose(letter), ComposeError::MessageId);
}
