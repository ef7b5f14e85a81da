-- People are told what moderators decided about them, and which follows ended by it.
alter table notifications add column subject_id bigint;
drop index notifications_once;
create unique index notifications_once on notifications (account_id, type, from_account_id, coalesce(status_id, 0),
    coalesce(report_id, 0), coalesce(subject_id, 0),
    (case when type in ('update', 'quoted_update') then id else 0 end));

-- Follows that somebody here lost at once.
create table severances (
    id bigint primary key,
    account_id bigint not null references accounts (id),
    -- `domain_block`, `user_domain_block` or `account_suspension`.
    kind text not null,
    -- The domain, or the account.
    target_name text not null,
    n_followers bigint not null,
    n_following bigint not null,
    created_at bigint not null
);
create index severances_account on severances (account_id);
