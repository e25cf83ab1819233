-- Several machines: which workers may take a run and its items.
alter table runs add column pool text not null default 'default';
alter table items add column pool text not null default 'default';
