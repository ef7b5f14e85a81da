-- Whoever removes a post asks for its boosts, deleted ones among them; without this, all posts were read each time.
create index statuses_boosts on statuses (reblog_of_id) where reblog_of_id is not null;
