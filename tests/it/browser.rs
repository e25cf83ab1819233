//! The browser on real pages, with the real chromedriver and headless shell.
//!
//! Every test has a browser of its own and ends by looking for what it may have left running.

#![expect(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Multipart;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use kollega::browser::{
    Answer, BrowserConfig, Condition, ErrorKind, Guard, Process, Session, SessionRecord, Set, Target, TargetKind,
    end_orphans, end_recorded,
};
use tempfile::TempDir;

/// A web server with the pages beside this file, and a browser standing ready.
struct Desk {
    folder: TempDir,
    address: SocketAddr,
    session: Session,
}

impl Desk {
    async fn new() -> Self {
        Self::with_limit(Duration::from_secs(10)).await
    }

    async fn with_limit(limit: Duration) -> Self {
        let folder = TempDir::new().unwrap();
        let address = serve().await;
        let session = Session::open(&config(folder.path(), limit), "övning").await.unwrap();
        Self { folder, address, session }
    }

    /// A desk with this page open.
    async fn at(page: &str) -> Self {
        let mut desk = Self::new().await;
        desk.open(page).await;
        desk
    }

    async fn open(&mut self, page: &str) {
        self.session.goto(&format!("http://{}/{page}", self.address)).await.unwrap();
    }

    async fn click(&mut self, target: Target) {
        self.session.click(&[target], false).await.unwrap();
    }

    async fn fill(&mut self, target: Target, value: &str) {
        self.session.set(&[Set::fill(target, value)], false).await.unwrap();
    }

    async fn read(&mut self, target: Target) -> String {
        self.session.read(&[target], false).await.unwrap().0
    }

    async fn sees(&mut self, text: &str) {
        let condition = Condition::Shown { targets: vec![Target::text(text)], is: None };
        self.session.wait_for(&condition).await.unwrap();
    }

    /// Why this target can't be read.
    async fn refusal(&mut self, target: Target) -> ErrorKind {
        self.session.read(&[target], false).await.unwrap_err().kind
    }

    async fn end(self) {
        let record = self.session.record().clone();
        self.session.end().await;
        assert_nothing_left(&record);
        assert_eq!(std::fs::read_dir(self.folder.path().join("journal")).unwrap().count(), 0);
    }
}

fn config(folder: &Path, limit: Duration) -> BrowserConfig {
    let mut config = BrowserConfig::local(folder.join("journal"), folder.join("downloads"));
    config.timeout = limit;
    config
}

