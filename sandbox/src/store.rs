//! The sandbox's own database: records, mails and faults. The only module with SQL; must not know pages or protocols.

use std::path::Path;

use chrono::Local;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow},
};

use crate::{
    error::{Error, Result},
    fault::FaultSpec,
    ledger::{LedgerRecord, Order},
    record::{Counts, Detail, Kind, NewRecord, Record},
    seed::Dossier,
};

#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
}

/// A mail as it came, undecoded.
pub struct StoredMail {
    pub id: i64,
    pub received_at: String,
    pub sender: String,
    pub recipients: Vec<String>,
    pub message_id: String,
    pub source: Vec<u8>,
}

/// A mail to be kept.
pub struct NewMail {
    pub sender: String,
    pub recipients: Vec<String>,
    pub message_id: String,
    pub source: Vec<u8>,
}

/// A fault as it is kept: what it is, how many requests matched, how many were struck.
pub struct StoredFault {
    pub id: i64,
    pub spec: FaultSpec,
    pub seen: u64,
    pub hits: u64,
}

impl Store {
    pub async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(std::time::Duration::from_secs(10));
        let pool = SqlitePool::connect_with(options).await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        Ok(Self { pool })
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Puts the seed's records in, the first time only.
    pub async fn seed(&self, dossiers: &[Dossier]) -> Result<()> {
        let first = sqlx::query("insert into seeded (done) values (1) on conflict do nothing")
            .execute(&self.pool)
            .await?
            .rows_affected();
        if first == 0 {
            return Ok(());
        }
        for dossier in dossiers {
            for month in &dossier.months {
                self.seed_month(&dossier.akt, month).await?;
            }
        }
        Ok(())
    }

    async fn seed_month(&self, akt: &str, month: &(String, String, String)) -> Result<()> {
        let (period, reference, amount) = month;
        let amount = crate::amount::parse(amount)?;
        for kind in Kind::ALL {
            let detail = Detail {
                decision_type: "Bifall".to_owned(),
                decided_by: "Handläggare 7".to_owned(),
                date: format!("{period}-27"),
                ..Detail::default()
            };
            let record = NewRecord {
                kind,
                akt: akt.to_owned(),
                reference: reference.clone(),
                period: period.clone(),
                amount,
                detail,
            };
            self.insert(&record, &format!("{period}-20 09:00:00"), "seed").await?;
        }
        Ok(())
    }

    /// Saves a record and gives its number; an equal one before it makes no difference.
    pub async fn save_record(&self, record: &NewRecord, origin: &str) -> Result<i64> {
        let now = Local::now().format("%Y-%m-%d %H:%M:%S").to_string();
        self.insert(record, &now, origin).await
    }

    async fn insert(&self, record: &NewRecord, saved_at: &str, origin: &str) -> Result<i64> {
        let row = sqlx::query(
            "insert into record (kind, akt, reference, period, amount, detail, saved_at, origin)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        )
        .bind(record.kind.id())
        .bind(&record.akt)
        .bind(&record.reference)
        .bind(&record.period)
        .bind(record.amount.to_string())
        .bind(serde_json::to_string(&record.detail)?)
        .bind(saved_at)
        .bind(origin)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.get("id"))
    }

    pub async fn records(&self) -> Result<Vec<Record>> {
        let rows = sqlx::query("select * from record order by id").fetch_all(&self.pool).await?;
        rows.iter().map(record).collect()
    }

    /// How many records there are, in Akten and in the ledger.
    pub async fn saved(&self) -> Result<i64> {
        let sql = "select (select count(*) from record) + (select count(*) from ledger_record) as n";
        Ok(sqlx::query(sql).fetch_one(&self.pool).await?.get("n"))
    }

    /// One dossier's records of one kind, oldest first.
    pub async fn records_of(&self, akt: &str, kind: Kind) -> Result<Vec<Record>> {
        let rows = sqlx::query("select * from record where akt = $1 and kind = $2 order by id")
            .bind(akt)
            .bind(kind.id())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(record).collect()
    }

