//! The rate that each stratum is drawn by: as planned, or higher after errors, by the rule of the plan.

use super::history::MonthResult;
use super::plan::{Plan, Raise};
use crate::model::Rate;
use crate::wording;

/// The rate of every stratum, by what is known of the months before, oldest first.
pub fn rates(plan: &Plan, history: &[MonthResult]) -> Vec<Rate> {
    let rate = |(stratum, planned): (&str, u32)| match &plan.raise {
        Some(raise) => raised(stratum, planned, raise.value, history),
        None => as_planned(stratum, planned),
    };
    plan.planned().into_iter().map(rate).collect()
}

fn as_planned(stratum: &str, planned: u32) -> Rate {
    Rate { stratum: stratum.to_owned(), planned, percent: planned, why: "enligt planen".into() }
}

/// A month with errors makes the rate higher; only months that are wholly assessed count as being without.
fn raised(stratum: &str, planned: u32, raise: Raise, history: &[MonthResult]) -> Rate {
    let mut rate = as_planned(stratum, planned);
    let mut clean = 0;
    for month in history {
        let Some(found) = month.strata.get(stratum).filter(|found| found.drawn > 0) else { continue };
        if found.errors >= raise.errors {
            clean = 0;
            let higher = rate.percent.saturating_mul(raise.factor).min(raise.ceiling.max(planned));
            let errors = found.errors;
            rate.why = format!("{errors} fel i {}: från {} till {higher} procent", month.month, rate.percent);
            rate.percent = higher;
        } else if found.assessed == found.drawn && found.errors == 0 {
            clean += 1;
            if clean >= raise.back_after && rate.percent != planned {
                rate.why = format!(
                    "{} utan fel till och med {}: åter enligt planen",
                    wording::count(clean, "månad", "månader i rad"),
                    month.month
                );
                rate.percent = planned;
            }
        } else {
            clean = 0;
        }
    }
    rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot_check::history::Found;
    use std::path::Path;

    fn plan() -> Plan {
        let text = "plan: p\nyear: 2026\npurpose: quality\nrest: 10\nraise: {errors: 1, factor: 2, ceiling: 50, back_after: 2}\n";
        Plan::read(Path::new("p.yaml"), text).expect("a plan")
    }

    fn after(months: &[(u32, u32, u32)]) -> (u32, String) {
        let month = |(number, (drawn, assessed, errors)): (usize, &(u32, u32, u32))| MonthResult {
            month: format!("2026-{:02}", number + 1),
            strata: [("övriga".to_owned(), Found { drawn: *drawn, assessed: *assessed, errors: *errors })].into(),
        };
        let history: Vec<MonthResult> = months.iter().enumerate().map(month).collect();
        let rate = rates(&plan(), &history).remove(0);
        (rate.percent, rate.why)
    }

    #[test]
    fn errors_raise_the_rate_to_the_ceiling_and_clean_months_bring_it_back() {
        assert_eq!(after(&[]), (10, "enligt planen".into()));
        assert_eq!(after(&[(5, 5, 0)]), (10, "enligt planen".into()));
        assert_eq!(after(&[(5, 5, 1)]), (20, "1 fel i 2026-01: från 10 till 20 procent".into()));
        assert_eq!(after(&[(5, 5, 1), (9, 9, 2), (9, 9, 1)]).0, 50);
        assert_eq!(after(&[(5, 5, 1), (9, 9, 0)]).0, 20);
        let (percent, why) = after(&[(5, 5, 1), (9, 9, 0), (9, 9, 0)]);
        assert_eq!((percent, why.as_str()), (10, "2 månader i rad utan fel till och med 2026-03: åter enligt planen"));
    }

    #[test]
    fn a_month_that_is_not_wholly_assessed_is_not_without_errors() {
        assert_eq!(after(&[(5, 5, 1), (9, 9, 0), (9, 8, 0)]).0, 20);
        assert_eq!(after(&[(5, 5, 1), (9, 8, 0), (9, 9, 0)]).0, 20);
        // Nothing was drawn: it says nothing either way.
        assert_eq!(after(&[(5, 5, 1), (9, 9, 0), (0, 0, 0), (9, 9, 0)]).0, 10);
    }
}
