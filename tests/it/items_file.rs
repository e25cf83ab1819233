//! `kollega items add`: files as Swedish Excel and other programs write them, checked whole before anything is added.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use kollega::model::Item;
use kollega::store::ItemFilter;
use serde_json::json;

use crate::decide::{Answer, kollega};
use crate::office::Office;

const BOT: &str = "\
bot: register
title: Register
owner: Enheten
item:
  reference: nummer
  deadline: 5 working days
  fields:
    nummer: text
    namn: text
    personnummer: {type: personnummer, personal: true}
    belopp: money
    datum: date
    period: month
    antal: integer
    klar: bool
    lista: list
stages:
  - stage: ett
    steps: []
";

/// An office with the bot.
pub async fn office() -> Office {
    let office = Office::open().await;
    let folder = office.folder.path().join("bots/register");
    std::fs::create_dir_all(&folder).expect("the folder");
    std::fs::write(folder.join("bot.yaml"), BOT).expect("the bot");
    office
}

/// Adds the file's items; what the program answered.
pub fn add(office: &Office, name: &str, bytes: &[u8], flags: &[&str]) -> Answer {
    let file = office.folder.path().join(name);
    std::fs::write(&file, bytes).expect("the file");
    let file = file.display().to_string();
    kollega(office, &[&["items", "add", "register", &file], flags].concat())
}

async fn items(office: &Office) -> Vec<Item> {
    let filter = ItemFilter { bot: Some("register".into()), ..ItemFilter::default() };
    office.desk.store.items(&filter).await.expect("the items")
}

/// A cell of a sheet's XML.
fn text(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
}

fn number(at: &str, number: &str) -> String {
    format!("<c r=\"{at}\"><v>{number}</v></c>")
}

/// A day, as a serial number in the format of days.
fn day(at: &str, serial: &str) -> String {
    format!("<c r=\"{at}\" s=\"1\"><v>{serial}</v></c>")
}

fn other(at: &str, kind: &str, value: &str) -> String {
    format!("<c r=\"{at}\" t=\"{kind}\"><v>{value}</v></c>")
}

/// A workbook with these sheets, each a list of rows of cells.
fn workbook(sheets: &[(&str, &[Vec<String>])]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let document = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut parts = vec![
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
    ];
    let (mut types, mut names, mut links) = (String::new(), String::new(), String::new());
    for (place, (name, rows)) in sheets.iter().enumerate() {
        let id = place + 1;
        write!(types, "<Override PartName=\"/xl/worksheets/sheet{id}.xml\" ContentType=\"{document}.worksheet+xml\"/>")
            .expect("text");
        write!(names, "<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"r{id}\"/>").expect("text");
        write!(links, "<Relationship Id=\"r{id}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{id}.xml\"/>")
            .expect("text");
        let rows: Vec<String> = rows.iter().map(|cells| format!("<row>{}</row>", cells.concat())).collect();
        let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{}</sheetData></worksheet>", rows.concat());
        parts.push((format!("xl/worksheets/sheet{id}.xml"), sheet));
    }
    parts.push((
        "[Content_Types].xml".into(),
        format!("<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{document}.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"{document}.styles+xml\"/>{types}</Types>"),
    ));
    parts.push((
        "xl/workbook.xml".into(),
        format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{names}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!("<Relationships xmlns=\"{package}/relationships\">{links}<Relationship Id=\"s\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"),
    ));
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        file.start_file(name, stored).expect("a part");
        file.write_all(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{content}").as_bytes()).expect("written");
    }
    file.finish().expect("the workbook").into_inner()
}

