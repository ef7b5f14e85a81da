-- More about other servers: who follows whom is compared, relays, what comes before what it is about.

-- Whether who follows the sender at the receiver's server is told along (FEP-8fcf).
alter table outgoing add column tells_followers boolean not null default false;

-- Servers that pass public posts on, by the inbox they take them at.
create table relays (
    id bigint primary key,
    inbox text not null unique,
    host text not null,
    -- Whom the server itself follows there (LitePub); null: it follows the public (Mastodon).
    actor text,
    -- The number at the end of the `Follow`'s id.
    number bigint not null,
    -- `pending`, `accepted`, `rejected` or `disabled`.
    state text not null,
    created_at bigint not null
);

-- Reactions to posts that are not here yet: worked through once more when the post comes.
create table early_activities (
    id bigint primary key,
    object text not null,
    signer bigint not null,
    body text not null,
    created_at bigint not null
);
create index early_activities_object on early_activities (object);
create index early_activities_age on early_activities (created_at);

-- It answers a post that is not here: it is an answer all the same.
alter table statuses add column answers_unknown boolean not null default false;
update statuses set answers_unknown = true where in_reply_to_id is null and reblog_of_id is null
    and id in (select status_id from remote_statuses where in_reply_to_uri is not null);
-- It was news when it came, and goes into feeds when what it answers is here.
alter table remote_statuses add column is_held boolean not null default false;
-- JSON: who may like, answer and boost it, where its author restricts that; null: everybody who sees it.
alter table remote_statuses add column interaction_policy text;
