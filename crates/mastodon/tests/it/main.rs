//! The entities against the documentation and against what they were yesterday.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on shall fail")]

mod entities;
mod samples;
