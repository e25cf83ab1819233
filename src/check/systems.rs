//! The file of a system: its name, its sign-in, and how a signed-out page is recognised.

use crate::bot::{Fields, Item, System};
use crate::yaml::Placed;

use super::findings::Findings;
use super::targets::check_targets;
use super::walk::walk_sign_in;
use super::{Context, commits, names, targets, values};

pub(super) fn check(system: &System, context: &Context<'_>, findings: &mut Findings<'_>) {
    check_name(&system.system, context, findings);
    check_recognised(system, context.whole, findings);
    let nowhere = Placed { place: system.system.place, value: String::new() };
    let item = Item { reference: nowhere, deadline: None, addressee: Vec::new(), fields: Fields::default() };
    let walk = walk_sign_in(&item.fields, &system.sign_in);
    names::check(&item, context.config, context.whole, &walk, findings);
    targets::check(&walk, findings);
    values::check(&item.fields, &walk, findings);
    walk.visits.iter().for_each(|visit| commits::check_place(visit, findings));
    for targets in
        [&system.signed_out, &system.signed_in, &system.refused, &system.down].into_iter().flatten().chain(&system.mask)
    {
        check_targets(targets, findings);
    }
}

fn check_name(name: &Placed<String>, context: &Context<'_>, findings: &mut Findings<'_>) {
    let stem = context.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem != name.value {
        let message = format!("systemet heter `{}` men filen `{stem}.yaml`", name.value);
        findings.word(name, message, format!("skriv `system: {stem}`, eller döp om filen"));
    }
    let known = &context.config.systems;
    if !known.is_empty() && !known.contains_key(&name.value) {
        let hint = format!("lägg till [systems.{}] med `url` i kollega.toml", name.value);
        findings.word(name, format!("systemet `{}` finns inte i kollega.toml", name.value), hint);
    }
}

fn check_recognised(system: &System, whole: bool, findings: &mut Findings<'_>) {
    let signs_in = !system.sign_in.0.is_empty();
    if signs_in && system.signed_out.is_none() {
        let hint = "lägg till `signed_out: …` med det som bara syns när ingen är inloggad: annars märks inte en utgången session";
        findings.word(&system.system, "systemet har `sign_in` men inte `signed_out`", hint);
    }
    if !signs_in && whole && system.refused.is_some() {
        let hint = "ta bort `refused`, eller lägg till `sign_in: [...]` med stegen som loggar in";
        findings.word(&system.system, "systemet har `refused` men inget `sign_in`", hint);
    }
    if !signs_in && whole && (system.signed_out.is_some() || system.signed_in.is_some()) {
        let hint = "lägg till `sign_in: [...]` med stegen som loggar in";
        findings.word(&system.system, "systemet kan bli utloggat men har inget `sign_in`", hint);
    }
}
