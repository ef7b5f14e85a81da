//! The database facade: what must hold whatever the tables are.

mod certificates;
mod cluster;
mod copy;
mod facade;
mod federation;
mod plans;
mod postgres;
mod schema;
