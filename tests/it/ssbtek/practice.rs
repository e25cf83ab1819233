//! The client against the practice SSBTEK, which was written from the contract by itself.

use std::time::Duration;

use kollega::ssbtek::{Agency, Answer, Client, Status};
use sandbox::{Config, FaultKind, FaultSpec, Sandbox, System};

use super::service::{config, impatient};
use super::{amounts, assert_all, assert_only, day};

struct Practice {
    sandbox: Sandbox,
    _data: tempfile::TempDir,
}

impl Practice {
    async fn start() -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let sandbox = sandbox::start(Config::in_folder(data.path())).await.expect("the sandbox starts");
        Self { sandbox, _data: data }
    }

    async fn ask(&self, number: &str) -> Answer {
        self.ask_with(config, number).await
    }

    async fn ask_with(&self, config: fn(&str) -> kollega::ssbtek::Config, number: &str) -> Answer {
        let mut config = config(&format!("http://{}/ssbtek", self.sandbox.addresses.ssbtek));
        config.benefits =
            ["FK:ABB", "FK:AS", "FK:BOB", "FK:ET", "FK:FP", "FK:SJP", "FK:US", "PM:AP"].map(str::to_owned).into();
        let client = Client::new(config).expect("the configuration is right");
        client.ask(&[number.to_owned()], day("2025-12-01"), day("2025-12-31"), "EB-2025-0101").await
    }

    async fn fault(&self, kind: FaultKind, agency: Option<Agency>) {
        let mut fault = FaultSpec::new(System::Ssbtek, kind);
        fault.agency = agency.map(|agency| agency.id().to_owned());
        self.sandbox.add_fault(fault).await.expect("the fault is added");
    }
}

#[tokio::test]
async fn the_practice_service_is_read_whole() {
    let practice = Practice::start().await;

    for (number, expected) in [
        ("198501302395", vec![("aktivitetsstöd", "AS", "6200")]),
        ("199104272399", vec![("barnbidrag", "ABB", "1250"), ("underhållsstöd", "US", "1750")]),
        ("199511162399", vec![("etableringsersättning", "ET", "5800")]),
        ("200203162383", vec![("studiebidrag", "GRUNDB", "3900")]),
        ("198302202398", vec![("a-kassa", "arbetslöshetsersättning", "8900")]),
        ("198512052393", vec![]),
    ] {
        let answer = practice.ask(number).await;
        assert!(answer.is_whole(), "{answer:?}");
        let expected: Vec<_> = expected.into_iter().map(|(kind, code, net)| (kind, code, net.to_owned())).collect();
        assert_eq!(amounts(&answer), expected);
    }
}

#[tokio::test]
async fn an_agency_that_is_silent_fails_or_answers_in_part_is_told_apart() {
    let practice = Practice::start().await;

    for agency in Agency::ALL {
        practice.fault(FaultKind::Silent, Some(agency)).await;
        assert_only(&practice.ask("198512052393").await, agency, Status::Timeout);
        practice.fault(FaultKind::AgencyError, Some(agency)).await;
        assert_only(&practice.ask("198512052393").await, agency, Status::Error);
    }
    practice.fault(FaultKind::Partial, Some(Agency::Fk)).await;
    assert_only(&practice.ask("198512052393").await, Agency::Fk, Status::Partial);
    assert!(practice.ask("198512052393").await.is_whole(), "a fault strikes once");
}

#[tokio::test]
async fn a_call_that_is_cut_or_fails_is_an_error_for_all() {
    let practice = Practice::start().await;

    for kind in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::Error500] {
        practice.fault(kind, None).await;
        let answer = practice.ask("198501302395").await;
        assert_all(&answer, Status::Error, &answer.problems[0].code.clone());
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_a_timeout_for_all() {
    let practice = Practice::start().await;
    let mut fault = FaultSpec::new(System::Ssbtek, FaultKind::Slow);
    fault.ms = u64::try_from(Duration::from_mins(1).as_millis()).expect("a minute is short");
    practice.sandbox.add_fault(fault).await.expect("the fault is added");

    assert_all(&practice.ask_with(impatient, "198501302395").await, Status::Timeout, "timeout");
}

#[tokio::test]
async fn a_silence_that_the_seed_holds_is_a_timeout() {
    let practice = Practice::start().await;

    assert_only(&practice.ask("198904082396").await, Agency::So, Status::Timeout);
}
