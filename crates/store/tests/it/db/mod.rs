//! The database facade: what must hold whatever the tables are.

mod facade;
mod schema;
