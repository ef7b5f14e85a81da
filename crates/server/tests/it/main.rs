//! The server from outside its library: configuration, the listener, and the order of the house.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod cli;
mod config;
mod documents;
mod ffmpeg;
mod house;
mod kit;
mod listen;
mod mail;
mod program;
mod tls;
mod workers;
mod workshop;
