-- Posts that quote another. A quote has a state of its own: the quoted author's consent, which may be taken back.
create table quotes (
    status_id bigint primary key references statuses (id),
    account_id bigint not null references accounts (id),
    quoted_status_id bigint references statuses (id),
    quoted_account_id bigint references accounts (id),
    state text not null,
    -- For posts of other servers: the quoted post's name while it is not known here, and the consent's.
    quoted_uri text,
    approval_uri text,
    created_at bigint not null
);
create index quotes_quoted on quotes (quoted_status_id, status_id) where quoted_status_id is not null;
create index quotes_account on quotes (account_id);
create index quotes_quoted_account on quotes (quoted_account_id) where quoted_account_id is not null;
alter table statuses add column quotes_count bigint not null default 0;
-- Edits of one quoted post notify each time too.
drop index notifications_once;
create unique index notifications_once on notifications (account_id, type, from_account_id, coalesce(status_id, 0),
    (case when type in ('update', 'quoted_update') then id else 0 end));
