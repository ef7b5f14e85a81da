//! What accounts do to each other, and what they see of it.

mod block;
mod follow;
mod lists;
mod mute;
mod personal;
