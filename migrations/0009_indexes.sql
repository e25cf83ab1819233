-- Lists and claims stay quick with a million items and ten million events.
--
-- An index costs at every write, and on PostgreSQL a change of any indexed column costs an entry in every index of the
-- row: so there are few, and none has a column that changes at every step of a bot (lease_until, updated_at).
-- Ids are made of the database's time: a list in order of id is in order of time.

-- The claim reads the first entry of each of these, for each pool of the worker.
drop index items_claim;
create index items_ready on items (pool, priority desc, created_at, id) where state = 'ready';
create index items_deferred on items (pool, not_before, id) where state = 'deferred';
create index items_held on items (pool, priority desc, created_at, id) where state = 'in_progress';

-- Lists by state, and by state and bot; the counts of both.
create index items_state on items (state, id, bot);
create index items_counts on items (state, bot);
-- An item by its reference, or by a part of it.
create index items_reference on items (reference, id);

-- Runs by bot, newest first, and those of a schedule that are open.
drop index runs_bot;
create index runs_bot on runs (bot, id);
create index runs_open_schedule on runs (schedule) where state in ('queued', 'running');

-- The suggestion in force.
create index suggestions_in_force on suggestions (item, id) where superseded_at is null;

-- The pictures of items that are open.
create index events_screenshots on events (item, id) where kind = 'screenshot';
