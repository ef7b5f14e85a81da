//! What an engine's error means for the act that met it.

use std::fmt;

use phiomia_model::Fault;

/// What to do about a failed statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A unique key is taken: run the act again with fresh ids, at most a few times.
    Taken,
    /// Another transaction was in the way: run the act again.
    Contention,
    /// The database is away, busy, full or read-only: passes by itself.
    Away,
    /// Anything else is a bug or a broken file.
    Other,
}

/// The source inside a [`Fault`] of this room.
#[derive(Debug)]
pub(super) struct EngineError {
    pub(super) cause: Cause,
    message: String,
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for EngineError {}

/// A fault with its cause inside.
pub(super) fn fault(doing: &str, cause: Cause, message: String) -> Fault {
    let fault = Fault::because(doing, EngineError { cause, message });
    if matches!(cause, Cause::Away | Cause::Contention) { fault.transient() } else { fault }
}

/// What a transaction found that another, which committed meanwhile, did first: the act runs again, and sees it.
pub(super) fn lost_race(doing: &str, to: &str) -> Fault {
    fault(doing, Cause::Contention, to.to_owned())
}

/// The cause inside a fault; `Other` for faults from elsewhere.
pub(super) fn cause(fault: &Fault) -> Cause {
    std::error::Error::source(fault).and_then(|s| s.downcast_ref::<EngineError>()).map_or(Cause::Other, |e| e.cause)
}
