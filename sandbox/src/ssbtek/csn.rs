//! CSN: its own XML, version 4.0, in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::escape::escape;

use super::{
    answer::element,
    question::{Asked, Question},
};
use crate::seed::{Csn, CsnPayment};

pub fn data(question: &Question, asked: &Asked, known: &Csn) -> String {
    let payments: Vec<&CsnPayment> =
        known.payments.iter().filter(|one| asked.period.overlaps(&one.paid, &one.paid)).collect();
    element("ssbt:svar", &STANDARD.encode(document(&question.person, &payments)))
}

fn document(person: &str, payments: &[&CsnPayment]) -> String {
    let (century, number) = person.split_at_checked(2).unwrap_or(("", person));
    let has = u8::from(!payments.is_empty());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <k:CSNSvar xmlns:k=\"http://schema.csn.se/v4.0/kommunfraga\" xmlns:p=\"http://schema.csn.se/v4.0/person\" \
         xmlns:t=\"http://schema.csn.se/v4.0/csntyper\" xmlns:m=\"http://schema.csn.se/v4.0/studiemedel\" schemaVersion=\"4.0\">\
         <k:GemensamtSvarEkbistand><k:Resultat><k:ResultatKod>0</k:ResultatKod><k:ResultatText>Allt OK, inget att rapportera</k:ResultatText></k:Resultat></k:GemensamtSvarEkbistand>\
         <k:GemensamtFragaEkbistand/>\
         <k:Personer><k:Person personnummer=\"{number}\" Status=\"          \" sekretess=\"  \" sekel=\"{century}\">\
         <p:Studiestodstypforteckning><t:studiemedel>{has}</t:studiemedel><t:studiehjalp>0</t:studiehjalp><t:hemutrustningslan>0</t:hemutrustningslan>\
         <t:studiestartsstod>0</t:studiestartsstod><t:omstallningsstudiestod>0</t:omstallningsstudiestod></p:Studiestodstypforteckning>\
         <p:Studiemedel>{}</p:Studiemedel><p:Studiehjalp/><p:HemutrustningsLan/><p:Studiestartsstod/><p:Omstallningsstudiestod/>\
         </k:Person></k:Personer></k:CSNSvar>",
        case(payments)
    )
}

fn case(payments: &[&CsnPayment]) -> String {
    if payments.is_empty() {
        return String::new();
    }
    let plan: String = payments.iter().map(|one| payment(one)).collect();
    format!(
        "<p:Arenden><p:Arende lopnummer=\"1\"><m:stodform>GRUND</m:stodform><m:klartext>Studiemedel</m:klartext><m:status>BESLUTAD</m:status>\
         <m:soktaTider/><m:BeviljadeTider/><m:UtbetalningsPlan>{plan}</m:UtbetalningsPlan></p:Arende></p:Arenden>"
    )
}

fn payment(one: &CsnPayment) -> String {
    let CsnPayment { paid, amount_type, words, amount, status } = one;
    let date: String = paid.chars().filter(char::is_ascii_digit).collect();
    format!(
        "<m:Utbetalning><t:utbetdatum>{date}</t:utbetdatum><t:utbetstatus>{status}</t:utbetstatus><t:Utbetaldatider><t:Utbetaldtid><t:Beloppen><t:Belopp>\
         <t:beloppstyp>{amount_type}</t:beloppstyp><t:klartext>{}</t:klartext><t:belopp>{amount}</t:belopp><t:totbelopp>{amount}</t:totbelopp></t:Belopp></t:Beloppen>\
         <t:totbelopp>{amount}</t:totbelopp></t:Utbetaldtid></t:Utbetaldatider><t:totbelopp>{amount}</t:totbelopp></m:Utbetalning>",
        escape(words)
    )
}
