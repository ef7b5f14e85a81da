//! The live shelf: what holds in memory and in Redis alike, and what only Redis has to show.

mod both;
mod redis;
mod server;
