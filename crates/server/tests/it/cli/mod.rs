//! The commands and the server together, as programs, on both engines.

mod account;
mod announcement;
mod backup;
mod copy;
mod db;
mod emoji;
mod host;
mod init;
mod ip_block;
mod jobs;
mod kit;
mod media;
mod relay;
mod search;
mod seed;
mod serve;
mod settings;
mod statuses;
mod systemd;
mod token;
