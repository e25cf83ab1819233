-- The reasons for a decision as the applicant reads them. The text that the decision was made with stands in the decision,
-- under its seal; here is every version before it: the robot's draft, and each edit that a person kept. Personal.
alter table decisions add column motivation text;

create table motivations (
    id text not null primary key,
    item text not null,
    suggestion text not null,
    answer text not null,
    text text not null,
    person text,
    at text not null
);
create index motivations_item on motivations (item, id);
