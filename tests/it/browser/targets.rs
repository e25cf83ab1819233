//! Finding things as a person names them, and setting and reading them.

use std::time::{Duration, Instant};

use kollega::browser::{ErrorKind, Set, Target, TargetKind};

use super::desk::{Desk, LIMIT};

#[tokio::test]
async fn a_legacy_form_is_filled_by_the_texts_in_its_cells_in_one_call() {
    let mut desk = Desk::at("legacy.html").await;
    let field = Target::field;
    let sets = [
        Set::fill(field("Sökande"), "Tolvan"),
        Set::fill(field("Medsökande"), "Elvan"),
        Set::select(field("Period"), "December 2025"),
        Set::fill(field("Anteckning:"), "två\nrader"),
        Set::check(field("Ja, skyddad")),
        Set::check(field("Par")),
        Set::fill(field("Fri text"), "x"),
        Set::fill(Target::cell("Hyra", "Godkänt"), "6300"),
        Set::fill(Target::cell("El", "Sökt"), "450"),
    ];
    let found = desk.session.set(&sets, false).await.unwrap();
    assert_eq!(found.len(), sets.len());
    assert_eq!(desk.read(Target::css("[name=f1]")).await, "Tolvan");
    assert_eq!(desk.read(Target::css("[name=f2]")).await, "Elvan");
    assert_eq!(desk.read(field("Period")).await, "December 2025");
    assert_eq!(desk.read(Target::css("[name=f4]")).await, "två rader");
    assert_eq!(desk.read(field("Ja, skyddad")).await, "true");
    assert_eq!(desk.read(Target::css("[name=s][value='2']")).await, "true");
    assert_eq!(desk.read(Target::css("[name=hg]")).await, "6300");
    assert_eq!(desk.read(Target::css("[name=hs]")).await, "");
    assert_eq!(desk.read(Target::cell("El", "Sökt")).await, "450");
    assert_eq!(desk.read(field("Summa")).await, "1 234,50 kr");
    desk.click(Target::button("Spara")).await;
    desk.sees("Sparad").await;
    desk.end().await;
}

#[tokio::test]
async fn a_table_is_read_with_its_headers_and_without_titles_and_hidden_rows() {
    let mut desk = Desk::at("legacy.html").await;
    let (rows, _) = desk.session.read_table(&[Target::table("Beräkningar")], false).await.unwrap();
    let text = serde_json::to_string(&rows).unwrap();
    assert_eq!(
        text,
        r#"[{"Datum":"2025-11-03","Ärende":"A-1","Belopp":"5 100,00"},{"Datum":"2025-12-03","Ärende":"A-10","Belopp":"6 020,00"}]"#
    );
    let (by_headers, _) = desk.session.read_table(&[Target::table("Datum, Belopp")], false).await.unwrap();
    assert_eq!(rows, by_headers);
    desk.end().await;
}

#[tokio::test]
async fn a_cell_is_found_by_whole_words_of_its_row_only() {
    let mut desk = Desk::at("legacy.html").await;
    let amount = |row: &str| vec![Target::cell(row, "Belopp").in_table("Beräkningar")];
    let first = desk.session.exists(&amount("A-1"), Some("5 100,00"), false).await.unwrap();
    assert_eq!((first.count, first.equal), (1, 1));
    let other = desk.session.exists(&amount("A-1"), Some("6 020,00"), false).await.unwrap();
    assert_eq!((other.count, other.equal), (1, 0));
    let none = desk.session.exists(&amount("A-11"), None, false).await.unwrap();
    assert_eq!((none.count, none.equal), (0, 0));
    desk.end().await;
}

#[tokio::test]
async fn a_field_is_named_by_the_block_before_its_own_unless_it_shares_it() {
    let mut desk = Desk::at("divs.html").await;
    for (name, value) in [("Förnamn", "Åsa"), ("Efternamn", "Öhman"), ("Titel", "Ekonom")] {
        assert_eq!(desk.read(Target::field(name)).await, value);
    }
    desk.session.set_timeout(Duration::from_millis(700));
    assert!(matches!(desk.refusal(Target::field("Period")).await, ErrorKind::NotFound));
    desk.end().await;
}

#[tokio::test]
async fn a_row_to_search_in_is_no_row_of_the_list() {
    let mut desk = Desk::at("divs.html").await;
    let found = |table: &str| vec![Target::cell("asa.ohman", "Nummer").in_table(table)];
    assert_eq!(desk.read(found("Användare").remove(0)).await, "K1");
    assert_eq!(desk.session.exists(&found("Tom lista"), None, false).await.unwrap().count, 0);
    assert_eq!(desk.session.read_table(&[Target::table("Tom lista")], false).await.unwrap().0.len(), 0);
    // It is filled in by its own word, and other rows of fields are rows by what is written in them.
    desk.fill(Target::cell("Filter", "Nummer").in_table("Användare"), "K1").await;
    assert_eq!(desk.read(Target::cell("Lön", "Belopp")).await, "100");
    desk.end().await;
}

