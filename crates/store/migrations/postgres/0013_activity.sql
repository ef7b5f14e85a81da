-- Who was here in which week, counted from the first Monday of 1970: for the weekly figures of the instance.
create table active_weeks (
    week bigint not null,
    account_id bigint not null references accounts (id),
    primary key (week, account_id)
);
create index active_weeks_account on active_weeks (account_id);
