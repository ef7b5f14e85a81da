-- Tags that people follow, and those they show on their profiles.
create table tag_follows (
    account_id bigint not null references accounts (id),
    tag_id bigint not null references tags (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, tag_id)
) without rowid;
create index tag_follows_tag on tag_follows (tag_id, account_id);
create index tag_follows_account on tag_follows (account_id, id);

create table featured_tags (
    id integer primary key,
    account_id bigint not null references accounts (id),
    tag_id bigint not null references tags (id),
    -- Public and unlisted posts of the account under the tag, and the newest of them.
    statuses_count bigint not null,
    last_status_id bigint,
    created_at bigint not null
);
create unique index featured_tags_account on featured_tags (account_id, tag_id);
create index featured_tags_tag on featured_tags (tag_id);
