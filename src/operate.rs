//! What people do to items, one by one or many: who may, that there is a reason, and what became of each.
//!
//! The console and the command line both go through here. What is allowed in which state stands in the store.

use crate::desk;
use crate::model::{Item, User};
use crate::store::{self, Hindrance, Operated, Operation, Order, Store};
use crate::wording;

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The person has not the role.
    #[error("{person} får inte göra detta: det kräver rollen {roles}")]
    Role {
        /// Who.
        person: String,
        /// Which.
        roles: String,
    },
    /// Everything a person does has a reason.
    #[error("skälet saknas: skriv varför")]
    NoReason,
    /// Not in this state.
    #[error(transparent)]
    Hindered(#[from] Hindrance),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The roles that may give such orders: a caseworker too may take an item over.
pub fn roles(operation: Operation) -> Vec<&'static str> {
    let mut roles = desk::OPERATORS.to_vec();
    if operation == Operation::HandOver {
        roles.push("caseworker");
    }
    roles
}

/// Whether the person may, or why not.
pub fn admit(user: &User, operation: Operation) -> Result<(), Refused> {
    let roles = roles(operation);
    if roles.iter().any(|role| user.has_role(role)) {
        return Ok(());
    }
    Err(Refused::Role { person: user.name.clone(), roles: wording::any_role(&roles) })
}

/// Carries out a signed-in person's order on one item.
pub async fn order(
    store: &Store,
    item: &Item,
    user: &User,
    operation: Operation,
    reason: &str,
) -> Result<Operated, Refused> {
    admit(user, operation)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refused::NoReason);
    }
    let order = Order { operation, person: user.name.clone(), reason: reason.to_owned() };
    Ok(store.operate(&item.id, &order).await??)
}

/// What will be done, in Swedish.
pub fn will(operation: Operation) -> &'static str {
    match operation {
        Operation::Rerun => "körs om från första etappen",
        Operation::HandOver => "lämnas över till en person",
        Operation::Cancel => "avbryts",
        Operation::Defer { .. } => "skjuts upp",
        Operation::Priority(_) => "får ny prioritet",
    }
}

/// What has been done, in Swedish.
pub fn done(operation: Operation, operated: Operated) -> &'static str {
    match (operation, operated) {
        (_, Operated::Asked) => "begärt: roboten släpper ärendet vid nästa säkra punkt",
        (_, Operated::AskedInstead) => {
            "begärt, i stället för det som någon hade begärt förut: roboten släpper ärendet vid nästa säkra punkt"
        }
        (Operation::Rerun, _) => "står i kö för ett nytt försök",
        (Operation::HandOver, _) => "överlämnat till en person",
        (Operation::Cancel, _) => "avbrutet",
        (Operation::Defer { .. }, _) => "uppskjutet",
        (Operation::Priority(_), _) => "prioriteten är ändrad",
    }
}