async fn serve() -> SocketAddr {
    let pages = Router::new()
        .route("/upload", post(received))
        .route("/file", get(decision))
        .route("/late", get(late))
        .route("/{page}", get(page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
    address
}

async fn page(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/pages").join(name);
    match std::fs::read_to_string(path) {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn received(mut form: Multipart) -> Html<String> {
    let part = form.next_field().await.unwrap().unwrap();
    let name = part.file_name().unwrap().to_owned();
    let size = part.bytes().await.unwrap().len();
    Html(format!("<p>{name} {size}</p>"))
}

/// A page that takes its time.
async fn late() -> Html<&'static str> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    Html("<p>Framme</p>")
}

/// Half of the file, a pause, and the other half.
async fn decision() -> Response {
    let parts = futures_util::stream::unfold(0, |part| async move {
        // The server is slow: between the halves lies a file that is there and not whole.
        tokio::time::sleep(Duration::from_millis(400 * part)).await;
        (part < 2).then(|| (Ok::<_, std::io::Error>(vec![b'a'; 50_000]), part + 1))
    });
    let name = "attachment; filename=beslut.pdf";
    let head = [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, name)];
    (head, axum::body::Body::from_stream(parts)).into_response()
}

/// Processes that carry the mark of this session, or are the recorded ones.
fn left(record: &SessionRecord) -> Vec<i32> {
    let mark = format!("KOLLEGA_SESSION={}", record.id);
    let marked = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let recorded: Vec<i32> =
        record.driver.iter().chain(&record.browser).filter(|p| p.is_alive()).map(|p| p.pid).collect();
    let pids = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter(marked).chain(recorded).collect()
}

fn assert_nothing_left(record: &SessionRecord) {
    assert_eq!(left(record), Vec::<i32>::new(), "processes of the session still run");
    assert!(!record.scratch.exists(), "the browser's profile is still on disk");
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

// ---- targets and fields ----------------------------------------------------------------------------------------------

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
    let mut desk = Desk::with_limit(Duration::from_secs(2)).await;
    desk.open("divs.html").await;
    for (name, value) in [("Förnamn", "Åsa"), ("Efternamn", "Öhman"), ("Titel", "Ekonom")] {
        assert_eq!(desk.read(Target::field(name)).await, value);
    }
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
    let mut desk = Desk::with_limit(Duration::from_millis(700)).await;
    desk.open("legacy.html").await;
    let targets = [Target::button("Registrera"), Target::button("Spara")];
    let error = desk.session.click(&targets, false).await.unwrap_err();
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
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    desk.end().await;
}

// ---- readiness -------------------------------------------------------------------------------------------------------

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
async fn a_wait_that_is_in_vain_takes_its_time_limit_and_says_for_what() {
    let mut desk = Desk::with_limit(Duration::from_millis(500)).await;
    desk.open("main.html").await;
    let started = Instant::now();
    let gone = Condition::Gone { targets: vec![Target::button("Hitta")] };
    let error = desk.session.wait_for(&gone).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "kunde inte vänta på att knappen ”Hitta” försvinner: det tog längre tid än 0.5 sekunder"
    );
    assert!(started.elapsed() < Duration::from_secs(2));
    desk.session.wait_for(&Condition::Url("/main.html".to_owned())).await.unwrap();
    desk.session.wait_for(&Condition::Title("Huv*".to_owned())).await.unwrap();
    desk.end().await;
}

// ---- frames, windows, dialogs ----------------------------------------------------------------------------------------

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

// ---- files and pictures ----------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_file_is_uploaded_through_a_hidden_field() {
    let mut desk = Desk::at("files.html").await;
    let file = desk.folder.path().join("intyg.txt");
    std::fs::write(&file, "tolv tecken!").unwrap();
    desk.session.upload(&[Target::field("Bilaga")], &file, false).await.unwrap();
    desk.click(Target::button("Skicka")).await;
    desk.sees("intyg.txt 12").await;
    desk.end().await;
}

#[tokio::test]
async fn a_download_is_whole_when_it_is_handed_over() {
    let mut desk = Desk::at("files.html").await;
    let (first, _) = desk.session.download(&[Target::link("Hämta beslut")], false).await.unwrap();
    assert_eq!(std::fs::read(&first).unwrap().len(), 100_000);
    assert_eq!(first.file_name().unwrap(), "beslut.pdf");
    let (second, _) = desk.session.download(&[Target::link("Hämta beslut")], false).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(std::fs::read(&second).unwrap().len(), 100_000);
    desk.end().await;
}

#[tokio::test]
async fn a_page_is_printed_to_pdf() {
    let mut desk = Desk::at("legacy.html").await;
    let pdf = desk.session.print_pdf().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    desk.end().await;
}

#[tokio::test]
async fn personal_values_are_covered_in_the_picture_and_the_page_is_left_as_it_was() {
    let mut desk = Desk::at("personal.html").await;
    let before = desk.session.text_of_page().await.unwrap();
    let values = ["tolvan tolvansson".to_owned(), "6200".to_owned()];
    let open = desk.session.screenshot(&[], &[]).await.unwrap();
    let shot = desk.session.screenshot(&[Target::css("#m")], &values).await.unwrap();
    // Where the name, the field, the masked text and the name in a frame stand; then what is open.
    for (x, y) in [(200, 60), (60, 130), (52, 260), (100, 310)] {
        assert_ne!(pixel(&open, x, y), [0, 0, 0], "there is something to cover at {x},{y}");
        assert_eq!(pixel(&shot, x, y), [0, 0, 0], "it is covered at {x},{y}");
    }
    assert_eq!(pixel(&shot, 52, 222), pixel(&open, 52, 222));
    assert_eq!(desk.session.text_of_page().await.unwrap(), before);
    desk.end().await;
}

fn pixel(picture: &[u8], x: usize, y: usize) -> [u8; 3] {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let at = y * info.line_size + x * info.color_type.samples();
    [pixels[at], pixels[at + 1], pixels[at + 2]]
}

