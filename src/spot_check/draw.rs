//! The drawing: published, so that anybody with the list and the seed can make it again.
//!
//! Each case gets a rank: the HMAC-SHA-256, in hex, under the seed's text, of `stickprov-1|PLAN|MONTH|STRATUM|CASE`. In each
//! stratum the cases with the lowest ranks are drawn: N × percent / 100 of its N cases, rounded up. The order of the list
//! does not matter, and nobody can tell who will be drawn without the seed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::model::{Rate, SpotRow};

/// What the drawing is called: the first part of what is hashed.
pub const ALGORITHM: &str = "stickprov-1";

/// Ranks every row and draws those that the rates say.
pub fn draw(seed: &str, rows: &mut [SpotRow], rates: &[Rate]) {
    for row in rows.iter_mut() {
        row.rank = rank(seed, row);
        row.drawn = false;
    }
    rows.sort_by(|one, other| {
        (&one.stratum, &one.rank, &one.case_key).cmp(&(&other.stratum, &other.rank, &other.case_key))
    });
    for stratum in rows.chunk_by_mut(|one, other| one.stratum == other.stratum) {
        let percent = rates.iter().find(|rate| rate.stratum == stratum[0].stratum).map_or(0, |rate| rate.percent);
        let count = how_many(stratum.len(), percent);
        stratum[..count].iter_mut().for_each(|row| row.drawn = true);
    }
}

/// How many of so many are drawn: rounded up, so that a stratum that is drawn from at all has at least one.
pub fn how_many(cases: usize, percent: u32) -> usize {
    (cases * percent.min(100) as usize).div_ceil(100)
}

fn rank(seed: &str, row: &SpotRow) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(seed.as_bytes()).expect("a key of any length will do");
    let SpotRow { plan, month, stratum, case_key, .. } = row;
    mac.update(format!("{ALGORITHM}|{plan}|{month}|{stratum}|{case_key}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The SHA-256 of the whole list with what was drawn, in hex.
pub fn digest(rows: &[SpotRow]) -> String {
    let mut lines: Vec<String> =
        rows.iter().map(|row| format!("{}|{}|{}|{}\n", row.case_key, row.stratum, row.rank, row.drawn)).collect();
    lines.sort();
    hex::encode(Sha256::digest(lines.concat().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemId;

    fn row(number: usize, stratum: &str) -> SpotRow {
        SpotRow {
            id: String::new(),
            plan: "prov-2026".into(),
            month: "2026-11".into(),
            case_key: format!("{number:064x}/1"),
            item: ItemId(number.to_string()),
            attempt: 1,
            bot: "robot".into(),
            handled_at: String::new(),
            stratum: stratum.into(),
            rank: String::new(),
            drawn: false,
        }
    }

    fn rate(stratum: &str, percent: u32) -> Rate {
        Rate { stratum: stratum.into(), planned: percent, percent, why: String::new() }
    }

    fn keys(rows: &[SpotRow]) -> Vec<&str> {
        rows.iter().filter(|row| row.drawn).map(|row| row.case_key.as_str()).collect()
    }

    /// Reckoned by Python's `hmac.new(seed, text, "sha256").hexdigest()`, so that the description above is what the code does.
    #[test]
    fn a_rank_is_what_the_published_description_says() {
        let mut rows = [SpotRow { case_key: "abc/1".into(), stratum: "övriga".into(), ..row(0, "") }];
        draw("ett frö från tärning", &mut rows, &[rate("övriga", 100)]);
        assert_eq!(rows[0].rank, "e38ec3968b392b0f9a83fc1f9b15c9b8b4539bb57cc0dbf0c3e28629b7d66667");
    }

    #[test]
    fn the_order_of_the_list_does_not_matter() {
        let rates = [rate("a", 10), rate("b", 25)];
        let list: Vec<SpotRow> = (0..300).map(|number| row(number, if number % 3 == 0 { "a" } else { "b" })).collect();
        let mut sorted = list.clone();
        draw("frö", &mut sorted, &rates);
        let mut turned: Vec<SpotRow> = list.iter().rev().cloned().collect();
        draw("frö", &mut turned, &rates);
        let mut mixed: Vec<SpotRow> = (0..300).map(|at| list[at * 7 % 300].clone()).collect();
        draw("frö", &mut mixed, &rates);
        assert_eq!(keys(&sorted), keys(&turned));
        assert_eq!(keys(&sorted), keys(&mixed));
        assert_eq!(keys(&sorted).len(), 10 + 50);
        assert_eq!((digest(&sorted), digest(&mixed)), (digest(&turned), digest(&turned)));
    }

    #[test]
    fn every_stratum_has_its_rate_rounded_up() {
        for (cases, percent, drawn) in
            [(0, 10, 0), (1, 10, 1), (1, 0, 0), (10, 10, 1), (11, 10, 2), (100, 33, 33), (7, 100, 7), (3, 200, 3)]
        {
            assert_eq!(how_many(cases, percent), drawn, "{cases} × {percent} %");
        }
    }

    /// Over many seeds each case is drawn equally often: chi-square over the cases. The 0.999 quantile with 199 degrees of
    /// freedom is 266.4 (Wilson and Hilferty); with one draw of n without replacement the statistic is lower rather than higher.
    #[test]
    fn every_case_of_a_stratum_is_as_likely_as_any_other() {
        const CASES: usize = 200;
        const SEEDS: usize = 2000;
        let list: Vec<SpotRow> = (0..CASES).map(|number| row(number, "a")).collect();
        let mut times = [0_u32; CASES];
        let mut first_half = 0_u32;
        for seed in 0..SEEDS {
            let mut rows = list.clone();
            draw(&format!("frö {seed}"), &mut rows, &[rate("a", 15)]);
            let drawn: Vec<usize> =
                rows.iter().filter(|row| row.drawn).map(|row| row.item.0.parse().expect("a number")).collect();
            assert_eq!(drawn.len(), 30);
            for number in drawn {
                times[number] += 1;
                first_half += u32::from(number < CASES / 2);
            }
        }
        let expected = 30.0 * f64::from(2000) / f64::from(200);
        let chi_square: f64 = times.iter().map(|times| (f64::from(*times) - expected).powi(2) / expected).sum();
        assert!(chi_square < 266.4, "{chi_square}");
        // Neither the early nor the late of the month are favoured: within four standard errors of a half.
        let share = f64::from(first_half) / 60_000.0;
        assert!((share - 0.5).abs() < 4.0 * (0.25_f64 / 60_000.0).sqrt(), "{share}");
    }

    /// What is drawn in one month, or stratum, says nothing of another: the same cases in both are as many as chance gives.
    #[test]
    fn months_are_drawn_independently() {
        let mut both = 0_u32;
        for seed in 0..500 {
            let seed = format!("frö {seed}");
            let mut november: Vec<SpotRow> = (0..100).map(|number| row(number, "a")).collect();
            let mut december: Vec<SpotRow> =
                november.iter().map(|row| SpotRow { month: "2026-12".into(), ..row.clone() }).collect();
            draw(&seed, &mut november, &[rate("a", 20)]);
            draw(&seed, &mut december, &[rate("a", 20)]);
            let first: std::collections::BTreeSet<&str> = keys(&november).into_iter().collect();
            both += u32::try_from(keys(&december).iter().filter(|key| first.contains(*key)).count()).expect("few");
        }
        // 500 × 100 × 0.2 × 0.2 = 2000 expected; hypergeometric variance 500 × 2.59 = 1293, so four standard deviations are 144.
        assert!((1856..=2144).contains(&both), "{both}");
    }
}
