//! Speaking with client apps: Mastodon's client interface, version 4.7, and the pages people sign in with.

pub mod gate;
mod health;
pub mod oauth;
pub mod pages;
pub mod peer;
mod routes;
pub mod settings;
mod state;

pub use routes::{router, table};
pub use state::{Api, Parts};
