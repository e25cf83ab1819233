//! The console in a real browser: what the pages forbid it, what its forms send, and what its labels say.

use std::time::Duration;

use kollega::browser::{BrowserConfig, Condition, Session, Set, Target};
use kollega::model::ItemState;

use crate::axe::Judge;
use crate::console::open;
use crate::office::{Office, PASSWORD, approval, denial, referral};

struct Caseworker {
    session: Session,
    address: String,
}

impl Caseworker {
    async fn at(office: &Office) -> Self {
        let address = format!("http://{}", open(office).await);
        let folder = office.folder.path();
        let mut config = BrowserConfig::local(folder.join("journal"), folder.join("downloads"));
        config.timeout = Duration::from_secs(10);
        let session = Session::open(&config, "konsolen").await.expect("a browser");
        Self { session, address }
    }

    async fn open(&mut self, path: &str) {
        self.session.goto(&format!("{}{path}", self.address)).await.expect("the page");
    }

    async fn fill(&mut self, label: &str, value: &str) {
        self.session.set(&[Set::fill(Target::field(label), value)], false).await.expect(label);
    }

    async fn click(&mut self, target: Target) {
        self.session.click(&[target], false).await.expect("a click");
    }

    async fn sees(&mut self, text: &str) {
        let condition = Condition::Shown { targets: vec![Target::text(text)], is: None };
        self.session.wait_for(&condition).await.expect(text);
    }

    async fn sign_in(&mut self) {
        self.open("/").await;
        self.fill("Användarnamn", "anna").await;
        self.fill("Lösenord", PASSWORD).await;
        self.click(Target::button("Logga in")).await;
    }
}

#[tokio::test]
async fn a_caseworker_signs_in_changes_one_and_approves_another_by_what_the_pages_say() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    office.waiting("A-1", &approval()).await;
    office.waiting("A-2", &approval()).await;
    let mut anna = Caseworker::at(&office).await;

    anna.sign_in().await;
    anna.sees("2 ärenden väntar på ditt beslut.").await;
    anna.click(Target::link("A-1")).await;
    anna.fill("Belopp i kronor", "5 000,50").await;
    anna.fill("Motivering till ändringen", "Läkarvård").await;
    anna.click(Target::button("Bevilja ändrat belopp")).await;
    anna.sees("1 ärende väntar på ditt beslut.").await;
    anna.click(Target::link("A-2")).await;
    anna.click(Target::button("Godkänn 6 020 kr")).await;
    anna.sees("Inget väntar på ditt beslut.").await;
    anna.click(Target::button("Logga ut")).await;
    anna.sees("Användarnamn").await;
    anna.session.end().await;

    for (reference, amount) in [("A-1", "5000.5"), ("A-2", "6020")] {
        let item = office.item(reference).await;
        assert_eq!(item.state, ItemState::Ready);
        let decisions = office.desk.store.decisions(&item.id).await.expect("the store");
        assert_eq!(decisions.len(), 1);
        assert_eq!(decisions[0].amount.as_deref(), Some(amount));
    }
}

#[tokio::test]
async fn the_decide_page_and_its_explanation_have_no_fault_by_axe_core() {
    let office = Office::open().await;
    office.hire("anna", "caseworker").await;
    let mut judge = Judge::open().await;
    let address = format!("http://{}", open(&office).await);
    judge.session.goto(&format!("{address}/")).await.expect("the page");
    let fields = [Set::fill(Target::field("Användarnamn"), "anna"), Set::fill(Target::field("Lösenord"), PASSWORD)];
    judge.session.set(&fields, false).await.expect("the fields");
    judge.session.click(&[Target::button("Logga in")], false).await.expect("a click");
    let shown = Condition::Shown { targets: vec![Target::text("Inkorg")], is: None };
    judge.session.wait_for(&shown).await.expect("the inbox");
    for (reference, answer) in [("A-1", approval()), ("A-2", referral()), ("A-3", denial())] {
        let (item, _) = office.waiting(reference, &answer).await;
        for page in ["", "/forklaring"] {
            judge.session.goto(&format!("{address}/arende/{}{page}", item.id)).await.expect("the page");
            assert_eq!(judge.faults().await, Vec::<String>::new(), "{reference}{page}");
        }
        // The style stands in the page, and the page's policy lets just that one through.
        let font = judge.script("sync", "return getComputedStyle(document.body).marginTop", &[]).await;
        assert_eq!(font, "0px");
    }
    judge.end().await;
}
