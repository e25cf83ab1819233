-- Rule books: each version that was approved or has answered, whole, so that it can be loaded again for ever. A version
-- is the SHA-256 of its content; the label is what people call it.
create table rulebooks (
    book text not null,
    sha256 text not null,
    label text not null,
    kept_at text not null,
    approved_at text,
    approved_by text,
    note text,
    primary key (book, sha256)
);
create table rulebook_files (
    book text not null,
    sha256 text not null,
    path text not null,
    content text not null,
    primary key (book, sha256, path)
);

-- The versions that a schedule's run is held to: JSON, by book.
alter table runs add column rulebooks text;

-- Which version answered, whether it was approved then, and which version of the program.
alter table suggestions add column rulebook text;
alter table suggestions add column sha256 text;
alter table suggestions add column approved boolean;
alter table suggestions add column program text;

-- The checks, one a night, that every stored suggestion is answered again as it was. Of those that are not, the ids.
create table replays (
    night text not null primary key,
    worker text not null,
    token bigint not null default 1,
    lease_until text,
    started_at text not null,
    ended_at text,
    answered bigint not null default 0,
    differing bigint not null default 0,
    detail text not null
);
