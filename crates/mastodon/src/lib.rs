//! The client wire: what stands in the requests and answers of Mastodon's client interface, version 4.7.
//!
//! A pure room: no clock, no randomness, no network, no disk. Seen by `api` alone.

pub mod entities;
pub mod form;
pub mod paging;
pub mod stream;

pub use form::Tree;
pub use paging::{Paged, page};
