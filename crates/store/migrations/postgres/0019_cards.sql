-- What is known of pages that posts link to.
create table cards (
    id bigint primary key,
    url text not null unique,
    -- JSON; null when nothing is known of the page, or not yet.
    facts text,
    -- When the page was last asked for.
    asked_at bigint not null,
    -- The post for which it is asked for; null when that is done.
    asked_for bigint
);
create index cards_asked on cards (asked_at);

-- Which page a post shows.
create table status_cards (
    status_id bigint primary key,
    card_id bigint not null references cards (id)
);
create index status_cards_card on status_cards (card_id, status_id);
