//! What a page answers when it cannot do what was asked.
//!
//! Says what happened and never anything about the inside; that goes to the log.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use super::page;
use crate::person;
use crate::store;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nobody is signed in: they are asked to, and come back to this address.
    #[error("nobody is signed in")]
    SignIn(String),
    #[error("the person has no role for the page")]
    Forbidden,
    #[error("the form's token is wrong")]
    Token,
    #[error("no such page")]
    NotFound,
    /// A letter with a decision must say how to appeal it.
    #[error("the letter cannot say how to appeal")]
    NoAppeal,
    #[error("failed to read or write the store")]
    Store(#[from] store::Error),
    #[error("failed to handle a session")]
    Person(#[from] person::Error),
    #[error("failed to make the page")]
    Page(#[from] minijinja::Error),
    #[error("failed to make a document: {0}")]
    Document(String),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, title, text) = match &self {
            Self::SignIn(wanted) => {
                return Redirect::to(&page::address("/logga-in", &[("till", wanted)])).into_response();
            }
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "Du har inte behörighet",
                "Din roll ger inte tillgång till sidan. Be den som administrerar Kollega om rätt roll.",
            ),
            Self::Token => (
                StatusCode::FORBIDDEN,
                "Formuläret gäller inte längre",
                "Ingenting har sparats. Gå tillbaka, läs om sidan och försök igen.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "Sidan finns inte", "Kontrollera adressen, eller gå till startsidan.")
            }
            Self::NoAppeal => (
                StatusCode::CONFLICT,
                "Brevet kan inte skrivas",
                "Det ska säga hur beslutet överklagas (förvaltningslagen 33 §), och kommunens text om det saknas. Be IT-enheten \
                 lägga in den: notice.appeal i kollega.toml.",
            ),
            // The worker and the scheduler say so in the log, once.
            Self::Store(error) | Self::Person(person::Error::Store(error)) if error.is_outage() => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Databasen svarar inte",
                "Kollega är i gång men når inte databasen. Robotarna påbörjar ingenting nytt och fortsätter av sig själva när den är \
                 tillbaka. Det är inte säkert att det du gjorde sparades: läs om sidan om en stund och kontrollera.",
            ),
            Self::Store(_) | Self::Person(_) | Self::Page(_) | Self::Document(_) => {
                tracing::error!(error = ?self, "the console failed to answer");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Något gick fel",
                    "Det är inte säkert att det du gjorde sparades: läs om sidan och kontrollera. Felet finns i loggen.",
                )
            }
        };
        let page = page::render("failure.html", &json!({ "title": title, "text": text  }));
        (status, page.unwrap_or_else(|_| title.to_owned().into())).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_is_told_as_that() {
        let away = || store::Error::Database(sqlx::Error::PoolTimedOut);
        for failure in [Failure::Store(away()), Failure::Person(person::Error::Store(away()))] {
            assert_eq!(failure.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        let broken = Failure::Store(store::Error::Corrupt("ett läge".into()));
        assert_eq!(broken.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
