-- What Kollega made a suggestion of, and what it answered, under a seal: a row that was changed in the database is not
-- decided on. One from before this has none: its item is run again.
alter table suggestions add column seal text;
