//! Fills a store with items and events by bulk SQL: half of the items wait, the others have ended or wait for somebody.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _};

/// One of each twenty: ten ready, eight done, one deferred, one that awaits a decision.
const STATE: &str = "case when n % 20 < 10 then 'ready' when n % 20 < 18 then 'done'
    when n % 20 < 19 then 'deferred' else 'awaiting_decision' end";
const TIME: &str = "2025-01-01T00:00:00.000Z";

fn items(numbers: &str, pad: &str) -> String {
    format!(
        "{numbers} insert into items (id, bot, reference, run, state, fields, priority, not_before, created_at, updated_at)
         select {pad}, 'bot' || (n % 5), 'REF-' || n, {run}, {STATE},
             '{{\"ort\":\"Åmål\",\"period\":\"2025-12\",\"hyra\":\"6300\",\"akt\":\"A-' || n || '\"}}', n % 3,
             case when n % 20 = 18 then '2099-01-01T00:00:00.000Z' end, '{TIME}', '{TIME}' from numbers",
        run = "'RUN' || (n / 200)"
    )
}

fn events(numbers: &str, pad: &str) -> String {
    format!(
        "{numbers} insert into events (id, at, run, item, bot, attempt, actor, kind, stage, step, duration_ms, detail)
         select {event}, '{TIME}', 'RUN' || (i / 200), {pad}, 'bot' || (i % 5), 1, 'bot:bot' || (i % 5), 'step_finished',
             'läs', 'fill', 12, '{{\"field\":\"Belopp\"}}' from (select n, n % ITEMS as i from numbers) as pairs",
        event = pad.replace("(i)", "(n)").replace("0I", "0E")
    )
}

pub async fn sqlite(file: &Path, size: i64, events_each: i64) -> anyhow::Result<()> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut store = sqlx::SqliteConnection::connect_with(&options).await?;
    let numbers = |count: i64| {
        format!("with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < {count})")
    };
    let pad = |name: &str| format!("'0I' || substr('00000000000000' || ({name}), -14)");
    let items = items(&numbers(size), &pad("n"));
    let events = events(&numbers(size * events_each), &pad("i")).replace("ITEMS", &size.to_string());
    for sql in [items, events, "analyze".into(), "pragma wal_checkpoint(truncate)".into()] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut store).await?;
    }
    Ok(store.close().await?)
}

pub async fn postgres(address: &str, size: i64, events_each: i64) -> anyhow::Result<()> {
    let mut store = sqlx::PgConnection::connect(address).await?;
    let pad = |name: &str| format!("'0I' || lpad(({name})::text, 14, '0')");
    let items = items("", &pad("n"))
        .replace("from numbers", &format!("from (select generate_series(0, {size} - 1) as n) as numbers"));
    let events = events("", &pad("i")).replace("ITEMS", &size.to_string()).replace(
        "from numbers)",
        &format!("from (select generate_series(0, {} - 1) as n) as numbers)", size * events_each),
    );
    for sql in [items, events, "vacuum analyze".into(), "checkpoint".into()] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut store).await?;
    }
    Ok(store.close().await?)
}
