-- Which parts of their profile people show: a tab of media, answers in it, a tab of what is featured.
alter table accounts add column shows_media boolean not null default true;
alter table accounts add column shows_media_replies boolean not null default true;
alter table accounts add column shows_featured boolean not null default true;
