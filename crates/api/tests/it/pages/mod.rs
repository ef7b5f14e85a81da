//! The pages people sign in with.

mod owner;
mod settings;
mod sign_in;
mod two_factor;
