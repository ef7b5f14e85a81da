-- What people and other servers told moderators.
create table reports (
    id integer primary key,
    -- Who reports; the actor of another server when that passed a report on.
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    -- `spam`, `legal`, `violation` or `other`.
    category text not null,
    comment text not null,
    -- JSON lists of numbers.
    status_ids text not null default '[]',
    rule_ids text not null default '[]',
    is_forwarded boolean not null default false,
    -- Of a report from elsewhere, so that twice is once.
    uri text,
    resolved_at bigint,
    created_at bigint not null
);
create unique index reports_uri on reports (uri) where uri is not null;
create index reports_open on reports (id) where resolved_at is null;
create index reports_target on reports (target_id);
create index reports_account on reports (account_id);
