-- What the picture of an address looks like from afar: pages that show it are told so, also when it lies here already.
alter table remote_files add column blurhash text;
alter table remote_files add column width bigint;
alter table remote_files add column height bigint;

-- Which upload a key of its sender stands for: sent once more, it is the same one.
create table upload_keys (
    account_id bigint not null references accounts (id),
    upload_key text not null,
    media_id bigint not null,
    created_at bigint not null,
    primary key (account_id, upload_key)
) without rowid;
create index upload_keys_age on upload_keys (created_at);
