//! What every request passes.

mod cors;
mod input;
mod rate;
mod routes;
mod tokens;
