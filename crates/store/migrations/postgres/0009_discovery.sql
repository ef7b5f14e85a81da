-- Finding people: the directory, suggestions that somebody does not want again, and when a setting was written.
create table suggestion_dismissals (
    account_id bigint not null references accounts (id),
    target_id bigint not null references accounts (id),
    created_at bigint not null,
    primary key (account_id, target_id)
);
create index accounts_directory on accounts (coalesce(last_status_day, 0), id) where is_discoverable;
create index accounts_popular on accounts (followers_count, id) where is_discoverable;
alter table settings add column updated_at bigint;
