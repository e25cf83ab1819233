-- Passwords tried lately, by the hash of the name given (people type passwords into the name field), for the throttle.

create table sign_in_tries (
    id text not null primary key,
    name_hash text not null,
    at text not null
);
create index sign_in_tries_name on sign_in_tries (name_hash, at);
