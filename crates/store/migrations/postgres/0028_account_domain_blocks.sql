-- Whole domains that somebody does not want to hear of.
create table account_domain_blocks (
    account_id bigint not null references accounts (id),
    domain text not null,
    id bigint not null,
    created_at bigint not null,
    primary key (account_id, domain)
);
create unique index account_domain_blocks_id on account_domain_blocks (account_id, id);
