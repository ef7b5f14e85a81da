//! What every request passes.

mod cors;
mod routes;
