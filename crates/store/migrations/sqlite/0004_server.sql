-- What the server says about itself and offers to everybody.
create table custom_emojis (
    id integer primary key,
    shortcode text not null unique,
    -- Where the picture lies on the files shelf, and its media type.
    file text not null,
    content_type text not null,
    category text,
    is_visible boolean not null default true,
    created_at bigint not null
);

create table rules (
    id integer primary key,
    position bigint not null,
    text text not null,
    hint text not null default '',
    -- JSON: {"de": {"text": "…", "hint": "…"}}
    translations text not null default '{}',
    created_at bigint not null
);

create table announcements (
    id integer primary key,
    text text not null,
    starts_at bigint,
    ends_at bigint,
    is_all_day boolean not null default false,
    published_at bigint not null,
    updated_at bigint not null
);

create table announcement_dismissals (
    account_id bigint not null references accounts (id),
    announcement_id bigint not null references announcements (id),
    created_at bigint not null,
    primary key (account_id, announcement_id)
) without rowid;

create table terms_of_service (
    -- `YYYY-MM-DD`.
    effective_date text primary key,
    text text not null,
    created_at bigint not null
) without rowid;

-- Accounts put before somebody by hand.
create table suggestions (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;

-- Trends that staff allowed by hand, above what the counts say.
create table featured_trends (
    -- `tag`.
    kind text not null,
    name text not null,
    created_at bigint not null,
    primary key (kind, name)
) without rowid;
