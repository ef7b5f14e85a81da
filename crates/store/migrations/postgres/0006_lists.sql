-- Lists of people, each with a feed of its own.
create table lists (
    id bigint primary key,
    account_id bigint not null references accounts (id),
    title text not null,
    -- `followed`, `list` or `none`.
    replies_policy text not null default 'list',
    -- Members do not show in home.
    is_exclusive boolean not null default false,
    created_at bigint not null
);
create index lists_account on lists (account_id, id);

create table list_accounts (
    list_id bigint not null references lists (id),
    account_id bigint not null references accounts (id),
    -- Whose list it is, also here: a post asks for the owners of the lists that have its author.
    owner_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (list_id, account_id)
);
create index list_accounts_account on list_accounts (account_id, owner_id);
create index list_accounts_owner on list_accounts (owner_id);

create table list_feed (
    list_id bigint not null,
    status_id bigint not null,
    author_id bigint not null,
    reblog_of_id bigint,
    primary key (list_id, status_id)
);
create index list_feed_status on list_feed (status_id);
create index list_feed_reblog on list_feed (list_id, reblog_of_id) where reblog_of_id is not null;
