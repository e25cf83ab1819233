//! Documents: the explanation of a suggestion and the rule book, as pages and as PDF, read back by another program.

use std::path::{Path, PathBuf};
use std::process::Command;

use kollega::model::{Decision, ItemState};
use serde_json::{Value, json};

use crate::axe::Judge;
use crate::decide::{Answer, kollega, kollega_with};
use crate::morning::{CASEWORKER, Morning};
use crate::office::{Office, PASSWORD, approval, denial, referral};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Facts with something of everything: several persons, a declared income that is not counted, jobbstimulans.
fn facts() -> Value {
    json!({
        "date": "2025-12-10", "period": "2025-12",
        "household": {"kind": "couple", "community_size": 1,
            "adults": [{"id": "a1", "born": "1985-02-03", "assistance_months_in_row": 2, "jobbstimulans_since": "2025-01"},
                       {"id": "a2", "born": "1987-05-06", "assistance_months_in_row": 2, "jobbstimulans_since": null}],
            "children": [{"id": "c1", "born": "2018-04-01", "lunch_out": false, "days_at_home": 31, "in_school": true}]},
        "incomes": [
            {"person": "a1", "kind": "lön", "net": "5000", "period": "2025-12", "paid": "2025-12-20", "source": "applicant"},
            {"person": "a2", "kind": "aktivitetsstöd", "net": "6200.50", "period": "2025-12", "paid": "2025-12-05", "source": "fk"},
            {"person": "a2", "kind": "aktivitetsstöd", "net": "6200.50", "period": "2025-12", "paid": "2025-12-05", "source": "applicant"}],
        "costs": [{"kind": "hyra", "applied": "8300"}, {"kind": "el", "applied": "450"}],
        "sources": {"fk": "ok", "af": "ok", "csn": "ok", "skv": "ok", "so": "ok"},
        "flags": {"protected_identity": false, "first_application": false},
    })
}

struct Desk {
    folder: tempfile::TempDir,
    facts: PathBuf,
}

