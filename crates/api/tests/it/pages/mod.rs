//! The pages people sign in with, and those that anybody may read.

mod email;
mod filters;
mod interaction;
mod leave;
mod owner;
mod passkeys;
mod password;
mod settings;
mod sign_in;
mod sign_up;
mod two_factor;
mod visitors;
