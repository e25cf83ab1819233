-- Circuits: which systems new work is kept from, by the credential they are signed in to with. `id` is system/credential.
create table circuits (
    id text not null primary key,
    system text not null,
    credential text not null,
    state text not null,
    kind text,
    failures bigint not null default 0,
    last_holder text,
    opened_at text,
    retry_at text,
    wait_ms bigint not null default 0,
    probe text,
    signing_in text,
    proven_at text,
    updated_at text not null
);
create index circuits_system on circuits (system);

-- The circuit that an item or a run waits for.
alter table items add column circuit text;
alter table items add column claimed_at text;
alter table runs add column circuit text;
alter table runs add column not_before text;
create index items_circuit on items (circuit) where circuit is not null;
-- How long items usually take.
create index items_usual on items (bot, claimed_at) where state = 'done';

-- Alerts: what is wrong and since when. At most one open of a kind about a subject.
create table alerts (
    id text not null primary key,
    kind text not null,
    subject text not null,
    opened_at text not null,
    seen_at text not null,
    closed_at text,
    since text not null,
    count bigint not null,
    detail text not null,
    told_at text,
    told_count bigint not null default 0,
    clear_told boolean not null default false
);
create unique index alerts_open on alerts (kind, subject) where closed_at is null;
create index alerts_opened on alerts (opened_at);

-- What is to be sent about alerts, written down before it is sent.
create table alert_messages (
    id text not null primary key,
    channel text not null,
    target text not null,
    subject text not null,
    body text not null,
    state text not null,
    tries bigint not null default 0,
    next_at text not null,
    token bigint not null default 0,
    lease_until text,
    error text,
    created_at text not null,
    sent_at text
);
create index alert_messages_waiting on alert_messages (next_at) where state = 'waiting';
create index alert_messages_created on alert_messages (created_at);
