//! api

pub mod peer;
