//! The pages people sign in with, and those that anybody may read.

mod owner;
mod settings;
mod sign_in;
mod two_factor;
mod visitors;
