-- Which bots a node can't read, and why: JSON, a list.
alter table nodes add column unreadable text not null default '[]';
