//! Faults: what goes wrong, where, how often; seeded, so that the same requests meet the same faults. Decides only whether one strikes;
//! what a struck request does is the business of the system it came to.

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    dice,
    error::Result,
    record::Kind,
    store::{Store, StoredFault},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    Portal,
    Akten,
    Ssbtek,
    Smtp,
    Ledger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    Slow,
    #[serde(rename = "error_500")]
    Error500,
    CutBefore,
    CutAfter,
    CutLate,
    ExpireSession,
    Dialog,
    RenameLabel,
    Silent,
    AgencyError,
    Partial,
}

impl FaultKind {
    /// Those that strike a request before it is answered.
    pub const REQUEST: &[Self] =
        &[Self::Slow, Self::Error500, Self::CutBefore, Self::CutAfter, Self::CutLate, Self::ExpireSession];
    /// Those that change a page that is otherwise right.
    pub const PAGE: &[Self] = &[Self::Dialog, Self::RenameLabel];
    /// Those that strike one agency's answer.
    pub const AGENCY: &[Self] = &[Self::Silent, Self::AgencyError, Self::Partial];

    fn is_cut(self) -> bool {
        matches!(self, Self::CutBefore | Self::CutAfter | Self::CutLate)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    pub system: System,
    pub kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// A part of the address, as people write it: `/akt/A-1001/berakningar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How often it strikes; 0 is until it is removed.
    #[serde(default = "once")]
    pub times: u64,
    /// How many matching requests go free first.
    #[serde(default)]
    pub skip: u64,
    #[serde(default = "always")]
    pub probability: f64,
    #[serde(default)]
    pub ms: u64,
    #[serde(default)]
    pub seconds: f64,
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    #[serde(default)]
    pub hang_seconds: f64,
}

fn once() -> u64 {
    1
}

fn always() -> f64 {
    1.0
}

impl FaultSpec {
    /// A fault of this kind that strikes once.
    pub fn new(system: System, kind: FaultKind) -> Self {
        Self {
            system,
            kind,
            act: None,
            reference: None,
            path: None,
            times: 1,
            skip: 0,
            probability: 1.0,
            ms: 0,
            seconds: 0.0,
            text: String::new(),
            from: String::new(),
            to: String::new(),
            agency: None,
            hang_seconds: 0.0,
        }
    }
}

/// What a request is, as far as faults care.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    pub system: System,
    pub act: Option<Kind>,
    pub reference: Option<&'a str>,
    pub agency: Option<&'a str>,
    /// Decoded.
    pub path: &'a str,
    /// Whether it would change something.
    pub saves: bool,
}

impl FaultSpec {
    fn matches(&self, seen: &Seen<'_>) -> bool {
        self.system == seen.system
            && self.act.is_none_or(|act| seen.act == Some(act))
            && self.reference.as_deref().is_none_or(|wanted| seen.reference == Some(wanted))
            && self.path.as_deref().is_none_or(|wanted| seen.path.contains(wanted))
            && self.agency.as_deref().is_none_or(|wanted| seen.agency == Some(wanted))
            && (!self.kind.is_cut() || !matches!(seen.system, System::Akten | System::Ledger) || seen.saves)
    }
}

/// A fault as the control page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct FaultView {
    pub id: i64,
    #[serde(flatten)]
    pub spec: FaultSpec,
    pub hits: u64,
    /// None: until it is removed.
    pub left: Option<u64>,
}

pub struct Faults {
    store: Store,
    seed: u64,
    on: Mutex<Vec<StoredFault>>,
}

impl Faults {
    pub async fn load(store: Store, seed: u64) -> Result<Self> {
        let on = Mutex::new(store.faults().await?);
        Ok(Self { store, seed, on })
    }

    pub async fn add(&self, spec: FaultSpec) -> Result<i64> {
        let mut on = self.on.lock().await;
        let id = self.store.add_fault(&spec).await?;
        on.push(StoredFault { id, spec, seen: 0, hits: 0 });
        Ok(id)
    }

    pub async fn remove(&self, id: i64) -> Result<()> {
        let mut on = self.on.lock().await;
        self.store.delete_fault(id).await?;
        on.retain(|fault| fault.id != id);
        Ok(())
    }

    pub async fn clear(&self) -> Result<()> {
        let mut on = self.on.lock().await;
        self.store.delete_faults().await?;
        on.clear();
        Ok(())
    }

    pub async fn list(&self) -> Vec<FaultView> {
        self.on.lock().await.iter().map(view).collect()
    }

    /// The faults of these kinds that strike this request; each is counted.
    pub async fn strike(&self, seen: &Seen<'_>, kinds: &[FaultKind]) -> Result<Vec<FaultSpec>> {
        let mut struck = Vec::new();
        let mut on = self.on.lock().await;
        for fault in on.iter_mut() {
            if kinds.contains(&fault.spec.kind) && fault.spec.matches(seen) && is_left(fault) {
                if self.draw(fault) {
                    struck.push(fault.spec.clone());
                }
                self.store.count_fault(fault.id, fault.seen, fault.hits).await?;
            }
        }
        Ok(struck)
    }

    fn draw(&self, fault: &mut StoredFault) -> bool {
        fault.seen += 1;
        let strikes = fault.seen > fault.spec.skip
            && dice::happens(self.seed, fault.seen, &fault.id.to_string(), fault.spec.probability);
        fault.hits += u64::from(strikes);
        strikes
    }
}

fn is_left(fault: &StoredFault) -> bool {
    fault.spec.times == 0 || fault.hits < fault.spec.times
}

fn view(fault: &StoredFault) -> FaultView {
    let left = (fault.spec.times > 0).then(|| fault.spec.times.saturating_sub(fault.hits));
    FaultView { id: fault.id, spec: fault.spec.clone(), hits: fault.hits, left }
}