/// The same file in other encodings and with other separators.
fn spellings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let latin: Vec<u8> =
        text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a Western letter")).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("UTF-8", text.into()),
        ("UTF-8 with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("Windows-1252", latin),
        ("UTF-16", [b"\xff\xfe".to_vec(), wide].concat()),
        ("commas", text.replace("6 300,50", "\"6 300,50\"").replace(';', ",").into()),
        ("tabs", text.replace(';', "\t").into()),
        ("Windows line ends", text.replace('\n', "\r\n").into()),
        ("Excel's own first line", format!("sep=;\r\n{text}").into()),
        ("empty lines and columns", format!("\n{}\n;;;\n\n", text.replace('\n', ";;\n")).into()),
    ]
}

#[tokio::test]
async fn a_file_is_read_the_same_however_it_was_saved() {
    let csv = "nummer;namn;personnummer;belopp;datum;period;antal;klar\n\
               A-1;Åsa Öberg;189001129817;6 300,50;2026-12-01;2026-12;3;ja\n";
    for (how, bytes) in spellings(csv) {
        let office = office().await;
        let answer = add(&office, "ärenden.csv", &bytes, &[]);
        assert_eq!((answer.code, answer.out.trim()), (Some(0), "1 lades till."), "{how}: {}", answer.err);
        assert_eq!(answer.err.contains("lästes som Windows-1252"), how == "Windows-1252", "{how}: {}", answer.err);
        let [item] = &items(&office).await[..] else { panic!("{how}: not one item") };
        let expected = json!({
            "nummer": "A-1", "namn": "Åsa Öberg", "personnummer": {"$personnummer": "189001129817"},
            "belopp": {"$money": "6300.5"}, "datum": {"$date": "2026-12-01"}, "period": {"$month": "2026-12"},
            "antal": 3, "klar": true,
        });
        assert_eq!(item.fields.0, expected, "{how}");
        assert!(item.deadline_at.is_some(), "{how}: the bot's own deadline");
    }
}

#[tokio::test]
async fn numbers_days_and_yes_or_no_of_a_workbook_keep_their_types() {
    let office = office().await;
    let header = ["nummer", "namn", "personnummer", "belopp", "datum", "period", "antal", "klar"];
    let header: Vec<String> =
        header.iter().zip('A'..).map(|(name, column)| text(&format!("{column}1"), name)).collect();
    let row = vec![
        number("A2", "1001"),
        text("B2", " Åsa &amp; Bo "),
        number("C2", "189001129817"),
        number("D2", "0.30000000000000004"),
        day("E2", "46357"),
        day("F2", "46357"),
        number("G2", "3"),
        other("H2", "b", "1"),
    ];
    let answer = add(&office, "ärenden.xlsx", &workbook(&[("Blad1", &[header, row]), ("Blad2", &[])]), &[]);
    assert_eq!((answer.code, answer.out.trim()), (Some(0), "1 lades till."), "{}", answer.err);
    assert!(answer.err.contains("bara bladet Blad1 lästes; boken har även Blad2"), "{}", answer.err);
    let expected = json!({
        "nummer": "1001", "namn": "Åsa & Bo", "personnummer": {"$personnummer": "189001129817"},
        "belopp": {"$money": "0.3"}, "datum": {"$date": "2026-12-01"}, "period": {"$month": "2026-12"},
        "antal": 3, "klar": true,
    });
    assert_eq!(items(&office).await[0].fields.0, expected);
}

#[tokio::test]
async fn everything_wrong_in_a_file_is_told_at_once_and_nothing_is_added() {
    let office = office().await;
    let csv = "nummer;namn;personnummer;belopp;datum;antal\n\
               A-1;Åsa;189001129817;sextusen;2026-12-01;3\n\
               ;Bo;19900112;6300;1 december;tre\n\
               A-3;Cia;;100;;\n\
               A-3;Dan;;200;;;mer\n";
    let answer = add(&office, "ärenden.csv", csv.as_bytes(), &[]);
    assert_eq!(answer.code, Some(2), "{}", answer.out);
    insta::assert_snapshot!(answer.err);
    assert!(items(&office).await.is_empty());

    let json = add(&office, "ärenden.csv", csv.as_bytes(), &["--format", "json"]);
    assert_eq!(json.code, Some(2));
    assert_eq!(json.json()[0]["row"], 2);
    assert_eq!(json.json()[0]["column"], "belopp");
    assert_eq!(json.json().len(), 7);
}

