use sandbox::{FaultKind, FaultSpec, System};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::client::{Client, Practice, practice};

const MAIL: &str = "From: kommun@example.se\r\nTo: anders.berg@example.se\r\nMessage-ID: <beslut-1@example.se>\r\n\
    Subject: =?utf-8?Q?Beslut_i_ditt_=C3=A4rende?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nDet finns n=C3=A5got att l=C3=A4sa.\r\n..\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hej</p>\r\n--b--\r\n";

/// The code of the last answer; none when the connection was closed.
async fn send(practice: &Practice, mail: &str) -> Option<String> {
    let stream = TcpStream::connect(practice.sandbox.addresses.smtp).await.expect("a connection");
    let mut stream = BufReader::new(stream);
    let mut code = answer(&mut stream).await?;
    for said in
        ["EHLO robot\r\n", "MAIL FROM:<kommun@example.se>\r\n", "RCPT TO:<anders.berg@example.se>\r\n", "DATA\r\n"]
    {
        stream.write_all(said.as_bytes()).await.expect("it is sent");
        code = answer(&mut stream).await?;
    }
    assert_eq!(code, "354");
    stream.write_all(format!("{mail}.\r\n").as_bytes()).await.expect("it is sent");
    answer(&mut stream).await
}

async fn answer(stream: &mut BufReader<TcpStream>) -> Option<String> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.expect("a line") == 0 {
            return None;
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Some(line[..3].to_owned());
        }
    }
}

#[tokio::test]
async fn a_mail_arrives_with_both_its_parts() {
    let practice = practice().await;
    assert_eq!(send(&practice, MAIL).await.as_deref(), Some("250"));
    let mut mailbox = Client::new(practice.sandbox.addresses.mailbox);
    let mails = mailbox.get("/api/brev").await.json();
    assert_eq!(mails[0]["subject"], "Beslut i ditt ärende");
    assert_eq!(mails[0]["to"][0], "anders.berg@example.se");
    assert_eq!(mails[0]["message_id"], "beslut-1@example.se");
    assert_eq!(mails[0]["text"], "Det finns något att läsa.\r\n.");
    assert_eq!(mails[0]["html"], "<p>Hej</p>");
    assert!(mailbox.get("/").await.body.contains("<td>Beslut i ditt ärende</td>"));
    assert!(mailbox.get("/brev/1").await.body.contains("Det finns något att läsa."));
    assert_eq!(practice.sandbox.counts("EB-2025-0101").await.expect("counts").mails, 1);
}

#[tokio::test]
async fn a_second_mail_with_the_same_id_is_a_duplicate() {
    let practice = practice().await;
    send(&practice, MAIL).await;
    send(&practice, MAIL).await;
    let mails = Client::new(practice.sandbox.addresses.mailbox).get("/api/brev").await.json();
    assert_eq!((&mails[0]["duplicate"], &mails[1]["duplicate"]), (&false.into(), &true.into()));
}

#[tokio::test]
async fn the_answer_to_the_last_dot_can_fail_or_be_cut_before_or_after() {
    let practice = practice().await;
    let mails = async || practice.sandbox.counts("EB-2025-0101").await.expect("counts").mails;
    let fault = async |kind| practice.sandbox.add_fault(FaultSpec::new(System::Smtp, kind)).await.expect("a fault");
    fault(FaultKind::Error500).await;
    assert_eq!((send(&practice, MAIL).await.as_deref(), mails().await), (Some("451"), 0));
    fault(FaultKind::CutBefore).await;
    assert_eq!((send(&practice, MAIL).await, mails().await), (None, 0));
    fault(FaultKind::CutAfter).await;
    assert_eq!((send(&practice, MAIL).await, mails().await), (None, 1));
}
