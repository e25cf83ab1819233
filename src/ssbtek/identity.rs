//! Which identities SSBTEK can be asked about: twelve digits of a personal or coordination number that can exist.

use expression::Personnummer;

/// Says why this number cannot be asked about, without repeating it.
pub(super) fn check(number: &str) -> Result<(), &'static str> {
    let read = Personnummer::parse(number).map_err(|_| "identiteten är inte ett personnummer med tolv siffror")?;
    if read.is_interim() {
        return Err("identiteten är ett interimsnummer, som myndigheterna inte känner till");
    }
    if read.text() != number {
        return Err("identiteten ska skrivas med tolv siffror utan skiljetecken");
    }
    if read.is_valid() { Ok(()) } else { Err("identiteten är inte ett giltigt personnummer eller samordningsnummer") }
}
