-- The id and the page of a post written here follow from the author's (db/names.rs): no row holds them any more.
alter table statuses alter column uri drop not null;
update statuses set uri = null, url = null
    where is_local
        and uri = (select a.uri from accounts a where a.id = statuses.account_id) || '/statuses/' || id
            || case when reblog_of_id is null then '' else '/activity' end;
-- A page's address, typed into the search, finds its post or its author.
create index statuses_url on statuses (url) where url is not null;
create index accounts_url on accounts (url);
