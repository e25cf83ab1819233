-- Schedules: paused ones, starts by other things than the clock, runs that are asked to stop, approved scripts.

-- When the schedule was first seen; who paused it, when and why; when it went on.
alter table watches add column since text;
alter table watches add column paused_at text;
alter table watches add column paused_by text;
alter table watches add column paused_reason text;
alter table watches add column resumed_at text;

-- What started it: 'schedule' is the clock; for the others `nominal` is the cause, which makes the start one.
alter table firings add column trigger text not null default 'schedule';

-- How long it may take and then take to stop, in seconds; when and why it was asked to stop; when it was no longer
-- waited for. `pin` says which of the approved scripts it is held to: none, 'newest_approved' or 'exact'.
alter table runs add column max_runtime_s bigint;
alter table runs add column stop_grace_s bigint;
alter table runs add column stop_at text;
alter table runs add column stop_reason text;
alter table runs add column pin text;
create index runs_schedule on runs (schedule, created_at);
create index runs_ended on runs (bot, ended_at);

-- The scripts that a person has approved, as they stood.
create table scripts (
    bot text not null,
    version text not null,
    script text not null,
    approved_at text not null,
    approved_by text not null,
    note text not null,
    primary key (bot, version)
);
