-- What people here uploaded. A post keeps a copy of what it shows; the row says whose the files are, and whether they go.
create table media (
    id integer primary key,
    account_id bigint not null references accounts (id),
    -- The post it was attached to; an edit that takes it away does not change this, for earlier texts still show it.
    status_id bigint,
    -- The post that waits for its time with it.
    scheduled_id bigint,
    -- JSON: what `statuses.media` holds a list of.
    facts text not null,
    n_bytes bigint not null,
    -- When it was uploaded, or came free of a post.
    created_at bigint not null
);
create index media_account on media (account_id, id);
create index media_status on media (status_id) where status_id is not null;
create index media_scheduled on media (scheduled_id) where scheduled_id is not null;
create index media_loose on media (created_at) where status_id is null and scheduled_id is null;

-- JSON, a list of what the post shows in its order; null for nothing.
alter table statuses add column media text;
alter table status_edits add column media text;

-- JSON: the files of the picture, of one that does not move, and what there is to see.
alter table users add column avatar text;
alter table users add column header text;
