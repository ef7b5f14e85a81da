-- Files of other servers that were looked at here: one row for each address and what it is wanted for.
create table remote_files (
    id bigint primary key,
    url text not null,
    -- `attachment`, `thumbnail`, `avatar`, `header`, `emoji` or `card`.
    purpose text not null,
    host text not null,
    -- Why nothing came of it, and until when it is not asked for again; null when something did.
    failure text,
    retry_at bigint,
    -- Failures in a row.
    n_failures bigint not null default 0,
    -- When it was last asked for.
    asked_at bigint not null
);
create unique index remote_files_url on remote_files (url, purpose);
create index remote_files_host on remote_files (host);

-- What was made of them, on the files shelf. The row is there before the file and goes after it.
create table remote_versions (
    file_key text primary key,
    remote_file_id bigint not null references remote_files (id),
    -- `original`, `small` or `static`.
    version text not null,
    n_bytes bigint not null,
    -- 0 goes first, 1 last.
    rank bigint not null,
    -- `writing`, `kept` or `leaving`.
    state text not null,
    -- When somebody last looked at it, within some minutes; of what is not kept: since when it is not.
    used_at bigint not null
);
create index remote_versions_file on remote_versions (remote_file_id);
create index remote_versions_used on remote_versions (rank, used_at) where state = 'kept';
create index remote_versions_between on remote_versions (used_at) where state <> 'kept';

-- Bytes of all of these files, those that are being written or removed among them. One row.
create table remote_usage (
    id bigint primary key,
    n_bytes bigint not null
);
insert into remote_usage (id, n_bytes) values (1, 0);
