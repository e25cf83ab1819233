//! Skatteverket: its own XML as text in CDATA. Nobody in the seed has capital income or a refund.

use super::question::Question;

pub fn data(question: &Question) -> String {
    let inner = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <SvarBeskattningsuppgifterEnligtSFS2008-975 xmlns=\"http://xmls.skatteverket.se/se/skatteverket/zg/instans/standardiseradInformation/1.0\" \
         xmlns:folko=\"http://xmls.skatteverket.se/se/skatteverket/zg/komponent/infoForFolkbokforing/1.0\"><PersonuppgiftLista><Personuppgift>\
         <folko:IdentitetsbeteckningFysiskPerson>{}</folko:IdentitetsbeteckningFysiskPerson><StatusPersonuppgiftKod>0</StatusPersonuppgiftKod>\
         </Personuppgift></PersonuppgiftLista></SvarBeskattningsuppgifterEnligtSFS2008-975>",
        question.person
    );
    format!("<svar><![CDATA[{inner}]]></svar>")
}
