//! Pensionsmyndigheten's payments, which come in Försäkringskassan's answer in a model of their own.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Number;

use super::answer::{Deduction, IncomeRow};
use super::fk::Code;
use super::reading::RowError;
use super::value::{day, kronor, shared_month};
use super::{Agency, Config, kind};

/// Pensionsmyndigheten's payment: whole kronor, and the benefits named in its rows.
#[derive(Deserialize)]
pub(super) struct Pension {
    utbetalningsdatum: Option<String>,
    utbetalningsperiod: Option<Span>,
    bruttobelopp: Option<Number>,
    nettobelopp: Option<Number>,
    #[serde(default)]
    avdrag: Vec<PensionDeduction>,
    #[serde(default)]
    utbetalningsrader: Vec<PensionRow>,
}

#[derive(Deserialize)]
struct Span {
    from: String,
    tom: String,
}

#[derive(Deserialize)]
struct PensionDeduction {
    belopp: Number,
    avdragstyp: Code,
}

#[derive(Deserialize)]
struct PensionRow {
    formansgrupp: Code,
}

impl Pension {
    /// Whether this is the payment of that amount on that day.
    pub(super) fn is_payment_of(&self, net: Decimal, paid: &str) -> bool {
        let own = self.nettobelopp.as_ref().and_then(|number| kronor(&number.to_string(), "nettobelopp").ok());
        own == Some(net) && self.utbetalningsdatum.as_deref() == Some(paid)
    }

    pub(super) fn row(&self, planned: bool, config: &Config) -> Result<IncomeRow, RowError> {
        let amount =
            |number: Option<&Number>, field| number.map(|number| kronor(&number.to_string(), field)).transpose();
        let net = amount(self.nettobelopp.as_ref(), "nettobelopp")?.ok_or_else(|| RowError::missing("nettobelopp"))?;
        let mut groups: Vec<&Code> = self.utbetalningsrader.iter().map(|row| &row.formansgrupp).collect();
        groups.dedup_by_key(|group| &group.kod);
        // A payment of several benefits has no kind of its own.
        let (code, text) = match groups[..] {
            [group] => (group.kod.clone(), Some(group.beskrivning.clone())),
            _ => ("PM".to_owned(), None),
        };
        let span = self.utbetalningsperiod.as_ref();
        let from = span.map(|span| day(&span.from, "utbetalningsperiod")).transpose()?;
        let to = span.map(|span| day(&span.tom, "utbetalningsperiod")).transpose()?;
        let mut deductions = Vec::new();
        for taken in &self.avdrag {
            // Written with and without a minus.
            let amount = kronor(taken.belopp.to_string().trim_start_matches('-'), "avdrag")?;
            deductions.push(Deduction { code: taken.avdragstyp.kod.clone(), amount });
        }
        Ok(IncomeRow {
            person: 0,
            source: Agency::Fk,
            kind: kind::of(config, Agency::Fk, &code, text.as_deref()),
            code,
            text,
            period: shared_month(from, to),
            from,
            to,
            gross: amount(self.bruttobelopp.as_ref(), "bruttobelopp")?,
            net,
            paid: self.utbetalningsdatum.as_deref().map(|text| day(text, "utbetalningsdatum")).transpose()?,
            planned,
            deductions,
        })
    }
}
