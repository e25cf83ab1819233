-- What a person is called in decisions and letters, where that is not the name they sign in with.
alter table users add column full_name text;
alter table decisions add column person_name text;
