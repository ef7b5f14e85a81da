-- What people do not want to see, or only behind a warning.
create table filters (
    id integer primary key,
    account_id bigint not null references accounts (id),
    title text not null,
    -- A JSON list of `home`, `notifications`, `public`, `thread`, `account`.
    contexts text not null,
    -- `warn`, `hide` or `blur`.
    action text not null,
    -- Null: never.
    expires_at bigint,
    created_at bigint not null
);
create index filters_account on filters (account_id, id);

create table filter_keywords (
    id integer primary key,
    filter_id bigint not null references filters (id),
    keyword text not null,
    is_whole_word boolean not null
);
create index filter_keywords_filter on filter_keywords (filter_id, id);

create table filter_statuses (
    id integer primary key,
    filter_id bigint not null references filters (id),
    status_id bigint not null
);
create unique index filter_statuses_filter on filter_statuses (filter_id, status_id);
create index filter_statuses_status on filter_statuses (status_id);
