-- JSON: whom somebody's bio and fields name, as far as they were known when these were written; null for nobody.
alter table users add column mentions text;
