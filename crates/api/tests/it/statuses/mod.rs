//! Posts.

mod acts;
mod create;
mod edit;
mod quotes;
mod thread;
