-- From whom people want to be told, and what is held back because of it.
alter table notifications add column is_filtered boolean not null default false;
create index notifications_filtered on notifications (account_id, from_account_id, id) where is_filtered;

-- No row: the defaults. Each: `accept`, `filter` or `drop`.
create table notification_policies (
    account_id integer primary key references accounts (id),
    not_following text not null,
    not_followers text not null,
    new_accounts text not null,
    private_mentions text not null,
    limited_accounts text not null,
    bots text not null,
    updated_at bigint not null
);

-- Whoever was let in is not weighed again.
create table notification_permissions (
    account_id bigint not null references accounts (id),
    from_account_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (account_id, from_account_id)
) without rowid;

-- Senders of whom mentions or quotes are held back.
create table notification_requests (
    id integer primary key,
    account_id bigint not null references accounts (id),
    from_account_id bigint not null references accounts (id),
    created_at bigint not null,
    updated_at bigint not null
);
create unique index notification_requests_sender on notification_requests (account_id, from_account_id);
create index notification_requests_account on notification_requests (account_id, id);
