//! The address of a PostgreSQL database: what may stand in it, and what to do when it does not lead there.
//!
//! What is misspelt would otherwise be passed over, and a connection that was meant to be encrypted would not be. The
//! address is never repeated in an error: somebody may have written a password into it.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use url::Url;

use crate::store::Error;

const KNOWN: &[&str] = &["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "dbname", "user", "options"];
const MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Reads an address that leads to a database, safely: over the network it says how the connection is encrypted.
pub(super) fn read(text: &str) -> anyhow::Result<Url> {
    let url: Url = text.parse().context("database.url kan inte läsas: skriv postgres://användare@dator/databas")?;
    ensure!(
        matches!(url.scheme(), "postgres" | "postgresql"),
        "database.url börjar med {}://: Kollega använder postgres://, eller SQLite om den utelämnas",
        url.scheme()
    );
    let named = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    ensure!(
        url.password().is_none() && named("password").is_none(),
        "database.url innehåller ett lösenord: spara det med `kollega secret set database.password` och skriv \
         password = \"database.password\" under [database]"
    );
    if let Some((unknown, _)) = url.query_pairs().find(|(key, _)| !KNOWN.contains(&&**key)) {
        bail!("database.url har inställningen `{unknown}`, som inte finns: skriv någon av {}", KNOWN.join(", "));
    }
    let mode = named("sslmode");
    if let Some(wrong) = mode.as_deref().filter(|mode| !MODES.contains(mode)) {
        bail!("database.url har sslmode={wrong}, som inte finns: skriv sslmode=verify-full");
    }
    let verifies = mode.as_deref().is_some_and(|mode| mode.starts_with("verify-"));
    for name in ["sslrootcert", "sslcert", "sslkey"] {
        let Some(file) = named(name) else { continue };
        let pem = std::fs::read_to_string(&file)
            .with_context(|| format!("filen {file}, som {name} i database.url anger, kan inte läsas"))?;
        ensure!(pem.contains("-----BEGIN "), "filen {file}, som {name} i database.url anger, är ingen PEM-fil");
        ensure!(
            name != "sslrootcert" || verifies,
            "database.url har sslrootcert, men den kontrolleras bara med sslmode=verify-full eller verify-ca: \
             skriv sslmode=verify-full"
        );
    }
    let host = named("host").or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default();
    if !is_near(&host) && !matches!(mode.as_deref(), Some("disable" | "require" | "verify-ca" | "verify-full")) {
        bail!(
            "databasen på {host} nås över nätet, och database.url säger inte att förbindelsen ska krypteras: lägg till \
             ?sslmode=verify-full; är den skyddad på annat sätt, skriv ?sslmode=disable"
        );
    }
    Ok(url)
}

/// Whether the address is this machine's own: nothing of it goes over a network.
fn is_near(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host.is_empty()
        || host == "localhost"
        || Path::new(&host.replace("%2F", "/").replace("%2f", "/")).is_absolute()
        || address.is_ok_and(|address| address.is_loopback())
}

/// What to do about a database that could not be opened, where that can be told.
pub(super) fn advice(error: &Error) -> Option<&'static str> {
    let Error::Database(cause) = error else { return None };
    if matches!(cause, sqlx::Error::PoolTimedOut) {
        return Some(
            "inget svar: kontrollera dator och port i database.url, brandväggen, och att PostgreSQL är i gång",
        );
    }
    let code = cause.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let said = cause.to_string();
    let says = |words: &str| said.contains(words);
    Some(match &*code {
        "28P01" => "fel lösenord: spara det rätta med `kollega secret set`, under det namn som database.password anger",
        "28000" => "servern släpper inte in användaren: be den som driver databasen se efter i pg_hba.conf",
        "3D000" => "databasen finns inte: skapa den med `createdb`, eller rätta namnet i database.url",
        "42501" => "användaren får inte skapa tabeller: gör den till databasens ägare",
        "53300" => "databasen har inga lediga anslutningar: sänk database.connections eller höj max_connections",
        _ if says("UnknownIssuer") || says("UnknownCA") => {
            "serverns certifikat är utfärdat av någon annan än den som sslrootcert anger: hämta rätt fil"
        }
        _ if says("NotValidForName") || says("not valid for") => {
            "serverns certifikat gäller ett annat namn: skriv det namn som står i certifikatet i database.url"
        }
        _ if says("Expired") || says("not valid after") => {
            "serverns certifikat har gått ut: be den som driver databasen förnya det"
        }
        _ if says("NotValidYet") || says("not valid before") => {
            "serverns certifikat gäller inte ännu: se efter att datorns klocka går rätt"
        }
        _ if says("does not support TLS") => {
            "servern tar inte emot krypterade förbindelser: be den som driver databasen slå på ssl"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        format!("{:#}", read(url).expect_err(url))
    }

    #[test]
    fn what_is_misspelt_is_refused_and_never_passed_over() {
        for unknown in ["ssl_mode", "sslMode", "sslrootcart"] {
            let said = refused(&format!("postgres://kollega@db.example/kollega?{unknown}=verify-full"));
            assert!(said.contains(&format!("`{unknown}`")), "{said}");
        }
        assert!(refused("postgres://kollega@db.example/kollega?sslmode=verify").contains("sslmode=verify,"));
        assert!(refused("mysql://db.example/kollega").contains("mysql://"));
        for secret in ["postgres://kollega:hemligt@127.0.0.1/k", "postgres://kollega@127.0.0.1/k?password=hemligt"] {
            let said = refused(secret);
            assert!(said.contains("kollega secret set") && !said.contains("hemligt"), "{said}");
        }
    }

    #[test]
    fn over_the_network_it_says_how_the_connection_is_encrypted() {
        for open in ["", "?sslmode=prefer", "?sslmode=allow"] {
            assert!(refused(&format!("postgres://kollega@db.example/kollega{open}")).contains("verify-full"));
        }
        for said in ["?sslmode=verify-full", "?sslmode=require", "?sslmode=disable"] {
            read(&format!("postgres://kollega@db.example/kollega{said}")).expect(said);
        }
        for near in ["localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun%2Fpostgresql"] {
            read(&format!("postgres://kollega@{near}/kollega")).expect(near);
        }
        read("postgres:///kollega?host=/var/run/postgresql").expect("a socket");
        assert!(refused("postgres://localhost/kollega?host=db.example").contains("db.example"));
    }

    #[test]
    fn an_authority_is_a_file_that_is_there_and_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        let url = |mode: &str| format!("postgres://k@db.example/k?sslmode={mode}&sslrootcert={}", file.display());
        assert!(refused(&url("verify-full")).contains("kan inte läsas"));
        std::fs::write(&file, "inget certifikat").expect("the file");
        assert!(refused(&url("verify-full")).contains("ingen PEM-fil"));
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\n").expect("the file");
        assert!(refused(&url("require")).contains("kontrolleras bara"));
        read(&url("verify-full")).expect("an authority");
    }

    #[test]
    fn what_to_do_is_told_where_it_is_known() {
        let tls = |said: &str| Error::Database(sqlx::Error::Tls(said.into()));
        assert!(
            advice(&tls("invalid peer certificate: UnknownIssuer")).is_some_and(|told| told.contains("sslrootcert"))
        );
        assert!(advice(&Error::Database(sqlx::Error::PoolTimedOut)).is_some_and(|told| told.contains("port")));
        assert_eq!(advice(&Error::LeaseLost), None);
    }
}
