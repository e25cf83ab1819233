-- Several machines: which workers may take a run and its items, which programs are up, and whose keys are in use.
alter table runs add column pool text not null default 'default';
alter table items add column pool text not null default 'default';

-- One row for each program that works here, by its own word; it says so again every few seconds.
create table nodes (
    name text not null primary key,
    kind text not null,
    pools text not null,
    sessions bigint not null,
    version text not null,
    secrets text not null,
    draining boolean not null,
    started_at text not null,
    seen_at text not null
);

-- What every node must have the same: fingerprints, never keys.
create table fingerprints (
    name text not null primary key,
    fingerprint text not null,
    at text not null
);
