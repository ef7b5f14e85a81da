//! The verbs on real databases of both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod apps;
mod people;
mod relationships;
mod remote_files;
mod search;
mod statuses;
mod users;
