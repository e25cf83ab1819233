//! The shipped bot `konto-ny-medarbetare` on LDAP Account Manager, which nobody here wrote: each account exactly once,
//! counted in the directory itself, after a `kill -9` in the middle too.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const HEADER: &str = "Anställningsnummer;Användarnamn;Förnamn;Efternamn;E-post;Befattning;Enhet\n";
const SUFFIX: &str = "dc=kommunen,dc=example";

/// A municipality's IT unit: a directory with LAM before it, and Kollega with the bot.
struct ItUnit {
    folder: TempDir,
    practice: Child,
    ldap_port: u16,
}

impl ItUnit {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (web_port, ldap_port) = (free_port(), free_port());
        let practice = start_practice(&folder.path().join("lam"), web_port, ldap_port);
        let unit = Self { folder, practice, ldap_port };
        unit.write_configuration(web_port);
        let password = fs::read_to_string(unit.folder.path().join("lam/password")).expect("the password");
        let saved = unit.kollega_with(&password, &["secret", "set", "lam.password"]);
        assert!(saved.status.success(), "{saved:?}");
        unit
    }

    fn write_configuration(&self, web_port: u16) {
        let bot = self.folder.path().join("bots/konto-ny-medarbetare");
        fs::create_dir_all(&bot).expect("the bot's folder");
        for file in ["bot.yaml", "nyanstallda.csv"] {
            fs::copy(shipped().join(file), bot.join(file)).expect("the bot");
        }
        let text = format!(
            "signins = '{ROOT}/systems'\n[systems.lam]\nurl = 'http://127.0.0.1:{web_port}'\ntimeout = '6s'\nsettle = '1s'\n\
             [worker]\nlease = '3s'\nmargin = '1s'\nbackoff = '1s'\n"
        );
        fs::write(self.folder.path().join("kollega.toml"), text).expect("the configuration");
    }

    /// Puts other new employees in the file that the bot reads.
    fn write_employees(&self, rows: &str) {
        let file = self.folder.path().join("bots/konto-ny-medarbetare/nyanstallda.csv");
        fs::write(file, format!("{HEADER}{rows}")).expect("the file");
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kollega"));
        program.arg("--config").arg(self.folder.path().join("kollega.toml")).args(arguments);
        program
    }

    fn kollega(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().expect("the program")
    }

    fn kollega_with(&self, input: &str, arguments: &[&str]) -> Output {
        let mut program = self.program(arguments);
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("its end")
    }

    fn run_bot(&self) {
        let run = self.kollega(&["run", "konto-ny-medarbetare"]);
        assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    }

    /// Each reference with the state that its item has come to.
    fn states(&self) -> BTreeMap<String, String> {
        let items = self.kollega(&["items", "--format", "json"]);
        let items: Vec<Value> = serde_json::from_slice(&items.stdout).expect("a list");
        let word = |item: &Value, key: &str| item[key].as_str().expect("a text").to_owned();
        items.iter().map(|item| (word(item, "reference"), word(item, "state"))).collect()
    }

    /// The employee numbers of all accounts in the directory, as often as they are there.
    fn accounts(&self) -> Vec<String> {
        let found = self.ldap("ldapsearch", &["-b", SUFFIX, "-LLL", "employeeNumber=*", "employeeNumber"], "");
        let lines = found.lines().filter_map(|line| line.strip_prefix("employeeNumber: "));
        let mut numbers: Vec<String> = lines.map(str::to_owned).collect();
        numbers.sort();
        numbers
    }

    /// Runs one of the directory's own programs as its administrator.
    fn ldap(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(program)
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.ldap_port), "-D", &format!("cn=admin,{SUFFIX}")])
            .arg("-y")
            .arg(self.folder.path().join("lam/password"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ldap-utils is installed");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("its end");
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout)
    }

    /// Kills a run with `kill -9` as soon as this account is in the directory: its outcome is not written down yet.
    fn kill_when_made(&self, number: &str) {
        let mut run = self.program(&["run", "konto-ny-medarbetare"]).stdout(Stdio::null()).spawn().expect("a run");
        let until = Instant::now() + Duration::from_mins(2);
        while !self.accounts().iter().any(|one| one == number) {
            assert!(Instant::now() < until, "the account {number} was never made");
            assert!(run.try_wait().expect("the run's state").is_none(), "the run ended before it was killed");
        }
        run.kill().expect("it is killed");
        run.wait().expect("it has ended");
    }
}

impl Drop for ItUnit {
    fn drop(&mut self) {
        // The script ends what it has started when it is told to end.
        let told = Command::new("kill").arg(self.practice.id().to_string()).status();
        if told.is_ok_and(|status| status.success()) {
            let _ = self.practice.wait();
        }
    }
}

fn start_practice(folder: &Path, web_port: u16, ldap_port: u16) -> Child {
    let mut child = Command::new(Path::new(ROOT).join("scripts/lam"))
        .arg(folder)
        .args([web_port.to_string(), ldap_port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/lam");
    let told = BufReader::new(child.stdout.take().expect("what it says")).lines();
    let ready = told.map_while(Result::ok).any(|line| line == "Klar.");
    assert!(ready, "the practice directory did not start");
    child
}

fn shipped() -> PathBuf {
    Path::new(ROOT).join("bots/konto-ny-medarbetare")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
#[ignore = "needs LDAP Account Manager: scripts/test --all"]
fn every_new_employee_gets_one_account_whatever_happens() {
    let unit = ItUnit::open();

    unit.run_bot();
    let first = ["K10401", "K10402", "K10403", "K10404", "K10405", "K10406"];
    assert_eq!(unit.accounts(), first);
    let asa =
        unit.ldap("ldapsearch", &["-b", SUFFIX, "-LLL", "(&(uid=asa.ohman)(sn=Öhman)(gidNumber=10000))", "dn"], "");
    assert_eq!(asa.trim(), format!("dn: uid=asa.ohman,ou=people,{SUFFIX}"));

    unit.write_employees(
        "K10407;sture.backstrom;Sture;Bäckström;sture@kommunen.example;Kock;Måltid\n\
         K10408;elin.ogren;Elin;Ögren;elin@kommunen.example;Lärare;Åsskolan\n\
         K10409;par.ost;Pär;Öst;par@kommunen.example;Arkivarie;Kansliet\n",
    );
    unit.kill_when_made("K10408");
    unit.run_bot();
    let all: Vec<&str> = first.into_iter().chain(["K10407", "K10408", "K10409"]).collect();
    assert_eq!(unit.accounts(), all, "each account exactly once, after a crash too");
    assert!(unit.states().values().all(|state| state == "done"), "{:?}", unit.states());

    // The same file again changes nothing.
    unit.run_bot();
    assert_eq!(unit.accounts(), all);
}

#[test]
#[ignore = "needs LDAP Account Manager: scripts/test --all"]
fn a_user_name_that_another_has_is_handed_over_and_nothing_is_made() {
    let unit = ItUnit::open();
    let other = format!(
        "dn: uid=asa.ohman,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: asa.ohman\ncn: Åsa Öhman\nsn: Öhman\n\
         employeeNumber: K00001\n"
    );
    unit.ldap("ldapadd", &[], &other);
    unit.write_employees("K10401;asa.ohman;Åsa;Öhman;asa@kommunen.example;Undersköterska;Äldreomsorgen\n");

    unit.run_bot();

    assert_eq!(unit.accounts(), ["K00001"]);
    assert_eq!(unit.states()["K10401"], "handed_over");
}