#[tokio::test]
async fn more_than_one_match_is_an_error_that_describes_each_without_its_value() {
    let mut desk = Desk::at("ambiguous.html").await;
    let kind = desk.refusal(Target::field("Inkomst")).await;
    let ErrorKind::Ambiguous { matches } = &kind else { panic!("{kind:?}") };
    assert_eq!(
        matches,
        &["<input type=text> ”Inkomst” under ”Sökande”", "<input type=text> ”Inkomst” under ”Medsökande”"]
    );
    assert!(!kind.to_string().contains("6200"));
    desk.end().await;
}

#[tokio::test]
async fn a_row_makes_a_button_one_of_a_kind_and_hidden_ones_do_not_count() {
    let mut desk = Desk::at("ambiguous.html").await;
    desk.click(Target::button("Välj").in_row("A-1")).await;
    desk.sees("Vald A-1").await;
    desk.click(Target::button("Välj").in_row("A-10")).await;
    desk.sees("Vald A-10").await;
    desk.click(Target::button("Dold")).await;
    desk.fill(Target::field("Uppgift"), "1").await;
    assert_eq!(desk.read(Target::css("[name=y]")).await, "");
    desk.end().await;
}

#[tokio::test]
async fn a_fallback_is_told_and_is_not_used_when_it_is_not_allowed() {
    let mut desk = Desk::at("legacy.html").await;
    let targets = [Target::button("Registrera"), Target::button("Spara")];
    desk.session.set_timeout(Duration::from_millis(700));
    let error = desk.session.click(&targets, false).await.unwrap_err();
    desk.session.set_timeout(LIMIT);
    assert_eq!((error.kind, error.acted), (ErrorKind::NotFound, false));
    let found = desk.session.click(&targets, true).await.unwrap();
    assert!(found.is_drift());
    desk.end().await;
}

#[tokio::test]
async fn a_field_that_does_not_take_its_value_stops_the_list_there() {
    let mut desk = Desk::at("legacy.html").await;
    desk.session.set_timeout(Duration::from_millis(600));
    let sets = [
        Set::fill(Target::field("Sökande"), "Tolvan"),
        Set::fill(Target::css("[name=f6]"), "123456"),
        Set::fill(Target::field("Medsökande"), "Elvan"),
    ];
    let failure = desk.session.set(&sets, false).await.unwrap_err();
    assert_eq!((failure.index, failure.done.len()), (1, 1));
    assert_eq!(failure.error.kind, ErrorKind::ValueRefused);
    assert!(!failure.to_string().contains("123456"));
    assert_eq!(desk.read(Target::field("Sökande")).await, "Tolvan");
    assert_eq!(desk.read(Target::field("Medsökande")).await, "");
    let readonly = desk.session.set(&[Set::fill(Target::css("[name=f5]"), "2026-01-01")], false).await.unwrap_err();
    assert!(readonly.to_string().contains("skrivskyddat"), "{readonly}");
    let missing = desk.session.set(&[Set::select(Target::field("Period"), "Mars 2026")], false).await.unwrap_err();
    assert!(missing.to_string().contains("alternativet"), "{missing}");
    desk.end().await;
}

#[tokio::test]
async fn a_password_is_never_read() {
    let mut desk = Desk::at("legacy.html").await;
    let kind = desk.refusal(Target::field("Lösenord")).await;
    assert_eq!(kind, ErrorKind::WrongTarget("lösenord läses inte".to_owned()));
    desk.end().await;
}

#[tokio::test]
async fn a_framework_that_watches_its_fields_sees_what_is_set() {
    let mut desk = Desk::at("tracked.html").await;
    let sets = [Set::fill(Target::field("Namn"), "Tolvan"), Set::check(Target::field("Villkor"))];
    desk.session.set(&sets, false).await.unwrap();
    desk.sees("Tillstånd Tolvan true").await;
    desk.end().await;
}

#[tokio::test]
async fn keys_are_typed_and_pressed() {
    let mut desk = Desk::at("main.html").await;
    desk.session.type_keys(&[Target::field("Sök")], "å1", false).await.unwrap();
    assert_eq!(desk.read(Target::field("Sök")).await, "å1");
    desk.session.press("Backspace").await.unwrap();
    assert_eq!(desk.read(Target::field("Sök")).await, "å");
    desk.session.press("Tab").await.unwrap();
    desk.session.press("Enter").await.unwrap();
    desk.sees("Träff").await;
    desk.end().await;
}

#[tokio::test]
async fn shadow_roots_are_looked_into() {
    let mut desk = Desk::at("shadow.html").await;
    desk.fill(Target::css("x-app >>> .namn"), "Tolvan").await;
    desk.click(Target::css("x-knapp >>> button")).await;
    assert_eq!(desk.read(Target::css("#ut")).await, "Hej Tolvan");
    let none = desk.session.exists(&[Target::css("x-knapp button")], None, false).await.unwrap();
    assert_eq!(none.count, 0, "css does not cross a shadow root without >>>");
    desk.end().await;
}

