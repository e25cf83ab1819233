//! What kind of cases a bot handles, as far as the law on delegation asks: how they are appealed, and whether they are
//! of principal importance.

use serde::Deserialize;

use crate::yaml::Placed;

/// A kind of cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseKind {
    /// What the delegation calls them.
    pub name: Placed<String>,
    pub appeal: Appeal,
    /// Whether they are of principal importance, or otherwise of greater weight (kommunallagen 6 kap. 38 § first st.).
    #[serde(default)]
    pub principal: bool,
}

/// How decisions are appealed: the closed list that kommunallagen 6 kap. 38 § second st. is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appeal {
    /// Förvaltningsbesvär: the ordinary way, as for assistance.
    AdministrativeAppeal,
    /// Laglighetsprövning, kommunallagen 13 kap.
    LegalityReview,
    /// Not at all.
    NotAppealable,
    /// Procurement.
    Procurement,
    /// Authorisation systems and systems of choice.
    ChoiceSystem,
}

impl CaseKind {
    /// Why the law keeps the automated decision function from deciding on such cases, in Swedish; none where it does not.
    pub fn excluded(&self) -> Option<&'static str> {
        if self.principal {
            return Some(
                "ärendena är av principiell beskaffenhet eller annars av större vikt (6 kap. 38 § första stycket kommunallagen)",
            );
        }
        match self.appeal {
            Appeal::AdministrativeAppeal => None,
            Appeal::LegalityReview => Some(
                "besluten överklagas genom laglighetsprövning enligt 13 kap. (6 kap. 38 § andra stycket kommunallagen)",
            ),
            Appeal::NotAppealable => Some("besluten kan inte överklagas (6 kap. 38 § andra stycket kommunallagen)"),
            Appeal::Procurement => Some("ärendena gäller upphandling (6 kap. 38 § andra stycket kommunallagen)"),
            Appeal::ChoiceSystem => {
                Some("ärendena gäller auktorisations- eller valfrihetssystem (6 kap. 38 § andra stycket kommunallagen)")
            }
        }
    }
}
