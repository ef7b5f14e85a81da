//! What we fetch from elsewhere: people, posts, threads. Network first, then one transaction.

mod account;
mod approval;
mod document;
mod finger;
pub(crate) mod manners;
mod quote;
mod status;
mod thread;

pub(crate) use approval::Done;
pub use document::Missing;
pub use status::Found;
pub(crate) use status::{Reach, boost_visibility, genuine_note};
