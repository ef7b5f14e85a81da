-- Passkeys: public keys that sign in, and the handle by which authenticators know an account without naming anybody.
alter table users add column passkey_handle blob;
-- The address somebody wants to have, until they confirm that it is theirs.
alter table users add column pending_email text;

create table passkeys (
    id bigint primary key,
    account_id bigint not null references accounts (id),
    credential_id blob not null,
    public_key blob not null,
    sign_count bigint not null,
    nickname text not null,
    created_at bigint not null,
    last_used_at bigint
);
create unique index passkeys_by_credential on passkeys (credential_id);
create index passkeys_by_account on passkeys (account_id, id);
