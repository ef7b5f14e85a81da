-- What of this server's own pictures was missing: emoji that move have one that does not beside them.
alter table custom_emojis add column still text;

-- Whether somebody here takes part in a thread is asked for every old post of another server.
create index statuses_conversation_local on statuses (conversation_id) where is_local and conversation_id is not null;
