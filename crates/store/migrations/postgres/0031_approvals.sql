-- Authors elsewhere may want to be asked before somebody answers, boosts or favourites their posts.
-- `pending`, `accepted` or `rejected`; null: nobody has to be asked.
alter table statuses add column approval text;
-- Where they allow it.
alter table statuses add column stamp text;
alter table favourites add column is_pending boolean not null default false;
alter table favourites add column stamp text;
