//! Films, and sounds in the same containers: read as far as they tell what they are, never decoded.

pub(crate) mod mp4;
pub(crate) mod webm;
