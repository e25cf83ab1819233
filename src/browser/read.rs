//! Reads what a person could read on the page. Texts have their spaces made plain; passwords are never read.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::click::{Found, name};
use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::find::{index_of, judge};
use super::session::Session;
use super::target::Target;

/// One row of a table: header → text, in the order of the columns.
pub type Row = IndexMap<String, String>;

/// What of a target is on the page now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existence {
    /// How many visible things match the target.
    pub count: usize,
    /// How many of them have exactly the text asked for; all of them when none was.
    pub equal: usize,
    /// Which of the targets matched.
    pub found: Option<Found>,
}

impl Session {
    /// The value of a field, or the text of anything else.
    pub async fn read(&mut self, targets: &[Target], allow_fallback: bool) -> Result<(String, Found), Error> {
        let request = json!({"op": "read", "targets": targets, "fallback": allow_fallback});
        let answer = self.fetch(&request, format!("läsa {}", name(targets))).await?;
        Ok((answer["text"].as_str().unwrap_or_default().to_owned(), Found { index: index_of(&answer) }))
    }

    /// The rows of a table without headers, footer and lines that span all columns.
    pub async fn read_table(&mut self, targets: &[Target], allow_fallback: bool) -> Result<(Vec<Row>, Found), Error> {
        let request = json!({"op": "table", "targets": targets, "fallback": allow_fallback});
        let answer = self.fetch(&request, format!("läsa {}", name(targets))).await?;
        let rows = answer["rows"].as_array().into_iter().flatten().map(row).collect();
        Ok((rows, Found { index: index_of(&answer) }))
    }

    /// How many things match now. It waits only for the page to have loaded; that nothing matches is an answer.
    pub async fn exists(
        &mut self,
        targets: &[Target],
        is: Option<&str>,
        allow_fallback: bool,
    ) -> Result<Existence, Error> {
        let what = format!("se om {} finns", name(targets));
        let limit = self.limit();
        self.count(targets, is, allow_fallback, limit).await.map_err(|kind| Error::new(what, kind))
    }

    pub(super) async fn count(
        &mut self,
        targets: &[Target],
        is: Option<&str>,
        fallback: bool,
        limit: Limit,
    ) -> Result<Existence, ErrorKind> {
        let request = json!({"op": "exists", "targets": targets, "is": is, "fallback": fallback});
        let mut round = 0;
        loop {
            round += 1;
            match self.ask(&request, limit).await {
                Ok(answer) if answer["busy"] == false => return existence(&answer),
                Ok(answer) if ["wrong", "unfetched"].iter().any(|state| answer["state"] == *state) => {
                    return judge(answer).and_then(|answer| existence(&answer));
                }
                Ok(_) | Err(ErrorKind::PageFault(_) | ErrorKind::NoFrame) => {}
                Err(kind) => return Err(kind),
            }
            if limit.has_passed() {
                return Err(limit.error());
            }
            limit.pause(round).await;
        }
    }

    /// The text of the whole page and its same-origin frames.
    pub async fn text_of_page(&mut self) -> Result<String, Error> {
        let answer = self.fetch(&json!({"op": "text"}), "läsa sidan".to_owned()).await?;
        Ok(answer["text"].as_str().unwrap_or_default().to_owned())
    }

    async fn fetch(&mut self, request: &Value, what: String) -> Result<Value, Error> {
        let limit = self.limit();
        self.resolve(request, limit).await.map_err(|kind| Error::new(what, kind))
    }
}

fn existence(answer: &Value) -> Result<Existence, ErrorKind> {
    let number = |key: &str| answer[key].as_u64().and_then(|number| usize::try_from(number).ok());
    let unread = || ErrorKind::PageFault("sidan gav inget svar".to_owned());
    let count = number("count").ok_or_else(unread)?;
    let equal = number("equal").ok_or_else(unread)?;
    Ok(Existence { count, equal, found: (count > 0).then(|| Found { index: index_of(answer) }) })
}

fn row(cells: &Value) -> Row {
    let pair = |cell: &Value| Some((cell[0].as_str()?.to_owned(), cell[1].as_str()?.to_owned()));
    cells.as_array().into_iter().flatten().filter_map(pair).collect()
}
