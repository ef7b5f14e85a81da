//! Files in, pictures out: what a file is, and what is kept of it. Pure: bytes in, bytes out.
//!
//! What a stranger made is decoded in a child process alone ([`wire`]); this room does not know where it runs.

mod picture;
mod purpose;
mod sniff;
mod unfit;
pub mod wire;

pub use picture::{Picture, Version, prepare};
pub use purpose::Purpose;
pub use sniff::{Format, PICTURE_TYPES};
pub use unfit::Unfit;
