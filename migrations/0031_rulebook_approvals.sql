-- Each approval of a rule book's version, as it was made. `rulebooks` keeps the first; a version that is approved again,
-- after another, has one more here, and is the one in use.
create table rulebook_approvals (
    book text not null,
    sha256 text not null,
    approved_at text not null,
    approved_by text not null,
    note text not null,
    primary key (book, sha256, approved_at)
);
insert into rulebook_approvals (book, sha256, approved_at, approved_by, note)
select book, sha256, approved_at, coalesce(approved_by, ''), coalesce(note, '') from rulebooks where approved_at is not null;
