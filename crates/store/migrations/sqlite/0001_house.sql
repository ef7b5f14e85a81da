-- What the house itself needs: settings, jobs, and events left by commands.
create table settings (
    name text primary key,
    value text not null
) without rowid;

create table jobs (
    id integer primary key,
    lane text not null,
    priority bigint not null,
    kind text not null,
    payload text not null,
    run_at bigint not null,
    attempts bigint not null default 0,
    crashes bigint not null default 0,
    leased_by text,
    last_error text,
    parked_at bigint,
    created_at bigint not null
);
create index jobs_due on jobs (lane, priority, run_at, id) where parked_at is null;

create table foreign_events (
    id integer primary key,
    event text not null
);

-- Rate buckets that must survive a restart: sign-in, codes, mail.
create table rate_buckets (
    bucket text not null,
    who text not null,
    window_start bigint not null,
    count bigint not null,
    ends_at bigint not null,
    primary key (bucket, who)
) without rowid;

-- One row for each PostgreSQL connection that writes, counting its transactions: when the answer to a commit is lost,
-- the count says whether it happened. (SQLite answers its own commits and leaves the table empty.)
create table write_marks (
    worker integer primary key,
    n bigint not null,
    marked_at bigint not null
);
