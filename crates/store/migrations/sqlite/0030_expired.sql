-- Deliveries to each server that were given up.
alter table hosts add column n_expired bigint not null default 0;
