//! Posts.

mod acts;
mod create;
mod edit;
mod thread;
