//! Pictures of all kinds, made here, and what is kept of them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod avif;
mod boxes;
mod films;
mod hostile;
mod jpeg;
mod made;
mod pictures;
mod reels;
mod wire;
