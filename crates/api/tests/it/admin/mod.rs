//! What staff does, and how it is seen from the other side.

mod domains;
mod guard;
mod hosts;
