-- When the origin was last asked how much it counts: followers and posts of people, what was done with posts.
alter table actors add column counted_at bigint;
alter table remote_statuses add column counted_at bigint;
-- Whoever is forgotten for good is no longer named as who was answered; without this, all posts were read for each.
create index statuses_answered on statuses (in_reply_to_account_id) where in_reply_to_account_id is not null;
