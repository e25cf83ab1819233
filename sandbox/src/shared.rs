//! What every practice system holds in common. Must not hold anything of one system only.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::AtomicU64},
};

use crate::{dice::Dice, fault::Faults, pages::Pages, seed::Seed, session::Sessions, store::Store};

pub struct Shared {
    pub seed: Seed,
    pub store: Store,
    pub faults: Faults,
    pub pages: Pages,
    pub dice: Dice,
    pub portal_sessions: Sessions,
    pub akten_sessions: Sessions,
    /// Keypads shown and not yet used: what each key means.
    pub keypads: Mutex<HashMap<String, Vec<(String, u8)>>>,
    /// How many sign-ins Akten and the portal have refused.
    pub refused_sign_ins: AtomicU64,
}