#[tokio::test]
async fn an_expression_that_is_not_valid_is_told_at_once() {
    let mut desk = Desk::at("main.html").await;
    for target in [Target::css("div["), Target::new(TargetKind::Xpath, "//div[")] {
        let started = Instant::now();
        let kind = desk.refusal(target).await;
        assert!(matches!(kind, ErrorKind::WrongTarget(_)), "{kind:?}");
        assert!(started.elapsed() < LIMIT / 2, "without waiting for it to become valid");
    }
    desk.end().await;
}

#[tokio::test]
async fn what_is_only_shown_is_read_by_its_name() {
    let mut desk = Desk::at("modern.html").await;
    assert_eq!(desk.read(Target::field("Ärendenummer")).await, "A-7");
    assert_eq!(desk.read(Target::field("Sökande")).await, "Tolvan Tolvansson");
    assert_eq!(desk.read(Target::field("Totalt")).await, "12 220");
    assert_eq!(desk.read(Target::field("Hyra")).await, "6300");
    assert_eq!(desk.read(Target::cell("Lön", "Belopp Medsökande")).await, "200");
    assert_eq!(desk.read(Target::cell("A-kassa", "Medsökande").in_table("Inkomster")).await, "400");
    desk.end().await;
}

#[tokio::test]
async fn a_table_with_two_header_rows_and_a_footer_is_read_and_one_of_roles_too() {
    let mut desk = Desk::at("modern.html").await;
    let (rows, _) = desk.session.read_table(&[Target::table("Inkomster")], false).await.unwrap();
    assert_eq!(
        serde_json::to_string(&rows).unwrap(),
        r#"[{"Slag":"Lön","Belopp Sökande":"100","Belopp Medsökande":"200"},{"Slag":"A-kassa","Belopp Sökande":"300","Belopp Medsökande":"400"}]"#
    );
    let (rows, _) = desk.session.read_table(&[Target::table("Personer")], false).await.unwrap();
    assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[{"Namn":"Tolvan","Roll":"sökande"}]"#);
    desk.end().await;
}

#[tokio::test]
async fn names_for_screen_readers_and_pictures_count_as_what_is_seen() {
    let mut desk = Desk::at("modern.html").await;
    let sets = [
        Set::fill(Target::field("Sök person"), "a"),
        Set::fill(Target::field("Fritext"), "b"),
        Set::fill(Target::field("Från datum"), "2025-12-01"),
        Set::select(Target::field("Kommun"), "Uppsala"),
        Set::select(Target::field("Sätt"), "Brev"),
        Set::select(Target::field("Sätt"), "Mejl"),
        Set::check(Target::field("Jag intygar")),
    ];
    desk.session.set(&sets, false).await.unwrap();
    assert_eq!(desk.read(Target::field("Från datum")).await, "2025-12-01");
    assert_eq!(desk.read(Target::field("Sätt")).await, "Brev, Mejl");
    desk.session.set(&[Set::uncheck(Target::field("Jag intygar"))], false).await.unwrap();
    assert_eq!(desk.read(Target::field("Jag intygar")).await, "false");
    desk.click(Target::button("Stäng")).await;
    desk.click(Target::link("Skriv ut")).await;
    desk.click(Target::button("Skicka in")).await;
    desk.sees("Klart").await;
    desk.sees("I formuläret").await;
    desk.end().await;
}

#[tokio::test]
async fn a_number_field_refuses_what_it_would_drop() {
    let mut desk = Desk::at("modern.html").await;
    let failure = desk.session.set(&[Set::fill(Target::field("Hyra"), "6 300,50 kr")], false).await.unwrap_err();
    assert_eq!((failure.error.kind, failure.error.acted), (ErrorKind::ValueRefused, true));
    desk.session.set_timeout(Duration::from_millis(300));
    let disabled = desk.session.set(&[Set::select(Target::field("Kommun"), "Ankeborg")], false).await.unwrap_err();
    assert!(disabled.to_string().contains("avstängt"), "{disabled}");
    desk.end().await;
}

#[tokio::test]
async fn words_within_a_text_match_only_when_that_is_asked_for() {
    let mut desk = Desk::at("modern.html").await;
    let words = Target { exact: false, ..Target::text("Jag") };
    assert_eq!(desk.session.exists(std::slice::from_ref(&words), None, false).await.unwrap().count, 1);
    let exact = Target { exact: true, ..words.clone() };
    assert_eq!(desk.session.exists(&[exact], None, false).await.unwrap().count, 0);
    let part = Target { name: "Ja".to_owned(), ..words };
    assert_eq!(desk.session.exists(&[part], None, false).await.unwrap().count, 0);
    desk.end().await;
}

#[tokio::test]
async fn a_label_counts_as_it_is_written_and_as_it_is_shown() {
    let mut desk = Desk::at("away.html").await;
    desk.fill(Target::field("ORT"), "Åmål").await;
    assert_eq!(desk.read(Target::field("Ort")).await, "Åmål");
    desk.fill(Target::field("Gata"), "Björkgatan").await;
    assert_eq!(desk.read(Target::css("#b")).await, "Björkgatan");
    desk.end().await;
}
