-- Direct conversations, muted threads, polls, posts that wait for their time, and how far somebody has read.

-- A conversation as one person has it in their list: direct posts of one thread between the same people.
create table account_conversations (
    id integer primary key,
    account_id bigint not null references accounts (id),
    conversation_id bigint not null references conversations (id),
    -- The others, as sorted ids with commas between; empty for posts to nobody.
    participants text not null,
    -- The newest of account_conversation_statuses.
    last_status_id bigint not null,
    is_unread boolean not null
);
create unique index account_conversations_once on account_conversations (account_id, conversation_id, participants);
create index account_conversations_last on account_conversations (account_id, last_status_id);
create index account_conversations_conversation on account_conversations (conversation_id);

create table account_conversation_statuses (
    account_conversation_id bigint not null references account_conversations (id),
    status_id bigint not null references statuses (id),
    primary key (account_conversation_id, status_id)
) without rowid;
create index account_conversation_statuses_status on account_conversation_statuses (status_id);

create table conversation_mutes (
    account_id bigint not null references accounts (id),
    conversation_id bigint not null references conversations (id),
    created_at bigint not null,
    primary key (account_id, conversation_id)
) without rowid;
create index conversation_mutes_conversation on conversation_mutes (conversation_id);

create table polls (
    id integer primary key,
    status_id bigint not null unique references statuses (id),
    is_multiple boolean not null,
    hides_totals boolean not null,
    -- Null: open for ever, as some of other servers are.
    expires_at bigint,
    -- When its end was told; null while it is open.
    closed_at bigint,
    voters_count bigint not null default 0
);

create table poll_options (
    poll_id bigint not null references polls (id),
    -- From 0.
    position bigint not null,
    title text not null,
    votes_count bigint not null default 0,
    primary key (poll_id, position)
) without rowid;

create table poll_votes (
    poll_id bigint not null references polls (id),
    account_id bigint not null references accounts (id),
    position bigint not null,
    created_at bigint not null,
    primary key (poll_id, account_id, position)
) without rowid;
create index poll_votes_account on poll_votes (account_id);

-- JSON: ["yes", "no"]; null for a revision without a poll.
alter table status_edits add column poll_options text;

create table scheduled_statuses (
    id integer primary key,
    account_id bigint not null references accounts (id),
    scheduled_at bigint not null,
    -- JSON: the draft.
    draft text not null,
    created_at bigint not null
);
create index scheduled_statuses_account on scheduled_statuses (account_id, id);

create table markers (
    account_id bigint not null references accounts (id),
    -- `home` or `notifications`.
    timeline text not null,
    last_read_id bigint not null,
    -- Counts the changes, so that a lost race is seen.
    version bigint not null,
    updated_at bigint not null,
    primary key (account_id, timeline)
) without rowid;
