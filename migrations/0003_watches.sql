-- Until when each schedule's nominal times have been handled, so that none is lost while nothing runs.
create table watches (
    schedule text not null primary key,
    handled_until text not null
);
