-- The second factor: which step of the authenticator app was used last, so that no code works twice, and recovery codes.
alter table users add column otp_last_step bigint;

create table recovery_codes (
    account_id bigint not null references accounts (id),
    code_hash blob not null,
    created_at bigint not null,
    primary key (account_id, code_hash)
) without rowid;
