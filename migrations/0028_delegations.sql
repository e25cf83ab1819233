-- Delegations of decisions to the automated decision function (kommunallagen 6 kap. 37 §), as recorded by a person.
-- Nothing personal but the names of those who act for the municipality. A row is never removed; it may be ended.
create table delegations (
    id text not null primary key,
    bot text not null,
    case_kind text not null,
    -- JSON list of `approve` and `deny`.
    outcomes text not null,
    -- Kronor as text: the most that may be approved; none where only denial is delegated.
    max_amount text,
    -- Who decided to delegate, when, and under which reference.
    decided_by text not null,
    decided_on text not null,
    reference text not null,
    -- From the first moment of the first day to, exclusive, the first moment after the last; UTC.
    valid_from text not null,
    valid_until text,
    recorded_at text not null,
    recorded_by text not null,
    ended_at text,
    ended_by text,
    end_reason text,
    seal text not null
);
create index delegations_bot on delegations (bot);
-- The delegation that a decision in the function's own name rests on, with its reference; none where a person decided.
alter table decisions add column delegation text;
alter table decisions add column delegation_reference text;
