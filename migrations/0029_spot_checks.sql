-- Spot checks of handled items: plans as recorded, monthly drawings with the list that they were drawn from, and what
-- reviewers found. Nothing here but spot_texts is personal; spot_texts goes with the item, the rest outlives it.

create table spot_plans (
    name text not null primary key,
    year bigint not null,
    purpose text not null,
    -- The file as it stood, and its SHA-256 in hex.
    body text not null,
    sha256 text not null,
    seed text not null,
    recorded_at text not null,
    recorded_by text not null
);

create table spot_draws (
    plan text not null,
    month text not null,
    drawn_at text not null,
    drawn_by text not null,
    -- How many handled items there were to draw from, and how many were handled but removed before.
    handled bigint not null,
    removed bigint not null,
    drawn bigint not null,
    -- JSON: the rate of each stratum, and why.
    rates text not null,
    -- Of the whole list with what was drawn.
    digest text not null,
    primary key (plan, month)
);

-- The list that was drawn from: every handled item of the month, drawn or not.
create table spot_rows (
    id text not null primary key,
    plan text not null,
    month text not null,
    -- A keyed hash of bot and reference, and the attempt.
    case_key text not null,
    item text not null,
    attempt bigint not null,
    bot text not null,
    handled_at text not null,
    stratum text not null,
    rank text not null,
    drawn boolean not null,
    unique (plan, month, case_key)
);
create index spot_rows_item on spot_rows (item);

create table spot_assessments (
    sample text not null primary key,
    reviewer text not null,
    -- When the reviewer had assessed it without seeing the suggestion, and the outcome; none where the purpose is control.
    blind_at text,
    own_outcome text,
    -- `agrees` or `error`.
    verdict text,
    error_kind text,
    -- Whom the error harms: `applicant`, `municipality` or `nobody`.
    harm text,
    classified_at text
);
create index spot_assessments_reviewer on spot_assessments (reviewer);

create table spot_texts (
    sample text not null primary key,
    item text not null,
    own_amount text,
    own_reason text,
    note text
);
create index spot_texts_item on spot_texts (item);

create index events_handled on events (at) where kind in ('done', 'handed_over');