#[tokio::test]
async fn references_that_only_look_the_same_and_numbers_that_nobody_has_are_refused() {
    let office = office().await;
    let wrong = ["A\u{200B}-1", "A\u{A0}-1", "A\u{2011}1", "A\u{1B}[31m-1", "A\u{A}-1", "A\u{30A}-1", "\u{202E}A-1"];
    let rows: String = wrong.iter().fold(String::new(), |rows, one| rows + format!("\"{one}\";Eva\n").as_str());
    let answer = add(&office, "lika.csv", format!("nummer;namn\nA-1;Eva\n{rows}").as_bytes(), &[]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for row in [3, 4, 5, 6, 7, 9, 10] {
        assert!(answer.err.contains(&format!("rad {row}, kolumn nummer: tecken ")), "{row}: {}", answer.err);
    }
    assert!(answer.err.contains("(U+200B)"), "{}", answer.err);
    // A wrong check digit, the day 80, the month 13, nobody.
    let numbers = ["198909202388", "198909802380", "199913202387", "000000000000"];
    let rows: String =
        numbers.iter().enumerate().fold(String::new(), |rows, (at, one)| rows + format!("B-{at};{one}\n").as_str());
    let answer = add(&office, "nummer.csv", format!("nummer;personnummer\n{rows}").as_bytes(), &[]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for row in 2..6 {
        assert!(
            answer.err.contains(&format!("rad {row}, kolumn personnummer: numret finns inte")),
            "{row}: {}",
            answer.err
        );
    }
    assert!(items(&office).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_never_repeats_what_stands_in_a_personal_field() {
    let office = office().await;
    let csv = "nummer;personnummer\nA-1;19900112-000X\nA-2;Åsa Öberg\n";
    for flags in [&[][..], &["--each"], &["--format", "json"], &["--each", "--format", "json"]] {
        let answer = add(&office, "ärenden.csv", csv.as_bytes(), flags);
        let said = format!("{}{}", answer.out, answer.err);
        assert!(!said.contains("19900112") && !said.contains("Öberg"), "{flags:?}: {said}");
        assert!(said.contains("personnummer"), "{said}");
    }
}

#[tokio::test]
async fn a_header_that_is_wrong_is_told_with_what_it_should_be() {
    let office = office().await;
    let answer = add(&office, "ärenden.csv", "namnn;belopp;belopp\nÅsa;1;2\n".as_bytes(), &[]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err);
}

#[tokio::test]
async fn files_that_are_no_lists_are_refused_with_what_to_do() {
    let office = office().await;
    let mixed = [b"nummer;namn\nA-1;\xc3\xa5".to_vec(), b"\nA-2;\xe5\n".to_vec()].concat();
    for (bytes, says) in [
        (&b""[..], "filen är tom"),
        (b"\n\n;;\n", "filen är tom"),
        (b"nummer\0", "varken text eller en arbetsbok"),
        (b"PK\x03\x04 nothing more", "arbetsboken är trasig"),
        (b"nummer;namn\nA-1;\x81\n", "varken UTF-8 eller Windows-1252"),
        (&mixed, "varken UTF-8 eller Windows-1252"),
        ("nummer;namn\nA-1;\u{fffd}sa\n".as_bytes(), "tecken har gått förlorade"),
        (b"nummer;namn\n", "0 lades till"),
    ] {
        let answer = add(&office, "ärenden.csv", bytes, &[]);
        let said = format!("{}{}", answer.out, answer.err);
        assert!(said.contains(says), "{says}: {said}");
        assert!(items(&office).await.is_empty());
    }
    let missing = kollega(&office, &["items", "add", "register", "finns-inte.csv"]);
    assert_eq!(missing.code, Some(2), "{}", missing.err);
}

#[tokio::test]
async fn cells_that_excel_has_changed_are_told_of() {
    let office = office().await;
    let header = ["nummer", "personnummer", "belopp", "datum", "antal"];
    let header: Vec<String> =
        header.iter().zip('A'..).map(|(name, column)| text(&format!("{column}1"), name)).collect();
    let row = vec![
        text("A2", "A-1"),
        number("B2", "101010123"),
        number("C2", "1.005"),
        day("D2", "46357.5"),
        other("E2", "e", "#N/A"),
    ];
    let answer = add(&office, "ärenden.xlsx", &workbook(&[("Blad1", &[header, row])]), &[]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err);
}

#[tokio::test]
async fn each_row_by_itself_adds_those_that_are_right_and_tells_of_every_row() {
    let office = office().await;
    add(&office, "först.csv", b"nummer;namn\nA-1;\xc3\x85sa\n", &[]);
    let csv = "nummer;belopp\nA-1;1\nA-2;fel\nA-3;3\nA-3;3\n";
    let answer = add(&office, "sedan.csv", csv.as_bytes(), &["--each", "--format", "json"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let results: Vec<_> =
        answer.json().iter().map(|row| (row["row"].as_i64(), row["result"].as_str().map(str::to_owned))).collect();
    let told = |row: i64, result: &str| (Some(row), Some(result.to_owned()));
    assert_eq!(results, [told(2, "known"), told(3, "wrong"), told(4, "added"), told(5, "known")]);
    let references: Vec<String> = items(&office).await.into_iter().map(|item| item.reference).collect();
    assert_eq!(references, ["A-1", "A-3"]);
    let again = add(&office, "sedan.csv", csv.as_bytes(), &["--each"]);
    assert!(again.out.contains("0 lades till, 3 fanns redan, 1 är fel."), "{}", again.out);
}

#[tokio::test]
async fn what_is_known_is_told_of_and_kept_as_it_is() {
    let office = office().await;
    let all = add(&office, "a.csv", b"nummer;belopp\nA-1;1\n", &["--priority", "7", "--deadline", "2026-12-01"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    let again = add(&office, "a.csv", b"nummer;belopp\nA-1;2\nA-2;2\n", &["--all-or-nothing"]);
    assert_eq!(again.out.trim(), "1 lades till, 1 fanns redan.");
    assert!(again.err.contains("rad 2: A-1 fanns redan"), "{}", again.err);
    let items = items(&office).await;
    assert_eq!((items[0].priority, items[0].deadline_at.as_deref()), (7, Some("2026-12-01T22:59:00.000Z")));
    assert_eq!(items[0].fields.0["belopp"], json!({"$money": "1"}));
}

#[tokio::test]
async fn a_removed_reference_is_told_of_and_not_added_again() {
    let office = office().await;
    office.hire("adam", "admin").await;
    add(&office, "a.csv", b"nummer\nA-1\n", &[]);
    let item = office.item("A-1").await;
    office.execute("update items set state = 'done'").await;
    office.desk.store.remove_item(&item.id, "adam", "trial").await.expect("removed");
    let again = add(&office, "a.csv", b"nummer\nA-1\n", &["--format", "json"]);
    assert_eq!((again.code, again.json()[0]["result"].as_str()), (Some(0), Some("removed")), "{}", again.err);
    assert!(items(&office).await.is_empty());
}

#[tokio::test]
async fn a_row_larger_than_the_limit_is_a_fault_of_its_row() {
    let office = office().await;
    let config = office.configuration();
    std::fs::write(&config, "[items]\nmax_megabytes = 1\n").expect("the configuration");
    let csv = format!("nummer;namn\nA-1;Åsa\nA-2;{}\n", "x".repeat(2 << 20));
    let answer = add(&office, "a.csv", csv.as_bytes(), &[]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("rad 3") && answer.err.contains("items.max_megabytes"), "{}", answer.err);
    assert!(items(&office).await.is_empty());
}
