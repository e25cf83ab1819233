create table if not exists record (
    id integer primary key autoincrement,
    kind text not null,
    akt text not null,
    reference text not null,
    period text not null,
    amount text not null,
    detail text not null,
    saved_at text not null,
    origin text not null
);
create index if not exists record_reference on record (reference);
create index if not exists record_akt on record (akt, kind);
create table if not exists mail (
    id integer primary key autoincrement,
    received_at text not null,
    sender text not null,
    recipients text not null,
    message_id text not null,
    source blob not null
);
create table if not exists fault (
    id integer primary key autoincrement,
    spec text not null,
    seen integer not null default 0,
    hits integer not null default 0
);
create table if not exists seeded (done integer primary key);
create table if not exists ledger_order (
    id integer primary key autoincrement,
    number text not null unique,
    amount text not null
);
create table if not exists ledger_record (
    id integer primary key autoincrement,
    reference text not null,
    amount text not null,
    key text,
    saved_at text not null
);
create index if not exists ledger_record_reference on ledger_record (reference);
