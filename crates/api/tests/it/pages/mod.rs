//! The pages people sign in with.

mod owner;
mod sign_in;
