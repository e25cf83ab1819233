-- The store. Portable between SQLite and PostgreSQL: text, bigint and boolean columns, ids made by the program (ULID),
-- times as UTC text with milliseconds, JSON as text that is never queried inside.
-- Personal data stands only in items.fields, items.reason, suggestions and decisions.reason; never in events.

create table runs (
    id text not null primary key,
    bot text not null,
    version text not null,
    trigger text not null,
    schedule text,
    nominal text,
    state text not null,
    reason text,
    collected boolean not null default false,
    worker text,
    token bigint not null default 0,
    lease_until text,
    created_at text not null,
    started_at text,
    ended_at text
);
create index runs_open on runs (state, created_at);
create index runs_bot on runs (bot, created_at);

create table items (
    id text not null primary key,
    bot text not null,
    reference text not null,
    run text not null,
    state text not null,
    attempt bigint not null default 1,
    stage text,
    fields text not null,
    tries bigint not null default 0,
    priority bigint not null default 0,
    not_before text,
    due_at text,
    code text,
    reason text,
    worker text,
    token bigint not null default 0,
    lease_until text,
    browsers text,
    created_at text not null,
    updated_at text not null,
    unique (bot, reference)
);
create index items_claim on items (state, priority, created_at);
create index items_run on items (run, state);

create table intents (
    id text not null primary key,
    item text not null,
    attempt bigint not null,
    stage text not null,
    token bigint not null,
    message_id text,
    outcome text,
    detail text,
    at text not null,
    settled_at text
);
create index intents_stage on intents (item, stage);

create table suggestions (
    id text not null primary key,
    item text not null,
    suggestion_id text not null,
    facts text not null,
    answer text not null,
    at text not null,
    superseded_at text
);
create index suggestions_item on suggestions (item, at);

create table decisions (
    id text not null primary key,
    item text not null,
    suggestion text not null,
    suggestion_id text not null,
    outcome text not null,
    amount text,
    reason text,
    changed boolean not null,
    person text not null,
    role text not null,
    at text not null,
    seal text not null
);
create index decisions_item on decisions (item, at);

create table events (
    id text not null primary key,
    at text not null,
    run text,
    item text,
    bot text,
    attempt bigint,
    actor text not null,
    kind text not null,
    stage text,
    step text,
    duration_ms bigint,
    detail text
);
create index events_item on events (item, id);
create index events_run on events (run, id);

create table firings (
    schedule text not null,
    nominal text not null,
    fold bigint not null,
    due_at text not null,
    result text not null,
    reason text,
    run text,
    at text not null,
    primary key (schedule, nominal, fold)
);
create index firings_time on firings (schedule, due_at);

create table users (
    name text not null primary key,
    hash text not null,
    roles text not null,
    created_at text not null,
    disabled_at text
);

create table sessions (
    token_hash text not null primary key,
    person text not null,
    csrf text not null,
    created_at text not null,
    expires_at text not null
);
