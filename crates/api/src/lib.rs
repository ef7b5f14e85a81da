//! Speaking with client apps: Mastodon's client interface, version 4.7, and the pages people sign in with.

mod accounts;
mod admin;
mod announcements;
mod conversations;
pub mod doctor;
mod domain_blocks;
mod federation;
mod filters;
pub mod gate;
mod health;
mod inbox;
mod instance;
mod lists;
mod markers;
mod media;
mod notifications;
pub mod oauth;
pub mod pages;
pub mod peer;
mod pictures;
mod polls;
mod refresh;
pub mod render;
mod reports;
mod routes;
mod scheduled;
mod search;
pub mod settings;
mod state;
mod statuses;
pub mod streaming;
mod tags;
mod timelines;

pub use media::convert;
pub use routes::{router, router_of, table};
pub use state::{Api, Parts};
