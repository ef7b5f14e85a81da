//! Streaming on a real port, with a WebSocket client of another make.

mod connection;
mod event_source;
mod filters;
mod public;
mod station;
mod subscriptions;
mod user;
