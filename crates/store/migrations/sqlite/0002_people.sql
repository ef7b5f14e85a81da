-- People, their apps and sessions, and how they relate to each other.
-- Local accounts have the domain '' (not null: a unique index admits doubles of null).
create table accounts (
    id integer primary key,
    username text not null,
    username_key text not null,
    domain text not null default '',
    uri text not null unique,
    url text not null,
    display_name text not null default '',
    note text not null default '',
    -- JSON: [{"name","value","verified_at"?}]
    fields text not null default '[]',
    is_locked boolean not null default false,
    is_bot boolean not null default false,
    is_group boolean not null default false,
    is_discoverable boolean not null default false,
    is_indexable boolean not null default false,
    hides_collections boolean not null default false,
    is_memorial boolean not null default false,
    -- JSON: ["example.org"]
    attribution_domains text not null default '[]',
    moved_to_id bigint references accounts (id),
    suspended_at bigint,
    silenced_at bigint,
    sensitized_at bigint,
    -- Set when the person asked for deletion; the row stays so that the name is never given to somebody else.
    deleted_at bigint,
    created_at bigint not null,
    -- Days since 1970.
    last_status_day bigint,
    statuses_count bigint not null default 0,
    followers_count bigint not null default 0,
    following_count bigint not null default 0
);
create unique index accounts_handle on accounts (username_key, domain);
create index accounts_moved on accounts (moved_to_id) where moved_to_id is not null;

create table users (
    account_id integer primary key references accounts (id),
    email text not null default '',
    email_key text not null default '',
    password_hash text,
    role text not null default 'user',
    locale text not null default 'en',
    created_at bigint not null,
    confirmed_at bigint,
    approved_at bigint,
    disabled_at bigint,
    invite_request text,
    last_sign_in_at bigint,
    last_active_day bigint,
    -- When the home feed was last asked for: feeds of people long away are not written.
    home_seen_at bigint,
    default_visibility bigint not null default 0,
    default_sensitive boolean not null default false,
    default_language text,
    default_quote_policy text not null default 'public',
    otp_secret blob,
    otp_confirmed_at bigint
);
create unique index users_email on users (email_key) where email_key <> '';

create table apps (
    id integer primary key,
    client_id text not null unique,
    client_secret_hash blob not null,
    name text not null,
    website text,
    -- JSON: ["https://…"]
    redirect_uris text not null,
    scopes text not null,
    is_confidential boolean not null default true,
    -- Whether it ever got a token: one that did not is forgotten after a day.
    is_used boolean not null default false,
    created_at bigint not null
);

create index apps_unused on apps (created_at) where not is_used;

create table authorization_codes (
    code_hash blob primary key,
    app_id bigint not null references apps (id),
    account_id bigint not null references accounts (id),
    redirect_uri text not null,
    scopes text not null,
    code_challenge text,
    created_at bigint not null,
    expires_at bigint not null,
    -- The token it gave; a second use revokes that token.
    token_id bigint
);
create index authorization_codes_app on authorization_codes (app_id);
create index authorization_codes_account on authorization_codes (account_id);
create index authorization_codes_expiry on authorization_codes (expires_at);

create table tokens (
    id integer primary key,
    token_hash blob not null unique,
    app_id bigint not null references apps (id),
    account_id bigint references accounts (id),
    scopes text not null,
    created_at bigint not null,
    last_used_day bigint
);
create index tokens_account on tokens (account_id) where account_id is not null;
create index tokens_app on tokens (app_id);

create table sessions (
    id integer primary key,
    session_hash blob not null unique,
    account_id bigint not null references accounts (id),
    user_agent text not null default '',
    address text not null default '',
    created_at bigint not null,
    last_seen_at bigint not null
);
create index sessions_account on sessions (account_id);

-- One-time links: first owner, sign-in by the command line, password reset, e-mail confirmation.
create table one_time_links (
    token_hash blob primary key,
    purpose text not null,
    account_id bigint references accounts (id),
    detail text,
    created_at bigint not null,
    expires_at bigint not null
);
create index one_time_links_account on one_time_links (account_id) where account_id is not null;
create index one_time_links_expiry on one_time_links (expires_at);

create table follows (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    id bigint not null unique,
    shows_reblogs boolean not null default true,
    notifies boolean not null default false,
    -- JSON list of language codes; null for all.
    languages text,
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
create index follows_target on follows (target_id, id);
create index follows_account on follows (account_id, id);

create table follow_requests (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    id bigint not null unique,
    shows_reblogs boolean not null default true,
    notifies boolean not null default false,
    languages text,
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
create index follow_requests_target on follow_requests (target_id, id);

create table blocks (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
create index blocks_target on blocks (target_id, account_id);
create index blocks_account on blocks (account_id, id);

create table mutes (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    id bigint not null unique,
    hides_notifications boolean not null default true,
    expires_at bigint,
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
create index mutes_account on mutes (account_id, id);
create index mutes_expiry on mutes (expires_at) where expires_at is not null;

-- Followed accounts shown on one's profile.
create table endorsements (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    id bigint not null unique,
    created_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
create index endorsements_account on endorsements (account_id, id);

-- What somebody noted about somebody else, for their own eyes.
create table account_notes (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    comment text not null,
    updated_at bigint not null,
    primary key (account_id, target_id)
) without rowid;
