//! The database facade: what must hold whatever the tables are.

mod cluster;
mod facade;
mod plans;
mod postgres;
mod schema;
