//! Secrets at rest and out of sight.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use proptest::prelude::*;

use kollega::secret::{Redactor, Secret, SecretError, SecretStore};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn open(folder: &Path) -> SecretStore {
    SecretStore::open(folder).expect("the store opens")
}

fn set(store: &SecretStore, name: &str, value: &str) {
    store.set(name, &Secret::new(value)).expect("the secret is kept");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

#[test]
fn a_secret_is_there_again_in_another_process_life() {
    let folder = folder();
    set(&open(folder.path()), "akten.password", "Sommar på Öland 2025");

    let store = open(folder.path());

    assert_eq!(store.get("akten.password").expect("it is kept").expose(), "Sommar på Öland 2025");
    assert_eq!(store.names().expect("names can be read"), ["akten.password"]);
}

#[test]
fn neither_names_nor_values_stand_in_any_file() {
    let folder = folder();
    set(&open(folder.path()), "akten.password", "hemlig-sträng-som-syns");

    for entry in fs::read_dir(folder.path()).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("the file can be read")).into_owned();
        assert!(!text.contains("hemlig") && !text.contains("akten"), "{} shows the secret", path.display());
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_removed_secret_is_gone_and_an_unknown_one_says_how_to_set_it() {
    let folder = folder();
    let store = open(folder.path());
    set(&store, "portal.password", "första");

    store.remove("portal.password").expect("it is removed");

    let error = store.get("portal.password").expect_err("it is gone");
    assert_eq!(
        error.to_string(),
        "hemligheten ”portal.password” finns inte; ange den med: kollega secret set portal.password"
    );
    assert!(matches!(store.remove("portal.password"), Err(SecretError::Unknown { .. })));
}

#[test]
fn a_key_that_others_can_read_is_refused_with_what_to_do() {
    let folder = folder();
    let store = open(folder.path());
    set(&store, "a", "värde");
    let key = folder.path().join("secrets.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("the mode can be set");

    for error in [store.get("a").expect_err("refused"), SecretStore::open(folder.path()).expect_err("refused")] {
        let message = error.to_string();
        assert!(message.contains("chmod 600") && message.contains("640"), "{message}");
    }
}

#[test]
fn a_lost_key_is_never_replaced_by_a_new_one() {
    let folder = folder();
    let store = open(folder.path());
    set(&store, "a", "värde");
    fs::remove_file(folder.path().join("secrets.key")).expect("the key can be removed");

    assert!(matches!(store.set("b", &Secret::new("nytt")), Err(SecretError::KeyIsMissing { .. })));
    assert!(matches!(store.names(), Err(SecretError::KeyIsMissing { .. })));
    assert!(!folder.path().join("secrets.key").exists());
}

#[test]
fn a_damaged_store_is_an_error_and_not_an_empty_store() {
    let folder = folder();
    let store = open(folder.path());
    set(&store, "a", "värde");
    let path = folder.path().join("secrets.age");
    let mut content = fs::read(&path).expect("the store can be read");
    *content.last_mut().expect("it is not empty") ^= 1;
    fs::write(&path, content).expect("the store can be written");

    assert!(matches!(store.names(), Err(SecretError::StoreIsBroken { .. })));
    assert!(matches!(store.set("b", &Secret::new("nytt")), Err(SecretError::StoreIsBroken { .. })));
}

#[test]
fn writers_at_the_same_time_lose_nothing_from_the_first_key_on() {
    let folder = folder();

    thread::scope(|scope| {
        for writer in 0..8 {
            let store = open(folder.path());
            scope.spawn(move || {
                for number in 0..5 {
                    set(&store, &format!("s{writer}.{number}"), &format!("värde {writer} {number}"));
                }
            });
        }
    });

    let secrets = open(folder.path()).all().expect("the store can be read");
    assert_eq!(secrets.len(), 40);
    assert_eq!(secrets["s7.4"].expose(), "värde 7 4");
}

#[test]
fn a_name_that_could_not_be_typed_back_and_an_empty_value_are_refused() {
    let folder = folder();
    let store = open(folder.path());

    assert!(matches!(store.set("akten password", &Secret::new("x")), Err(SecretError::Name { .. })));
    assert!(matches!(store.set("akten", &Secret::new("")), Err(SecretError::Empty { .. })));
}

#[test]
fn a_secret_prints_as_a_mask_everywhere() {
    let secret = Secret::new("lösenord-1");

    assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "[hemlighet] [hemlighet] Some([hemlighet])");
}

#[test]
fn the_redactor_masks_a_secret_in_every_spelling_it_travels_in() {
    let redactor = Redactor::new([&Secret::new("å/\"b&c d+1")]);

    for text in [
        "Authorization: å/\"b&c d+1;",
        "https://akten.example/?p=%C3%A5%2F%22b%26c%20d%2B1&q=1",
        "https://akten.example/?p=%c3%a5%2f%22b%26c%20d%2b1&q=1",
        "p=%C3%A5%2F%22b%26c+d%2B1",
        r#"{"password":"å/\"b&c d+1"}"#,
        "<input value=\"å/&quot;b&amp;c d+1\">",
        "Basic w6UvImImYyBkKzE=",
    ] {
        let masked = redactor.redact(text);
        assert!(masked.contains("[hemlighet]") && !masked.contains("b&") && !masked.contains("d+1"), "{masked}");
        assert!(!masked.contains("d%2") && !masked.contains("w6Uv"), "{masked}");
    }
}

#[test]
fn a_short_secret_is_masked_where_it_stands_alone() {
    let redactor = Redactor::new([&Secret::new("4711")]);

    assert_eq!(redactor.redact("pin 4711, belopp 14711 kr"), "pin [hemlighet], belopp 14711 kr");
}

#[test]
fn the_longer_of_two_secrets_is_masked_whole() {
    let redactor = Redactor::new([&Secret::new("vinter"), &Secret::new("vinter-2025")]);

    assert_eq!(redactor.redact("vinter-2025 vinter"), "[hemlighet] [hemlighet]");
}

#[test]
fn every_spelling_of_a_personal_number_is_masked() {
    let redactor = Redactor::default();
    for text in [
        "189001129817",
        "18900112-9817",
        "9001129817",
        "900112-9817",
        "900112+9817",
        "900112%2D9817",
        "900112%2B9817",
        "18900112%209817",
        "900112 9817",
        "900112–9817",
        "1890-01-12-9817",
        // A wrong check digit is still somebody's number.
        "196408233235",
        "640823-3235",
        // Interim numbers.
        "19880209T050",
        "19880209-T050",
    ] {
        let around = format!("https://akten.example/person/{text}/beslut?x=%20{text}&y=a{text}: {text}.");
        let masked = "[personnummer]";
        let expected = format!("https://akten.example/person/{masked}/beslut?x=%20{masked}&y=a{masked}: {masked}.");
        assert_eq!(redactor.redact(&around), expected, "{text}");
    }
}

#[test]
fn a_coordination_number_is_masked() {
    assert_eq!(Redactor::default().redact("nr 19730288-9931"), "nr [personnummer]");
}

#[test]
fn amounts_dates_times_and_ids_are_left_alone() {
    let redactor = Redactor::default();
    for text in [
        "6 020,50 kr, 12220 kr, 1234567890 kr, 100000000000 kr",
        "2025-12-10, 20251210, 251210, 2025-12-10T08:15:30Z, 20251210T081530Z",
        "kl 202512101234, fil 20251210-0816.png",
        "01KB2Q5S5Z9M3R7T1V4W6X8Y0Z 01851230123400000000000000",
        "sha256 5f189001129817aa0189001129817bb0cc189001129817dd0ee12345678901234",
        "orgnr 556036-0793, 212000-1850, 162120001850",
        "550e8400-e29b-41d4-a716-446655440000",
        "1764000000000 1890011298170 18900112981",
        "tid 10:30:45.123456, version 1.20.3, port 44381, läget 2025-12",
    ] {
        assert_eq!(redactor.redact(text), text);
    }
}

/// The check digit after nine digits.
fn check_digit(nine: &str) -> u32 {
    let weighted = |(place, letter): (usize, char)| {
        let product = letter.to_digit(10).expect("a digit") * if place % 2 == 0 { 2 } else { 1 };
        product / 10 + product % 10
    };
    (10 - nine.chars().enumerate().map(weighted).sum::<u32>() % 10) % 10
}

proptest! {
    #[test]
    fn no_valid_number_in_any_spelling_survives(
        year in 1890u32..2024, month in 1u32..=12, day in 1u32..=28, coordination in any::<bool>(), birth in 0u32..1000,
        short in any::<bool>(), mark in proptest::sample::select(vec!["", "-", "+", " ", "%2B", "%2d", "&#43;", "\u{a0}"]),
        before in "[^0-9%]{0,4}|.{0,3}%2[0-9A-F]", after in "(|[^0-9].{0,5})",
    ) {
        let day = if coordination { day + 60 } else { day };
        let nine = format!("{:02}{month:02}{day:02}{birth:03}", year % 100);
        let ten = format!("{nine}{}", check_digit(&nine));
        let century = if short { String::new() } else { (year / 100).to_string() };
        let number = format!("{century}{}{mark}{}", &ten[..6], &ten[6..]);

        let masked = Redactor::default().redact(&format!("{before}{number}{after}"));

        prop_assert!(!masked.contains(&number), "{masked}");
    }

    #[test]
    fn text_without_digits_is_left_as_it_is(text in "\\PC{0,40}") {
        let text: String = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        prop_assert_eq!(Redactor::default().redact(&text), text);
    }
}
