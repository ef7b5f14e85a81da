-- Whether it shows pictures, sound or video, wherever they lie: where few posts do, timelines of media read no others.
alter table statuses add column has_media boolean not null default false;
update statuses set has_media = true
    where media is not null or id in (select r.status_id from remote_statuses r where r.attachments <> '[]');
create index statuses_media on statuses (id)
    where has_media and visibility = 0 and reblog_of_id is null and deleted_at is null;
create index statuses_local_media on statuses (id)
    where has_media and is_local and visibility = 0 and reblog_of_id is null and deleted_at is null;
create index statuses_account_media on statuses (account_id, id) where has_media and deleted_at is null;
-- Where most posts are of people here, the timeline of the others reads no others. Of these so many show something that
-- their timeline of media reads them all.
create index statuses_remote on statuses (id)
    where visibility = 0 and reblog_of_id is null and deleted_at is null and not is_local;