    pub async fn record(&self, id: i64) -> Result<Option<Record>> {
        let row = sqlx::query("select * from record where id = $1").bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(record).transpose()
    }

    /// How many records carry this reference, and how many mails went to `email`.
    pub async fn counts(&self, reference: &str, email: &str) -> Result<Counts> {
        let mut counts = Counts::default();
        for kind in Kind::ALL {
            let row = sqlx::query("select count(*) as n from record where reference = $1 and kind = $2")
                .bind(reference)
                .bind(kind.id())
                .fetch_one(&self.pool)
                .await?;
            let number = u32::try_from(row.get::<i64, _>("n")).unwrap_or(u32::MAX);
            match kind {
                Kind::Calculation => counts.calculations = number,
                Kind::Decision => counts.decisions = number,
                Kind::Payment => counts.payments = number,
            }
        }
        let mails = self.mails().await?;
        let to_applicant = mails.iter().filter(|mail| mail.recipients.iter().any(|to| to == email));
        counts.mails = u32::try_from(to_applicant.count()).unwrap_or(u32::MAX);
        Ok(counts)
    }

    pub async fn save_mail(&self, mail: &NewMail) -> Result<i64> {
        let row = sqlx::query(
            "insert into mail (received_at, sender, recipients, message_id, source)
             values ($1, $2, $3, $4, $5) returning id",
        )
        .bind(Local::now().format("%Y-%m-%d %H:%M:%S").to_string())
        .bind(&mail.sender)
        .bind(json!(mail.recipients).to_string())
        .bind(&mail.message_id)
        .bind(&mail.source)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.get("id"))
    }

    pub async fn mails(&self) -> Result<Vec<StoredMail>> {
        let rows = sqlx::query("select * from mail order by id").fetch_all(&self.pool).await?;
        rows.iter().map(mail).collect()
    }

    pub async fn delete_mails(&self) -> Result<()> {
        sqlx::query("delete from mail").execute(&self.pool).await?;
        Ok(())
    }

    pub async fn add_orders(&self, count: u32) -> Result<()> {
        // It reads before it writes: an ordinary transaction is refused when somebody has written in between.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let known: i64 =
            sqlx::query("select count(*) as n from ledger_order").fetch_one(&mut *transaction).await?.get("n");
        for number in known + 1..=known + i64::from(count) {
            sqlx::query("insert into ledger_order (number, amount) values ($1, $2)")
                .bind(format!("U-{number:06}"))
                .bind((100 + number % 900).to_string())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    pub async fn orders(&self) -> Result<Vec<Order>> {
        let rows = sqlx::query("select * from ledger_order order by id").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(order).collect())
    }

    /// The oldest orders that have no record yet.
    pub async fn open_orders(&self, limit: u32) -> Result<Vec<Order>> {
        let rows = sqlx::query(
            "select * from ledger_order where not exists
                 (select 1 from ledger_record where ledger_record.reference = ledger_order.number)
             order by id limit $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(order).collect())
    }

    /// Saves a record and gives its number; an equal one before it makes no difference.
    pub async fn save_in_ledger(&self, reference: &str, amount: &str, key: Option<&str>) -> Result<i64> {
        let row = sqlx::query(
            "insert into ledger_record (reference, amount, key, saved_at) values ($1, $2, $3, $4) returning id",
        )
        .bind(reference)
        .bind(amount)
        .bind(key)
        .bind(Local::now().format("%Y-%m-%d %H:%M:%S%.3f").to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.get("id"))
    }

    pub async fn ledger(&self) -> Result<Vec<LedgerRecord>> {
        let rows = sqlx::query("select * from ledger_record order by id").fetch_all(&self.pool).await?;
        Ok(rows.iter().map(ledger_record).collect())
    }

    pub async fn ledger_of(&self, reference: &str) -> Result<Vec<LedgerRecord>> {
        let rows = sqlx::query("select * from ledger_record where reference = $1 order by id")
            .bind(reference)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(ledger_record).collect())
    }

    pub async fn ledger_with_key(&self, key: &str) -> Result<Option<LedgerRecord>> {
        let row = sqlx::query("select * from ledger_record where key = $1 order by id limit 1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(ledger_record))
    }

    pub async fn add_fault(&self, spec: &FaultSpec) -> Result<i64> {
        let row = sqlx::query("insert into fault (spec) values ($1) returning id")
            .bind(serde_json::to_string(spec)?)
            .fetch_one(&self.pool)
            .await?;
        Ok(row.get("id"))
    }

    pub async fn faults(&self) -> Result<Vec<StoredFault>> {
        let rows = sqlx::query("select * from fault order by id").fetch_all(&self.pool).await?;
        rows.iter().map(fault).collect()
    }

    pub async fn count_fault(&self, id: i64, seen: u64, hits: u64) -> Result<()> {
        sqlx::query("update fault set seen = $2, hits = $3 where id = $1")
            .bind(id)
            .bind(i64::try_from(seen).unwrap_or(i64::MAX))
            .bind(i64::try_from(hits).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn delete_fault(&self, id: i64) -> Result<()> {
        sqlx::query("delete from fault where id = $1").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    pub async fn delete_faults(&self) -> Result<()> {
        sqlx::query("delete from fault").execute(&self.pool).await?;
        Ok(())
    }

    /// Empties everything; the seed goes in again at `seed`.
    pub async fn empty(&self) -> Result<()> {
        for table in ["record", "mail", "fault", "seeded", "ledger_order", "ledger_record", "sqlite_sequence"] {
            let statement = match table {
                "record" => "delete from record",
                "mail" => "delete from mail",
                "fault" => "delete from fault",
                "seeded" => "delete from seeded",
                "ledger_order" => "delete from ledger_order",
                "ledger_record" => "delete from ledger_record",
                _ => "delete from sqlite_sequence",
            };
            sqlx::query(statement).execute(&self.pool).await?;
        }
        Ok(())
    }
}

fn record(row: &SqliteRow) -> Result<Record> {
    let kind: String = row.get("kind");
    let amount: String = row.get("amount");
    Ok(Record {
        id: row.get("id"),
        kind: Kind::from_id(&kind).ok_or(Error::Amount(kind))?,
        akt: row.get("akt"),
        reference: row.get("reference"),
        period: row.get("period"),
        amount: amount.parse::<Decimal>().map_err(|_| Error::Amount(amount.clone()))?,
        detail: serde_json::from_str(&row.get::<String, _>("detail"))?,
        saved_at: row.get("saved_at"),
        origin: row.get("origin"),
    })
}

fn order(row: &SqliteRow) -> Order {
    Order { nummer: row.get("number"), belopp: row.get("amount") }
}

fn ledger_record(row: &SqliteRow) -> LedgerRecord {
    LedgerRecord {
        nummer: row.get("id"),
        referens: row.get("reference"),
        belopp: row.get("amount"),
        nyckel: row.get("key"),
        sparad: row.get("saved_at"),
    }
}

fn mail(row: &SqliteRow) -> Result<StoredMail> {
    Ok(StoredMail {
        id: row.get("id"),
        received_at: row.get("received_at"),
        sender: row.get("sender"),
        recipients: serde_json::from_str(&row.get::<String, _>("recipients"))?,
        message_id: row.get("message_id"),
        source: row.get("source"),
    })
}

fn fault(row: &SqliteRow) -> Result<StoredFault> {
    Ok(StoredFault {
        id: row.get("id"),
        spec: serde_json::from_str(&row.get::<String, _>("spec"))?,
        seen: u64::try_from(row.get::<i64, _>("seen")).unwrap_or(0),
        hits: u64::try_from(row.get::<i64, _>("hits")).unwrap_or(0),
    })
}
