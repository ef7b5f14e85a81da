//! Sounds in containers of their own: read as far as they tell what they are, never decoded.

pub(crate) mod flac;
mod id3;
pub(crate) mod ogg;
pub(crate) mod stream;
pub(crate) mod wav;
