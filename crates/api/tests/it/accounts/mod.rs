//! People.

mod discovery;
mod find;
mod profile;
mod relations;
mod sign_up;
