//! People.

mod find;
mod profile;
mod relations;