// ---- faults ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_page_in_an_endless_loop_costs_its_time_limit_and_no_more() {
    let mut desk = Desk::with_limit(Duration::from_secs(2)).await;
    desk.open("endless.html").await;
    let record = desk.session.record().clone();
    let started = Instant::now();
    // The click itself may be reported as done; then it is the next command that meets the loop.
    let clicked = desk.session.click(&[Target::button("Räkna")], false).await.map(|_| ());
    let error = if clicked.is_ok() {
        desk.session.exists(&[Target::text("x")], None, false).await.map(|_| ())
    } else {
        clicked
    };
    assert_eq!(error.unwrap_err().kind, ErrorKind::Watchdog);
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    let again = Instant::now();
    assert_eq!(desk.session.title().await.unwrap_err().kind, ErrorKind::Watchdog);
    assert!(again.elapsed() < Duration::from_millis(50), "after that every command fails at once");
    assert!(!desk.session.is_usable());
    eventually("the browser is ended", || !record.browser.unwrap().is_alive()).await;
    desk.end().await;
}

#[tokio::test]
async fn a_slow_page_costs_the_time_limit_and_the_browser_lives() {
    let mut desk = Desk::with_limit(Duration::from_secs(1)).await;
    let started = Instant::now();
    let error = desk.session.goto(&format!("http://{}/late", desk.address)).await.unwrap_err();
    assert_eq!((error.kind, error.acted), (ErrorKind::Timeout { limit: Duration::from_secs(1) }, true));
    assert!(started.elapsed() < Duration::from_millis(2500));
    desk.open("foreign.html").await;
    let clicked = desk.session.click(&[Target::link("Sen sida")], false).await.map(|_| ());
    let error = if clicked.is_ok() { desk.session.title().await.map(|_| ()) } else { clicked }.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout { limit: Duration::from_secs(1) });
    desk.session.set_timeout(Duration::from_secs(10));
    desk.open("late").await;
    desk.sees("Framme").await;
    desk.end().await;
}

