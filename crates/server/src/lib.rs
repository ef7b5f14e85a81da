//! The binary's own room: configuration, the command line, the listener, the log and the figures.

pub mod acme;
pub mod answers;
pub mod backups;
pub mod cli;
mod coming;
mod compress;
pub mod config;
pub mod dns;
pub mod doctor;
mod figures;
pub mod forwarded;
pub mod hook;
pub mod house;
mod linger;
pub mod listen;
pub mod logs;
pub mod mail;
#[cfg(target_env = "musl")]
mod memory;
pub mod metrics;
pub mod notify;
pub mod open_files;
pub mod plain;
mod proxy_protocol;
pub mod shutdown;
mod threshold;
pub mod tls;
pub mod workers;
