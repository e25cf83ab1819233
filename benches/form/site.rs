//! The site with the form: serves it, keeps every value that was submitted, and notes when each came.
//!
//! Saving sets the values of a record that is named in the address, so it may be done again: it is no commit.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{Form, Path, State};
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;

use super::rows::{FIELDS, HOMES, HOUSEHOLDS};
use super::usage::{Sampler, Usage};

/// One submission as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub reference: String,
    pub values: Vec<(String, String)>,
    pub at: Instant,
}

/// What a contender has submitted, and what it had used at the first and at the last one.
#[derive(Debug, Default)]
pub struct Visit {
    pub expected: usize,
    pub received: Vec<Received>,
    pub first: Option<Usage>,
    pub last: Option<Usage>,
}

pub struct Site {
    pub address: String,
    visit: Mutex<Visit>,
    sampler: Arc<Sampler>,
}

impl Site {
    /// Starts to serve on a free port of the loopback.
    pub async fn start(sampler: Arc<Sampler>) -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Self { address, visit: Mutex::new(Visit::default()), sampler });
        let routes = axum::Router::new()
            .route("/formular/{reference}", get(form).post(save))
            .route("/sparade/{reference}", get(saved))
            .with_state(Arc::clone(&site));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(site)
    }

    /// Forgets what came before; this many submissions are to come.
    pub fn begin(&self, expected: usize) {
        *self.lock() = Visit { expected, ..Visit::default() };
    }

    /// What has come since.
    pub fn take(&self) -> Visit {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Visit> {
        self.visit.lock().expect("no handler panics while it holds this")
    }

    /// Reading what was used takes some milliseconds: they are kept out of the time that is measured.
    fn receive(&self, reference: String, values: Vec<(String, String)>) {
        let mut visit = self.lock();
        let mut at = Instant::now();
        if visit.received.is_empty() {
            visit.first = Some(self.sampler.now());
            at = Instant::now();
        } else if visit.received.len() + 1 == visit.expected {
            visit.last = Some(self.sampler.now());
        }
        visit.received.push(Received { reference, values, at });
    }
}

async fn form(Path(reference): Path<String>) -> Html<String> {
    let text =
        |name: &str, label: &str| format!("<p><label for={name}>{label}</label> <input id={name} name={name}></p>");
    let list = |name: &str, label: &str, options: &[&str]| {
        let options: Vec<String> = options.iter().map(|option| format!("<option>{option}</option>")).collect();
        let options = options.concat();
        format!(
            "<p><label for={name}>{label}</label> <select id={name} name={name}><option></option>{options}</select></p>"
        )
    };
    let [name, street, code, town, phone, mail, home, household, consent, message] = FIELDS;
    let fields = [
        text(name, "Namn"),
        text(street, "Gatuadress"),
        text(code, "Postnummer"),
        text(town, "Ort"),
        text(phone, "Telefon"),
        text(mail, "E-post"),
        list(home, "Boende", &HOMES),
        list(household, "Hushåll", &HOUSEHOLDS),
        format!(
            "<p><input type=checkbox id={consent} name={consent} value=ja> <label for={consent}>Samtycke</label></p>"
        ),
        format!(
            "<p><label for={message}>Meddelande</label> <textarea id={message} name={message} rows=4 cols=60></textarea></p>"
        ),
    ];
    let fields = fields.concat();
    page("Formulär", &format!("<form method=post>{fields}<p><button id=spara>Spara</button></p></form>"), &reference)
}

async fn save(
    State(site): State<Arc<Site>>,
    Path(reference): Path<String>,
    Form(values): Form<Vec<(String, String)>>,
) -> Html<String> {
    site.receive(reference.clone(), values);
    page("Kvitto", &format!("<p id=kvitto>Sparat {reference}</p>"), &reference)
}

/// What is saved about one record, for verify.
async fn saved(State(site): State<Arc<Site>>, Path(reference): Path<String>) -> Html<String> {
    let name =
        |received: &Received| received.values.iter().find(|value| value.0 == FIELDS[0]).map(|value| value.1.clone());
    let rows: Vec<String> = site
        .lock()
        .received
        .iter()
        .filter(|received| received.reference == reference)
        .map(|received| format!("<tr><td>{reference}</td><td>{}</td></tr>", name(received).unwrap_or_default()))
        .collect();
    let head = "<tr><th>Nummer</th><th>Namn</th></tr>";
    page("Sparade", &format!("<table><caption>Sparade</caption>{head}{}</table>", rows.concat()), &reference)
}

fn page(title: &str, content: &str, reference: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=sv><meta charset=utf-8><title>{title}</title><link rel=icon href='data:,'>\
         <style>body{{font:16px sans-serif;margin:2em}}label{{display:inline-block;width:9em}}</style>\
         <h1>{title} {reference}</h1>{content}</html>"
    ))
}
