-- An item's deadline, its earlier attempts, what people have done to it, and the references of items that were removed.
-- Personal: operations.reason and attempts.reason. They go with the item.

alter table items add column deadline_at text;
-- When the present attempt was put in the queue; none for the first.
alter table items add column began_at text;
-- What a person wants done while a worker has the item, and who: `cancelled` or `handed_over`.
alter table items add column asked text;
alter table items add column asked_by text;
create index items_deadline on items (deadline_at) where deadline_at is not null;

create table attempts (
    item text not null,
    attempt bigint not null,
    began_at text not null,
    ended_at text not null,
    state text not null,
    stage text,
    code text,
    reason text,
    primary key (item, attempt)
);

create table operations (
    id text not null primary key,
    item text not null,
    attempt bigint not null,
    person text not null,
    operation text not null,
    reason text not null,
    at text not null
);
create index operations_item on operations (item, id);

-- Keyed hashes: nobody can read a reference from them, or try references out without the key.
create table removed_references (
    hash text not null primary key,
    at text not null
);
-- The fingerprint of the key that they were made with.
create table reference_keys (
    fingerprint text not null primary key
);
