-- Words of posts, by the post. The words come folded and cut from the text room; nothing of the text is kept here.
create table status_words (
    status_id bigint primary key,
    words tsvector not null
);
create index status_words_words on status_words using gin (words) with (fastupdate = off);
