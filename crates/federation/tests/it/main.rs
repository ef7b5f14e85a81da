//! Speaking with other servers, which are little HTTP servers of the test on this machine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod deliver;
mod inbox;
mod neighbour;
mod town;
