use crate::client::{Client, practice, signed_in_to_portal};

#[tokio::test]
async fn nobody_sees_an_application_without_signing_in() {
    let practice = practice().await;
    let mut client = Client::new(practice.sandbox.addresses.portal);
    let answer = client.get("/ansokningar?status=inkommen").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/logga-in?till=/ansokningar%3Fstatus%3Dinkommen"));
    let wrong = client.post("/logga-in", "anvandarnamn=robot&losenord=fel").await;
    assert!(wrong.body.contains("Fel användarnamn eller lösenord"));
}

#[tokio::test]
async fn the_list_has_ten_a_page_and_only_the_wanted_status() {
    let practice = practice().await;
    let mut client = signed_in_to_portal(&practice).await;
    let first = client.get("/ansokningar?status=inkommen").await;
    assert_eq!(first.body.matches("<tr><td>").count(), 10);
    assert!(
        first.body.contains("Sida 1 av 4") && first.body.contains(">Nästa</a>") && !first.body.contains(">Föregående<")
    );
    let last = client.get("/ansokningar?status=inkommen&sida=4").await;
    assert_eq!(last.body.matches("<tr><td>").count(), 8);
    assert!(!last.body.contains(">Nästa</a>") && !last.body.contains("Avslutad</td>"));
    let closed = client.get("/ansokningar?status=avslutad").await;
    assert_eq!(closed.body.matches("<tr><td>").count(), 2);
}

#[tokio::test]
async fn an_application_shows_all_that_a_decision_needs() {
    let practice = practice().await;
    let mut client = signed_in_to_portal(&practice).await;
    let page = client.get("/ansokningar/EB-2025-0108").await;
    for shown in [
        "<th scope=\"row\">Akt</th><td>A-1008</td>",
        "<th scope=\"row\">Hushållstyp</th><td>Ensamstående</td>",
        "<th scope=\"row\">Hyra</th><td>5\u{a0}900,00 kr</td>",
        "<td>Sökande</td><td>19940421-2384</td><td>Jasmin Gran</td><td>4</td><td>–</td>",
        "<td>Barn 1</td><td>20210515-2397</td><td>Kalle Gran</td><td>2021-05-15</td><td>Ja</td><td>31</td><td>Nej</td>",
        "<td>Sökande</td><td>Barnbidrag</td><td>1\u{a0}250,00 kr</td><td>2025-12</td><td>2025-12-19</td>",
        "<td>El</td><td>350,00 kr</td>",
    ] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
}

#[tokio::test]
async fn a_protected_name_is_on_no_page() {
    let practice = practice().await;
    let mut client = signed_in_to_portal(&practice).await;
    let page = client.get("/ansokningar/EB-2025-0124").await;
    assert!(page.body.contains("<th scope=\"row\">Skyddade personuppgifter</th><td>Ja</td>"));
    assert!(page.body.contains("<th scope=\"row\">Namn</th><td>Skyddad</td>"));
}

#[tokio::test]
async fn the_attachment_is_a_real_pdf() {
    let practice = practice().await;
    let mut client = signed_in_to_portal(&practice).await;
    let file = client.get("/ansokningar/EB-2025-0101/bilagor/hyresavi.pdf").await;
    assert_eq!(file.header("content-type"), Some("application/pdf"));
    assert!(file.bytes.starts_with(b"%PDF-1.4") && file.bytes.ends_with(b"%%EOF\n"));
    let table: usize = file.between("startxref\n", "\n").parse().expect("an offset");
    assert!(file.bytes[table..].starts_with(b"xref"));
    assert!(file.body.contains("(Att betala: 6300 kr)"));
}
