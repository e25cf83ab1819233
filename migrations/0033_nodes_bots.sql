-- Which bots a node can't read, and why: JSON, a list.
alter table nodes add column unreadable text not null default '[]';
-- Tells whether two nodes have the same scripts.
alter table nodes add column bots text not null default '';
