//! The shelves against real SQLite files, a real PostgreSQL and a real Redis.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod db;
mod files;
mod live;
