-- Posts, what people did with them, feeds and notifications.
create table conversations (
    id integer primary key,
    created_at bigint not null
);

create table statuses (
    id integer primary key,
    account_id bigint not null references accounts (id),
    uri text not null unique,
    url text,
    -- As typed for local posts, HTML as received for remote ones; sanitised when shown.
    text text not null default '',
    spoiler_text text not null default '',
    visibility bigint not null,
    is_sensitive boolean not null default false,
    is_local boolean not null,
    language text,
    in_reply_to_id bigint references statuses (id),
    in_reply_to_account_id bigint references accounts (id),
    reblog_of_id bigint references statuses (id),
    conversation_id bigint references conversations (id),
    app_id bigint references apps (id),
    quote_policy text not null default 'public',
    created_at bigint not null,
    edited_at bigint,
    -- Nothing shows a deleted status; its row goes when the sweep has taken away what hangs on it.
    deleted_at bigint,
    replies_count bigint not null default 0,
    reblogs_count bigint not null default 0,
    favourites_count bigint not null default 0
);
create index statuses_account on statuses (account_id, id);
create index statuses_public on statuses (id) where visibility = 0 and reblog_of_id is null and deleted_at is null;
create index statuses_local on statuses (id)
    where visibility = 0 and reblog_of_id is null and deleted_at is null and is_local;
create index statuses_replies on statuses (in_reply_to_id, id) where in_reply_to_id is not null;
create unique index statuses_reblogs on statuses (reblog_of_id, account_id)
    where reblog_of_id is not null and deleted_at is null;
create index statuses_conversation on statuses (conversation_id, id) where conversation_id is not null;

create table status_edits (
    id integer primary key,
    status_id bigint not null references statuses (id),
    text text not null,
    spoiler_text text not null,
    is_sensitive boolean not null,
    created_at bigint not null
);
create index status_edits_status on status_edits (status_id, id);

create table mentions (
    status_id bigint not null references statuses (id),
    account_id bigint not null references accounts (id),
    -- The name as written, to find it again in the text.
    handle text not null,
    -- Kept after an edit took the name out of the text: who could read it still can.
    is_silent boolean not null default false,
    primary key (status_id, account_id)
) without rowid;
create index mentions_account on mentions (account_id, status_id);

create table tags (
    id integer primary key,
    -- Lower case.
    name text not null unique,
    display_name text not null,
    is_trendable boolean not null default false,
    created_at bigint not null
);

create table status_tags (
    tag_id bigint not null references tags (id),
    status_id bigint not null references statuses (id),
    primary key (tag_id, status_id)
) without rowid;
create index status_tags_status on status_tags (status_id);

create table favourites (
    account_id bigint not null references accounts (id),
    status_id bigint not null references statuses (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, status_id)
) without rowid;
create index favourites_status on favourites (status_id, id);
create index favourites_account on favourites (account_id, id);

create table bookmarks (
    account_id bigint not null references accounts (id),
    status_id bigint not null references statuses (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, status_id)
) without rowid;
create index bookmarks_status on bookmarks (status_id);
create index bookmarks_account on bookmarks (account_id, id);

create table pins (
    account_id bigint not null references accounts (id),
    status_id bigint not null references statuses (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, status_id)
) without rowid;
create index pins_status on pins (status_id);

create table home_feed (
    account_id bigint not null,
    status_id bigint not null,
    author_id bigint not null,
    reblog_of_id bigint,
    primary key (account_id, status_id)
) without rowid;
create index home_feed_status on home_feed (status_id);
create index home_feed_reblog on home_feed (account_id, reblog_of_id) where reblog_of_id is not null;

create table notifications (
    id integer primary key,
    account_id bigint not null references accounts (id),
    from_account_id bigint not null references accounts (id),
    type text not null,
    status_id bigint references statuses (id),
    group_key text not null,
    created_at bigint not null
);
create index notifications_account on notifications (account_id, id);
create index notifications_status on notifications (status_id) where status_id is not null;
create index notifications_from on notifications (from_account_id);
-- The same thing notifies once; edits of one post notify each time.
create unique index notifications_once on notifications (account_id, type, from_account_id, coalesce(status_id, 0),
    (case when type = 'update' then id else 0 end));

create table idempotency_keys (
    account_id bigint not null references accounts (id),
    idempotency_key text not null,
    status_id bigint not null,
    created_at bigint not null,
    primary key (account_id, idempotency_key)
) without rowid;
create index idempotency_keys_age on idempotency_keys (created_at);