#[tokio::test]
async fn a_page_that_replaces_json_is_named_as_the_culprit() {
    let mut desk = Desk::at("replaced.html").await;
    let error = desk.session.click(&[Target::button("Spara")], false).await.unwrap_err();
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

// ---- another program's session ---------------------------------------------------------------------------------------

#[tokio::test]
async fn a_remote_endpoint_is_used_and_its_session_given_back() {
    let host = Desk::new().await;
    let folder = TempDir::new().unwrap();
    let mut config = config(folder.path(), Duration::from_secs(10));
    // Any W3C server will do: here the chromedriver of another session, without the trailing slash.
    config.url = Some(host.session.record().endpoint.trim_end_matches('/').to_owned());
    let options = serde_json::json!({"binary": config.binary, "args": ["--no-sandbox", "--disable-dev-shm-usage"]});
    config.capabilities.insert("goog:chromeOptions".to_owned(), options);
    let mut session = Session::open(&config, "fjärr").await.unwrap();
    session.goto(&format!("http://{}/main.html", host.address)).await.unwrap();
    assert_eq!(session.title().await.unwrap(), "Huvud");
    let record = session.record().clone();
    assert!(!record.local && record.browser.is_none());
    assert!(end_recorded(&record).await);
    assert_eq!(session.title().await.unwrap_err().kind, ErrorKind::SessionGone);
    assert!(end_recorded(&record).await, "to end it again is no error");
    session.end().await;
    host.end().await;
}

/// A process of its own that opens a browser, says which, and waits to be killed. Run by the tests below only.
#[tokio::test]
#[ignore = "it is the other process of other tests"]
async fn hold_a_session() {
    let Ok(folder) = std::env::var("KOLLEGA_TEST_FOLDER") else { return };
    let folder = Path::new(&folder);
    let session = Session::open(&config(folder, Duration::from_secs(10)), "hållen").await.unwrap();
    let guard = std::env::var("KOLLEGA_TEST_LEASE_MS").ok().map(|lease| (start_guard(), lease.parse().unwrap()));
    if let Some((guard, lease)) = &guard {
        guard.watch(session.record(), Duration::from_millis(*lease)).await.unwrap();
    }
    std::fs::write(folder.join("new"), serde_json::to_vec(session.record()).unwrap()).unwrap();
    std::fs::rename(folder.join("new"), folder.join("held")).unwrap();
    std::future::pending::<()>().await;
}

/// The guard as a process of its own. Run by the tests below only.
#[test]
#[ignore = "it is the other process of other tests"]
fn be_the_guard() {
    if std::env::var("KOLLEGA_TEST_GUARD").is_ok() {
        kollega::browser::guard::guard_main().unwrap();
    }
}

/// This test program as another process, doing one of the two above.
fn other(test: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--quiet"]);
    command
}

fn start_guard() -> Guard {
    let mut command = other("browser::be_the_guard");
    command.env("KOLLEGA_TEST_GUARD", "1").stderr(std::process::Stdio::null());
    Guard::spawn(command).unwrap()
}

struct Holder {
    // The order is that in which they go: the holder first, then what it left, then the folder.
    child: tokio::process::Child,
    record: SessionRecord,
    cleaner: Cleaner,
}

/// Ends what is left when a test failed half way.
struct Cleaner(TempDir);

impl Cleaner {
    fn journal(&self) -> PathBuf {
        self.0.path().join("journal")
    }
}

impl Drop for Cleaner {
    fn drop(&mut self) {
        let journal = self.journal();
        let clean = move || tokio::runtime::Runtime::new().unwrap().block_on(end_orphans(&journal));
        drop(std::thread::spawn(clean).join());
    }
}

async fn hold(lease: Option<Duration>) -> Holder {
    let cleaner = Cleaner(TempDir::new().unwrap());
    let folder = cleaner.0.path();
    let mut command = other("browser::hold_a_session");
    command.env("KOLLEGA_TEST_FOLDER", folder).kill_on_drop(true).stdout(std::process::Stdio::null());
    if let Some(lease) = lease {
        command.env("KOLLEGA_TEST_LEASE_MS", lease.as_millis().to_string());
    }
    let child = command.spawn().unwrap();
    let held = folder.join("held");
    eventually("the other process opens its browser", || held.exists()).await;
    let record: SessionRecord = serde_json::from_slice(&std::fs::read(held).unwrap()).unwrap();
    assert!(!left(&record).is_empty());
    Holder { child, record, cleaner }
}

#[tokio::test]
async fn what_a_killed_process_left_is_found_by_its_record_and_ended() {
    let mut holder = hold(None).await;
    let journal = holder.cleaner.journal();
    assert_eq!(end_orphans(&journal).await, 0, "a session whose holder lives is left alone");
    holder.child.kill().await.unwrap();
    assert!(!left(&holder.record).is_empty(), "the browser outlives its killed holder");
    assert_eq!(end_orphans(&journal).await, 1);
    assert_nothing_left(&holder.record);
    assert_eq!(std::fs::read_dir(journal).unwrap().count(), 0);
}

#[tokio::test]
async fn a_driver_killed_before_its_session_was_recorded_is_found_by_its_mark() {
    let mut holder = hold(None).await;
    holder.child.kill().await.unwrap();
    // As if it had been killed between the start of the driver and the answer.
    let mut record = holder.record.clone();
    (record.driver, record.browser) = (None, None);
    assert!(end_recorded(&record).await);
    assert_nothing_left(&holder.record);
}

#[tokio::test]
async fn the_guard_ends_the_browser_of_a_killed_worker() {
    let mut holder = hold(Some(Duration::from_secs(600))).await;
    holder.child.kill().await.unwrap();
    eventually("the guard ends the browser", || left(&holder.record).is_empty()).await;
    eventually("the guard removes the record", || !holder.record.file.exists()).await;
}

#[tokio::test]
async fn the_guard_ends_the_browser_of_a_stopped_worker_when_its_lease_is_over() {
    let mut holder = hold(Some(Duration::from_millis(1500))).await;
    let pid = holder.child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    eventually("the guard ends the browser", || left(&holder.record).is_empty()).await;
    let worker = Process::of(pid.parse().unwrap()).unwrap();
    assert!(worker.is_alive(), "the worker itself is left to whoever stopped it");
    holder.child.kill().await.unwrap();
}

#[tokio::test]
async fn a_renewed_lease_keeps_the_browser_and_a_released_session_is_forgotten() {
    let mut desk = Desk::at("main.html").await;
    let guard = start_guard();
    let lease = Duration::from_millis(400);
    let id = desk.session.record().id.clone();
    guard.watch(desk.session.record(), lease).await.unwrap();
    for _ in 0..8 {
        tokio::time::sleep(lease / 4).await;
        assert!(guard.renew(&id, lease).await.unwrap());
    }
    assert_eq!(desk.session.title().await.unwrap(), "Huvud");
    guard.release(&id).await.unwrap();
    assert!(!guard.renew(&id, lease).await.unwrap());
    desk.end().await;
}
