-- What staff decides about people, servers and sign-ups, and who of them decided it.

-- Decisions about domains have a number, and may be published with the name half hidden.
alter table domain_blocks add column id bigint not null default 0;
alter table domain_blocks add column obfuscates boolean not null default false;
update domain_blocks set id = (created_at / 1000) * 65536
    + (select count(*) from domain_blocks other where other.domain < domain_blocks.domain);
create unique index domain_blocks_id on domain_blocks (id);
alter table domain_allows add column id bigint not null default 0;
update domain_allows set id = (created_at / 1000) * 65536
    + (select count(*) from domain_allows other where other.domain < domain_allows.domain);
create unique index domain_allows_id on domain_allows (id);

-- Who of the staff is on it, and who dealt with it.
alter table reports add column assigned_id bigint;
alter table reports add column resolved_by_id bigint;
alter table reports add column updated_at bigint not null default 0;
update reports set updated_at = coalesce(resolved_at, created_at);
-- What staff is told of; the same people may report more than once.
alter table notifications add column report_id bigint;
drop index notifications_once;
create unique index notifications_once on notifications (account_id, type, from_account_id, coalesce(status_id, 0),
    coalesce(report_id, 0), (case when type in ('update', 'quoted_update') then id else 0 end));

-- Where somebody signed up from, and with which app (not a reference: apps come and go).
alter table users add column sign_up_address text;
alter table users add column sign_up_app_id bigint;

-- What a moderator did about somebody, with the words for them.
create table strikes (
    id bigint primary key,
    account_id bigint not null references accounts (id),
    moderator_id bigint not null references accounts (id),
    report_id bigint references reports (id),
    -- `none`, `sensitive`, `disable`, `silence` or `suspend`.
    action text not null,
    text text not null default '',
    created_at bigint not null
);
create index strikes_account on strikes (account_id, id);

-- Whose addresses nobody signs up with; subdomains included.
create table email_domain_blocks (
    id bigint primary key,
    domain text not null unique,
    -- Who signs up with one is looked at by staff, and not refused.
    allows_with_approval boolean not null default false,
    created_at bigint not null
);
-- Tries to sign up with one, for a week.
create table email_domain_tries (
    block_id bigint not null references email_domain_blocks (id),
    -- Days since 1970.
    day bigint not null,
    address text not null,
    n bigint not null,
    primary key (block_id, day, address)
);

-- Network addresses under a rule.
create table ip_blocks (
    id bigint primary key,
    -- `192.0.2.0/24`.
    addresses text not null unique,
    -- `sign_up_requires_approval`, `sign_up_block` or `no_access`.
    severity text not null,
    comment text not null default '',
    expires_at bigint,
    created_at bigint not null
);

-- E-mail addresses nobody signs up with, as hashes of what is left without dots and what follows a plus.
create table canonical_email_blocks (
    id bigint primary key,
    -- SHA-256 in hexadecimal.
    hash text not null,
    -- Whose suspension it came with; null: made by hand.
    account_id bigint references accounts (id),
    created_at bigint not null
);
create unique index canonical_email_blocks_hash on canonical_email_blocks (hash);
create index canonical_email_blocks_account on canonical_email_blocks (account_id) where account_id is not null;