impl Desk {
    fn with(facts: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("fakta.json");
        std::fs::write(&file, facts.to_string()).expect("the facts");
        std::fs::write(folder.path().join("kollega.toml"), "").expect("the configuration");
        Self { folder, facts: file }
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        let output = Command::new(env!("CARGO_BIN_EXE_kollega"))
            .arg("--config")
            .arg(self.folder.path().join("kollega.toml"))
            .args(arguments)
            .output()
            .expect("the program");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn explained(&self, format: &str) -> String {
        let book = shipped();
        let answer = self.run(&["suggest", &book, &self.facts.display().to_string(), "--format", format]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        answer.out
    }
}

fn shipped() -> String {
    root().join("rulebooks/ekonomiskt-bistand").display().to_string()
}

/// What another program reads in a PDF: its text, and what it says of itself.
fn read_pdf(file: &Path) -> (String, String) {
    let run = |command: &mut Command| {
        let output = command.output().expect("poppler-utils: run scripts/setup --tests");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let text = run(Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(file).arg("-"));
    (text.replace('\u{a0}', " "), run(Command::new("pdfinfo").arg(file)))
}

fn is_swedish(file: &Path) -> bool {
    let bytes = std::fs::read(file).expect("the file");
    bytes.windows(9).any(|part| part == b"/Lang (sv")
}

#[test]
fn an_explanation_says_what_each_line_stands_on_what_was_not_counted_and_where_values_came_from() {
    let page = Desk::with(&facts()).explained("html");
    let draft = page.split_once("Utkast till motivering").expect("the draft").1;
    assert!(
        draft.contains("1\u{a0}") && draft.contains(". Myndighetens uppgift räknas; ansökans jämförs bara med den."),
        "{draft}"
    );
    for text in [
        "<html lang=\"sv\">",
        "Förslag: bifall med ",
        "december 2025",
        "SFS 2025:468 12\u{a0}kap. 2\u{a0}§",
        "ej verifierad källa",
        "Jobbstimulans, 25 procent av lönen räknas inte, sökanden",
        "Det som inte räknades med",
        "aktivitetsstöd, uppgift i ansökan, medsökanden",
        // Why, in the rule's own words.
        "Myndighetens uppgift räknas; ansökans jämförs bara med den.",
        "netto: 6\u{a0}200,50\u{a0}kr <span class=\"from\">(Försäkringskassan)</span>",
        "Utkast till motivering",
        "förvaltningslagen 33 §",
        "Regelbok ekonomiskt-bistand, version",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "it stands alone");
}

#[test]
fn a_referral_says_what_a_person_must_settle_and_gives_no_amount() {
    let mut facts = facts();
    facts["sources"]["so"] = "timeout".into();
    let page = Desk::with(&facts).explained("html");
    assert!(page.contains("Det här behöver en person avgöra") && page.contains("A-kassan svarade inte"), "{page}");
    assert!(page.contains("avgörs av handläggare") && !page.contains("Utkast till motivering"));
}

#[test]
fn protected_identity_shows_its_public_code_and_nothing_else() {
    let mut facts = facts();
    facts["flags"]["protected_identity"] = true.into();
    let page = Desk::with(&facts).explained("html");
    assert!(
        page.contains("needs_person") && !page.contains("Beräkningen rad för rad") && !page.contains("sekretess"),
        "{page}"
    );
}

#[test]
fn what_comes_from_facts_can_not_become_part_of_the_page() {
    let mut facts = facts();
    facts["costs"][0]["kind"] = "<script>alert(1)</script>".into();
    let page = Desk::with(&facts).explained("html");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
}

#[test]
fn browser_prints_an_explanation_that_is_tagged_swedish_and_numbered() {
    let desk = Desk::with(&facts());
    let file = desk.folder.path().join("förklaring.pdf");
    let (book, out) = (shipped(), file.display().to_string());
    let facts = desk.facts.display().to_string();
    let answer = desk.run(&["suggest", &book, &facts, "--format", "pdf", "--out", &out]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let (text, about) = read_pdf(&file);
    for words in
        ["Beräkningen rad för rad", "Skäliga kostnader utöver riksnormen", "medsökanden", "Sida 1 av ", "6 200,50 kr"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let says = |line: &str| about.lines().any(|known| known.split_whitespace().eq(line.split_whitespace()));
    assert!(says("Tagged: yes") && about.contains("pts (A4)"), "{about}");
    assert!(about.contains("Title:") && about.contains("Förslag: bifall med"), "{about}");
    assert!(is_swedish(&file));
    assert!(std::fs::read_dir(desk.folder.path()).expect("the folder").count() <= 3, "nothing is left behind");
}

#[test]
fn browser_prints_the_rule_book_and_the_page_has_every_rule_source_amount_and_case() {
    let desk = Desk::with(&facts());
    let out = desk.folder.path().join("ut");
    let answer = desk.run(&["rules", "doc", &shipped(), "--out", &out.display().to_string()]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let page = std::fs::read_to_string(out.join("ekonomiskt-bistand.html")).expect("the page");
    let page = page
        .replace("&#x2f;", "/")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"");
    let book = decision::RuleBook::load(Path::new(&shipped())).expect("the book");
    let document = book.document();
    let law = |text: &str| text.replace(" §", "\u{a0}§").replace(" kap.", "\u{a0}kap.");
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for rule in document.sections.iter().flat_map(|section| &section.rules) {
        assert!(
            page.contains(&format!("<code>{}</code>", rule.id)) && page.contains(&escaped(&rule.explanation)),
            "{}",
            rule.id
        );
        assert!(rule.laws.iter().all(|one| page.contains(&escaped(&law(&one.text)))), "{}", rule.id);
    }
    for case in &document.cases {
        let told = if case.refused {
            format!("<li>{}</li>", escaped(&case.title))
        } else {
            format!("<th scope=\"row\">{}</th>", case.name)
        };
        assert!(page.contains(&told), "{told}");
    }
    for text in ["ej verifierat, används inte", "ej verifierad källa", "9\u{a0}500", book.sha256(), book.version()] {
        assert!(page.contains(text), "{text}");
    }
    let (text, about) = read_pdf(&out.join("ekonomiskt-bistand.pdf"));
    assert!(text.contains("Riksnormen") && text.contains("Räknade fall") && text.contains("Sida 2 av "));
    assert!(about.lines().any(|line| line.split_whitespace().eq(["Tagged:", "yes"])), "{about}");
}

#[test]
fn a_rule_book_with_an_identity_number_is_not_written() {
    let desk = Desk::with(&facts());
    let copy = desk.folder.path().join("bok");
    let copied = Command::new("cp").args(["-r", &shipped()]).arg(&copy).status().expect("cp");
    assert!(copied.success());
    let cases = copy.join("cases/egna.yaml");
    std::fs::write(&cases, "# Som i ärendet för 18900112-9817\ncases: []\n").expect("a case");
    let answer = desk.run(&["rules", "doc", &copy.display().to_string()]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
    assert!(answer.err.contains("här står ett personnummer") && answer.err.contains("egna.yaml:1"), "{}", answer.err);
}

#[tokio::test]
async fn browser_finds_no_fault_in_the_pages_by_axe_core_in_light_and_dark() {
    let desk = Desk::with(&facts());
    let explanation = desk.explained("html");
    let mut silent = facts();
    silent["sources"]["so"] = "timeout".into();
    let referral = Desk::with(&silent).explained("html");
    let book = desk.run(&["rules", "doc", &shipped()]).out;
    let mut judge = Judge::open().await;
    for scheme in ["light", "dark"] {
        judge.prefers(scheme).await;
        for page in [&explanation, &referral, &book] {
            judge.show(page).await;
            assert_eq!(judge.faults().await, Vec::<String>::new(), "{scheme}");
        }
        let dark = judge.script("sync", "return matchMedia('(prefers-color-scheme: dark)').matches", &[]).await;
        assert_eq!(dark, json!(scheme == "dark"));
    }
    judge.end().await;
}

#[tokio::test]
async fn an_explanation_of_an_item_is_for_those_who_may_see_it_and_its_reasons_for_fewer() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    office.hire("rut", "auditor").await;
    office.hire("olle", "operations").await;
    office.waiting("A-1", &approval()).await;
    let explain = |who: &str, format: &str| {
        kollega_with(&office, PASSWORD, &["explain", "A-1", "--as", who, "--password-stdin", "--format", format])
    };
    let page = explain("anna", "html").out;
    assert!(page.contains("ärende A-1") && page.contains("Utkast till motivering"), "{page}");
    let text = explain("anna", "text").out;
    assert!(
        text.contains("Förslag för 2025-12: bifall med 6 020 kr") && text.contains("Utkast till motivering"),
        "{text}"
    );
    let letter = |who: &str| {
        kollega_with(
            &office,
            PASSWORD,
            &["explain", "A-1", "--as", who, "--password-stdin", "--format", "html", "--letter"],
        )
    };
    let draft = letter("anna").out;
    assert!(
        draft.contains("Inget beslut är fattat")
            && draft.contains("Du beviljas ekonomiskt bistånd med 6\u{a0}020\u{a0}kr för december 2025."),
        "{draft}"
    );
    assert!(letter("rut").err.contains("inget brev"), "reasons are for those who may see what is personal");
    let audited: Value = serde_json::from_str(&explain("rut", "json").out).expect("JSON");
    assert_eq!((&audited["answer"]["amount"], &audited["motivation"]), (&json!("6020"), &Value::Null));
    let refused = explain("olle", "text");
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("får inte visas"), "{}", refused.err);
}

async fn only_decision(office: &Office, reference: &str) -> Decision {
    let item = office.item(reference).await;
    let mut decisions = office.desk.store.decisions(&item.id).await.expect("the store");
    assert_eq!(decisions.len(), 1);
    decisions.remove(0)
}

#[tokio::test]
async fn a_decision_carries_the_draft_or_what_the_person_made_of_it_under_its_seal() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    for reference in ["A-1", "A-2", "A-3"] {
        office.waiting(reference, &approval()).await;
    }
    let decide = |arguments: &[&str]| {
        let who = ["--as", "anna", "--password-stdin"];
        kollega_with(&office, PASSWORD, &[&["decide"][..], arguments, &who[..]].concat())
    };
    assert_eq!(decide(&["A-1", "approve"]).code, Some(0));
    let drafted = only_decision(&office, "A-1").await;
    let motivation = drafted.motivation.clone().expect("the draft");
    for text in [
        "Personliga kostnader: 3\u{a0}910\u{a0}kr",
        "Aktivitetsstöd: 6\u{a0}200\u{a0}kr",
        "Det som fattas är 6\u{a0}020\u{a0}kr",
        "SFS 2025:468 12 kap. 2 § (ej verifierad källa)",
    ] {
        assert!(motivation.contains(text), "{text}\n{motivation}");
    }

    let file = office.folder.path().join("motivering.txt");
    std::fs::write(&file, "Hyran är högre i december.\r\nDärför.\n").expect("the text");
    let file = file.display().to_string();
    let changed = decide(&["A-2", "change", "--amount", "7000", "--reason", "Högre hyra", "--motivation", &file]);
    assert_eq!(changed.code, Some(0), "{}", changed.err);
    let decision = only_decision(&office, "A-2").await;
    let wanted = "Handläggarens bedömning: Högre hyra\n\nHyran är högre i december.\nDärför.\n";
    assert_eq!(decision.motivation.as_deref(), Some(wanted));
    assert!(office.desk.seal.is_valid(&decision));

    let letter = |format: &[&str]| {
        kollega_with(&office, PASSWORD, &[&["explain", "A-2", "--as", "anna", "--password-stdin"], format].concat())
    };
    let refused = letter(&["--letter", "--format", "html"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "no letter without how to appeal");
    assert!(refused.err.contains("notice.appeal i kollega.toml"), "{}", refused.err);
    let appeal = office.folder.path().join("överklaga.txt");
    std::fs::write(&appeal, "Skriv till Exempelnämnden inom tre veckor.\n").expect("the text");
    let configuration = office.configuration();
    let text = std::fs::read_to_string(&configuration).expect("the configuration");
    std::fs::write(&configuration, format!("{text}\n[notice]\nappeal = {appeal:?}\n")).expect("the configuration");
    let written = letter(&["--letter", "--format", "html"]);
    assert!(written.out.contains("Skriv till Exempelnämnden inom tre veckor."), "{}{}", written.out, written.err);
    let addressee = r#"<p class="addressee">Åsa Öberg<br>Storgatan 1<br>000 00 Exempelby</p>"#;
    assert!(written.out.contains(addressee), "{}", written.out);
    let text = letter(&[]).out;
    let wanted = "Så här överklagar du\n\nSkriv till Exempelnämnden inom tre veckor.";
    assert!(text.trim_end().ends_with(wanted), "{text}");
    let json: Value = serde_json::from_str(&letter(&["--format", "json"]).out).expect("JSON");
    assert_eq!(json["appeal"], "Skriv till Exempelnämnden inom tre veckor.");
    let versions = office.desk.store.motivations(&office.item("A-2").await.id).await.expect("the versions");
    assert_eq!(versions.iter().map(|one| one.person.clone()).collect::<Vec<_>>(), [None], "the draft is kept too");

    std::fs::write(&file, " \n").expect("the text");
    let empty = decide(&["A-3", "approve", "--motivation", &file]);
    assert!(empty.code == Some(1) && empty.err.contains("motiveringen är tom"), "{}", empty.err);
    assert_eq!(office.item("A-3").await.state, ItemState::AwaitingDecision);

    office.execute("update decisions set motivation = 'något annat'").await;
    assert!(!office.desk.seal.is_valid(&only_decision(&office, "A-2").await), "the reasons are under the seal");
    // Neither a silent absence nor a fresh draft in its place.
    for format in ["text", "html"] {
        let told = letter(&["--format", format]).out;
        assert!(told.contains("Varning: det finns ett beslut vars försegling inte stämmer."), "{told}");
        assert!(!told.contains("något annat") && !told.contains("otivering"), "{told}");
    }
    let json: Value = serde_json::from_str(&letter(&["--format", "json"]).out).expect("JSON");
    assert_eq!(
        (&json["decision_forged"], &json["decision"], &json["motivation"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert!(letter(&["--letter", "--format", "html"]).err.contains("försegling stämmer inte"));
}

#[tokio::test]
async fn the_reasons_leave_the_record_with_the_item() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    let (item, _) = office.waiting("A-1", &denial()).await;
    let decided = kollega_with(&office, PASSWORD, &["decide", "A-1", "deny", "--as", "anna", "--password-stdin"]);
    assert_eq!(decided.code, Some(0), "{}", decided.err);
    let denied = only_decision(&office, "A-1").await.motivation.expect("the draft");
    assert!(
        denied.contains("Inkomsterna räcker till behovet och är 480\u{a0}kr högre. Därför avslås ansökan."),
        "{denied}"
    );
    office.execute(&format!("update items set state = 'done' where id = '{}'", item.id)).await;
    let store = office.desk.store.clone().with_seal(office.desk.seal.clone());
    store.remove_item(&item.id, "anna", "retention").await.expect("removed");
    assert!(store.motivations(&item.id).await.expect("the store").is_empty());
    assert!(store.decisions(&item.id).await.expect("the store").is_empty());
}

#[tokio::test]
async fn a_referral_that_a_person_decides_names_what_was_settled_in_the_draft() {
    let office = Office::open().await;
    let (item, suggestion) = office.waiting("A-1", &referral()).await;
    let prepared = office.desk.motivations(&item, &suggestion).await.expect("the drafts");
    let change = prepared.iter().find(|one| one.kind == kollega::model::AnswerKind::Change).expect("one for a change");
    assert!(
        change.draft.contains("– A-kassan svarade inte")
            && change.draft.contains("Beloppet bestäms efter en egen bedömning"),
        "{}",
        change.draft
    );
    let nobody = kollega(&office, &["explain", "A-9", "--as", "anna", "--password-stdin"]);
    assert!(nobody.code == Some(2) && nobody.err.contains("finns inte"), "{}", nobody.err);
}

/// What the mailbox of the practice systems has got, as it shows it.
async fn letters(morning: &Morning) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = format!("http://{}/api/brev", morning.sandbox.addresses.mailbox);
    reqwest::get(address).await.expect("an answer").text().await.expect("text")
}

#[tokio::test]
async fn browser_and_mail_bring_the_reasons_and_how_to_appeal_by_a_confidential_mail_system_only() {
    let morning = Morning::begin().await;
    let appeal = morning.folder.path().join("overklagande.txt");
    std::fs::write(&appeal, "Skriv till Exempelnämnden, Box 1, 000 00 Exempel.\n").expect("the text");
    let file = morning.configuration();
    let text = std::fs::read_to_string(&file).expect("the configuration");
    let text = text.replacen("[mail]", "[mail]\nconfidential = true", 1);
    std::fs::write(&file, format!("{text}\n[notice]\nauthority = \"Exempelnämnden\"\nappeal = {appeal:?}\n"))
        .expect("written");
    morning.queue(&["EB-2025-0101"]).await;
    morning.caseworker_decides().await;
    let _worker = morning.worker("one");
    morning.is_registered_once("EB-2025-0101").await;
    let decision = {
        let item = morning.item("EB-2025-0101").await;
        morning.app.store.decisions(&item.id).await.expect("the store").remove(0)
    };
    let motivation = decision.motivation.expect("the reasons");
    let said = letters(&morning).await;
    let first = motivation.lines().find(|line| line.starts_with("– ")).expect("a line").to_owned();
    for words in [
        "Beslut om ekonomiskt bistånd",
        "Exempelnämnden beviljar dig ekonomiskt bistånd med",
        first.as_str(),
        "Skriv till Exempelnämnden, Box 1",
        CASEWORKER,
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(said.contains("Till Anders Berg"), "{said}");
}

#[test]
fn the_page_of_a_rule_book_tells_what_has_changed_since_another() {
    let desk = Desk::with(&facts());
    let copy = desk.folder.path().join("ny");
    assert!(Command::new("cp").args(["-r", &shipped()]).arg(&copy).status().expect("cp").success());
    let file = copy.join("guidelines.yaml");
    let text = std::fs::read_to_string(&file).expect("the guidelines");
    assert!(text.contains("\"9500\""));
    std::fs::write(&file, text.replacen("\"9500\"", "\"9700\"", 1)).expect("the change");
    let new = copy.display().to_string();
    let page = desk.run(&["rules", "doc", &new, "--since", &shipped()]).out;
    let section =
        page.split("id=\"andringar\"").nth(1).and_then(|rest| rest.split("</section>").next()).expect("the section");
    assert!(section.contains("hyra") && section.contains('9') && section.matches("<li>").count() == 1, "{section}");
    let same = desk.run(&["rules", "doc", &new, "--since", &new]).out;
    assert!(same.contains("Ingenting som ändrar något förslag."));
}
