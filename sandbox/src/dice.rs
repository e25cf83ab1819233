//! Chance that can be repeated: the same seed and the same number of throws give the same values. Not for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

pub struct Dice {
    seed: u64,
    throws: AtomicU64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { seed, throws: AtomicU64::new(0) }
    }

    pub fn throw(&self) -> u64 {
        let throw = self.throws.fetch_add(1, Ordering::Relaxed);
        number(self.seed, throw, "")
    }

    /// The digits 0–9 in an order of their own.
    pub fn shuffled_digits(&self) -> Vec<u8> {
        let mut digits: Vec<u8> = (0..10).collect();
        for index in (1..digits.len()).rev() {
            let other = self.throw() % (index as u64 + 1);
            digits.swap(index, usize::try_from(other).unwrap_or(0));
        }
        digits
    }
}

/// Whether something of this probability happens the nth time, for this seed and this name.
pub fn happens(seed: u64, nth: u64, name: &str, probability: f64) -> bool {
    let parts = number(seed, nth, name) % 1_000_000;
    f64::from(u32::try_from(parts).unwrap_or(0)) < probability * 1_000_000.0
}

fn number(seed: u64, nth: u64, name: &str) -> u64 {
    let digest =
        Sha256::new().chain_update(seed.to_be_bytes()).chain_update(nth.to_be_bytes()).chain_update(name).finalize();
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_order() {
        assert_eq!(Dice::new(7).shuffled_digits(), Dice::new(7).shuffled_digits());
        assert_ne!(Dice::new(7).shuffled_digits(), Dice::new(8).shuffled_digits());
    }

    #[test]
    fn a_probability_is_kept_in_the_long_run() {
        let hits = (0..1000).filter(|nth| happens(1, *nth, "x", 0.3)).count();
        assert!((250..350).contains(&hits), "{hits}");
        assert!(happens(1, 1, "x", 1.0) && !happens(1, 1, "x", 0.0));
    }
}
