//! Steps that read a page: read, read_table, exists; and paging through a list.

use expression::Value;

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::{Exists, Read, ReadTable};
use crate::browser::{Condition, Row, Target};

/// A list longer than this is a page that never ends.
const MOST_PAGES: usize = 500;

impl Work<'_> {
    pub(super) async fn read(&mut self, read: &Read, label: &str) -> Result<(), Stop> {
        let targets = self.targets(&read.at)?;
        let (text, found) = self.session()?.read(&targets, true).await?;
        self.drift(label, found);
        self.assign(&read.into.value, &Value::from(text))
    }

    pub(super) async fn read_table(&mut self, read: &ReadTable, label: &str) -> Result<(), Stop> {
        let targets = self.targets(&read.at)?;
        let next = read.next.as_ref().map(|next| self.targets(next)).transpose()?;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..MOST_PAGES {
            let (page, found) = self.session()?.read_table(&targets, true).await?;
            self.drift(label, found);
            rows.extend(page);
            let more = match &next {
                Some(next) => self.next_page(next, &targets).await?,
                None => false,
            };
            if !more {
                let rows = rows.into_iter().map(row).collect::<Vec<Value>>();
                return self.assign(&read.into.value, &Value::from(rows));
            }
        }
        Err(Stop::failed(format!("listan har fler än {MOST_PAGES} sidor: nästa sida tycks aldrig ta slut")))
    }

    pub(super) async fn exists(&mut self, exists: &Exists, _label: &str) -> Result<(), Stop> {
        let targets = self.targets(&exists.at)?;
        let is = exists.is.as_ref().map(|is| self.text(is)).transpose()?;
        let existence = self.session()?.exists(&targets, is.as_deref(), true).await?;
        match &exists.into {
            Some(into) => self.assign(&into.value, &Value::from(existence.equal > 0)),
            None if existence.equal > 0 => Ok(()),
            None => Err(Stop::failed("det som skulle finnas på sidan finns inte")),
        }
    }

    /// Goes to the list's next page and waits until it is another than before; false on the last page.
    pub(in crate::runner) async fn next_page(&mut self, next: &[Target], shown: &[Target]) -> Result<bool, Stop> {
        let limit = self.timeout();
        self.renew(limit * 2).await?;
        let session = self.session()?;
        if session.exists(next, None, false).await?.count == 0 {
            return Ok(false);
        }
        let before = session.text_of_page().await?;
        session.click(next, false).await?;
        let until = std::time::Instant::now() + limit;
        while session.text_of_page().await? == before {
            if std::time::Instant::now() > until {
                return Err(Stop::failed("listans nästa sida kom inte fram"));
            }
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
        session.wait_for(&Condition::Shown { targets: shown.to_vec(), is: None }).await?;
        Ok(true)
    }
}

fn row(row: Row) -> Value {
    row.into_iter()
        .map(|(header, text)| (header.as_str().into(), Value::from(text)))
        .collect::<expression::Map>()
        .into()
}
