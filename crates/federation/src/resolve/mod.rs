//! What we fetch from elsewhere: people, posts, threads. Network first, then one transaction.

mod account;
mod document;
mod finger;
mod status;
mod thread;

pub use document::Missing;
pub use status::Found;
pub(crate) use status::{boost_visibility, genuine_note};
pub(crate) use thread::THREAD_REST;
