//! Faults for the demo: one of each kind that hurts, on applications drawn by the seed.

use std::path::Path;

use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sandbox::{FaultKind, FaultSpec, Kind, Outcome, Sandbox, System};

/// Switches the faults on, once for each demo however often it is started again.
pub fn switch_on(sandbox: &Sandbox, folder: &Path, seed: u64) -> anyhow::Result<()> {
    let marker = folder.join("faults");
    if marker.exists() {
        return Ok(());
    }
    let specs = specs(seed)?;
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| handle.block_on(add(sandbox, specs)))?;
    std::fs::write(&marker, seed.to_string()).context("felens märke kan inte skrivas")
}

async fn add(sandbox: &Sandbox, specs: Vec<FaultSpec>) -> anyhow::Result<()> {
    for spec in specs {
        sandbox.add_fault(spec).await?;
    }
    Ok(())
}

/// Every cut on every form, a sign-out in the middle, an error page, a slow page.
fn specs(seed: u64) -> anyhow::Result<Vec<FaultSpec>> {
    let mut registered: Vec<String> = sandbox::expected_outcomes()?
        .into_iter()
        .filter(|one| one.status == Outcome::Registered)
        .map(|one| one.reference)
        .collect();
    registered.shuffle(&mut StdRng::seed_from_u64(seed));
    let mut references = registered.into_iter();
    let mut specs = Vec::new();
    for act in [Kind::Calculation, Kind::Decision, Kind::Payment] {
        for kind in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::CutLate] {
            let spec =
                FaultSpec { act: Some(act), reference: references.next(), ..FaultSpec::new(System::Akten, kind) };
            specs.push(FaultSpec { seconds: if kind == FaultKind::CutLate { 2.0 } else { 0.0 }, ..spec });
        }
    }
    specs.push(FaultSpec { skip: 25, ..FaultSpec::new(System::Akten, FaultKind::ExpireSession) });
    specs.push(FaultSpec { skip: 140, ..FaultSpec::new(System::Akten, FaultKind::ExpireSession) });
    specs.push(FaultSpec { skip: 60, ..FaultSpec::new(System::Akten, FaultKind::Error500) });
    specs.push(FaultSpec { skip: 9, ms: 3000, ..FaultSpec::new(System::Portal, FaultKind::Slow) });
    Ok(specs)
}
