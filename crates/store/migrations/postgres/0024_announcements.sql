-- An announcement may wait for its time, and be taken down without being forgotten.
alter table announcements add column is_published boolean not null default true;
-- When it is published by itself; null: it was published by hand, or is a draft.
alter table announcements add column scheduled_at bigint;

-- Who reacted to an announcement with which emoji: itself, or the name of a custom one.
create table announcement_reactions (
    announcement_id bigint not null references announcements (id),
    name text not null,
    account_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (announcement_id, name, account_id)
);
create index announcement_reactions_account on announcement_reactions (account_id);

-- Tags are looked for by how they begin, and compared byte by byte, as SQLite does.
alter table tags alter column name type text collate "C";
