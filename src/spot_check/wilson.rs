//! The confidence interval of a share.

/// The 0.975 quantile of the normal distribution: for 95 percent.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval with 95 percent confidence, without continuity correction, for `errors` among `assessed`; none
/// where nothing has been assessed. (E. B. Wilson, Journal of the American Statistical Association 22, 1927.)
pub fn wilson(errors: u32, assessed: u32) -> Option<(f64, f64)> {
    if assessed == 0 || errors > assessed {
        return None;
    }
    let n = f64::from(assessed);
    let share = f64::from(errors) / n;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let all = 1.0 + Z * Z / n;
    let low = if errors == 0 { 0.0 } else { (middle - half) / all };
    let high = if errors == assessed { 1.0 } else { (middle + half) / all };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I,
    /// method 3 (score method without continuity correction).
    #[test]
    fn it_gives_the_published_intervals() {
        for (errors, assessed, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (from, to) = wilson(errors, assessed).expect("an interval");
            assert!(
                (from - low).abs() < 0.000_051 && (to - high).abs() < 0.000_051,
                "{errors}/{assessed}: {from} {to}"
            );
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(5, 5).map(|(_, high)| high), Some(1.0));
    }
}
