-- Other servers: who lives there, what they sent, what they are still to be sent.

-- What is known of somebody who lives elsewhere, beside the profile in `accounts`.
create table actors (
    account_id bigint primary key references accounts (id),
    -- Host and port of the id: not always the domain of the handle.
    host text not null,
    inbox text not null,
    -- The server's inbox for all of its people; '' when it has none.
    shared_inbox text not null default '',
    outbox text,
    followers text,
    following text,
    featured text,
    featured_tags text,
    avatar text,
    header text,
    avatar_description text not null default '',
    header_description text not null default '',
    -- JSON: [{"shortcode","url"}]
    emojis text not null default '[]',
    -- JSON: ["https://…"]
    also_known_as text not null default '[]',
    -- Whether their own server suspended them.
    is_suspended_at_home boolean not null default false,
    -- When the document was last fetched, or came by itself.
    fetched_at bigint not null,
    -- When posts and pins were last fetched.
    backfilled_at bigint
);
create index actors_host on actors (host, account_id);
create index actors_shared_inbox on actors (shared_inbox);
create index actors_followers on actors (followers) where followers is not null;

-- Their public keys, by the name that signatures give them.
create table actor_keys (
    id text primary key,
    account_id bigint not null references accounts (id),
    -- `pem` or `multibase`.
    form text not null,
    material text not null
);
create index actor_keys_account on actor_keys (account_id);

-- Our own key pairs; 0 stands for the server's own actor.
create table key_pairs (
    account_id bigint primary key,
    -- PKCS#8, sealed.
    private_key bytea not null,
    public_pem text not null,
    created_at bigint not null
);

-- Other names of local people (alsoKnownAs).
create table aliases (
    account_id bigint not null references accounts (id),
    uri text not null,
    created_at bigint not null,
    primary key (account_id, uri)
);

-- A server, by host and port: how it is reached and what went wrong.
create table hosts (
    host text primary key,
    -- What NodeInfo said.
    software text,
    software_version text,
    -- `cavage` or `rfc9421`: the signature it took last.
    dialect text not null default 'cavage',
    -- Deliveries to it: in whose hands, until when, and when to look again (null: nothing waits).
    leased_by text,
    leased_until bigint not null default 0,
    next_at bigint,
    -- 0: it takes what it gets; 1: nothing is known yet; 2: it fails.
    standing bigint not null default 1,
    -- Nothing is sent there before: it asked for that, or it failed too often.
    blocked_until bigint not null default 0,
    -- Failures in a row, and when the row began.
    failures bigint not null default 0,
    first_failed_at bigint,
    last_failed_at bigint,
    last_error text,
    last_succeeded_at bigint,
    last_received_at bigint,
    -- Different days with failures since the last success; the last of them (days since 1970).
    failed_days bigint not null default 0,
    last_failed_day bigint,
    -- Since when nothing new is sent there but deletions.
    unavailable_since bigint,
    created_at bigint not null
);
create index hosts_next on hosts (standing, next_at) where next_at is not null;

-- Activities on their way out: each written once, however many inboxes it goes to.
create table outgoing (
    id bigint primary key,
    -- Who signs; 0 stands for the server's own actor.
    account_id bigint not null,
    payload text not null,
    -- What it is about: of one object the last word counts.
    object text not null,
    -- The status whose author is told how many deliveries expired.
    status_id bigint,
    n_expired bigint not null default 0,
    created_at bigint not null
);
create index outgoing_object on outgoing (object);
create index outgoing_status on outgoing (status_id) where status_id is not null;

create table deliveries (
    id bigint primary key,
    outgoing_id bigint not null references outgoing (id),
    host text not null,
    inbox text not null,
    -- Lower goes first: deletions and blocks, direct posts, posts, boosts, likes.
    priority bigint not null,
    run_at bigint not null,
    attempts bigint not null default 0,
    expires_at bigint not null,
    -- Worth sending to a server that is otherwise given up: deletions.
    is_last_word boolean not null
);
create index deliveries_host on deliveries (host, priority, id);
create index deliveries_outgoing on deliveries (outgoing_id, host);

-- Activities that were taken in, so that twice is the same as once.
create table received (
    uri text primary key,
    received_at bigint not null
);
create index received_age on received (received_at);

-- Objects that were deleted before they came.
create table tombstones (
    uri text primary key,
    created_at bigint not null
);
create index tombstones_age on tombstones (created_at);

-- What is known of a post from elsewhere, beside its row in `statuses`.
create table remote_statuses (
    status_id bigint primary key references statuses (id),
    -- JSON: [{"kind","url","preview_url","media_type","description","blurhash","focus","width","height"}]
    attachments text not null default '[]',
    -- JSON: [{"shortcode","url"}]
    emojis text not null default '[]',
    -- What it answers, while that is not known here.
    in_reply_to_uri text,
    replies text,
    context text,
    -- As the origin counts; null: not said.
    origin_replies bigint,
    origin_reblogs bigint,
    origin_favourites bigint,
    -- Emoji reactions, as many as came.
    n_reactions bigint not null default 0,
    fetched_at bigint not null
);
create index remote_statuses_parent on remote_statuses (in_reply_to_uri) where in_reply_to_uri is not null;

create table reactions (
    status_id bigint not null references statuses (id),
    account_id bigint not null references accounts (id),
    content text not null,
    uri text,
    created_at bigint not null,
    primary key (status_id, account_id, content)
);
create index reactions_account on reactions (account_id);

-- What is decided about whole domains, subdomains included.
create table domain_blocks (
    domain text primary key,
    -- `silence`, `suspend` or `noop`.
    severity text not null,
    rejects_media boolean not null default false,
    rejects_reports boolean not null default false,
    private_comment text,
    public_comment text,
    created_at bigint not null
);
create table domain_allows (
    domain text primary key,
    created_at bigint not null
);

-- Activities that began something are named when it is taken back.
alter table follows add column uri text;
alter table follow_requests add column uri text;
alter table favourites add column uri text;
alter table blocks add column uri text;
alter table poll_votes add column uri text;
-- The thread's name in the network.
alter table conversations add column uri text;
create unique index conversations_uri on conversations (uri) where uri is not null;
create index follow_requests_uri on follow_requests (uri) where uri is not null;
create index follows_uri on follows (uri) where uri is not null;
create index favourites_uri on favourites (uri) where uri is not null;
create index quotes_uri on quotes (quoted_uri) where quoted_uri is not null;
