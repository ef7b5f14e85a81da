//! Systems without Landlock: what a child may reach is bounded by the number of its descriptors alone.

use std::{io, path::Path};

/// What this process may still reach.
pub(crate) struct Reach<'a> {
    /// The program it becomes.
    pub(crate) program: Option<&'a Path>,
}

/// Takes nothing away: there is no way to.
///
/// # Errors
/// None.
pub(crate) fn confine(_reach: &Reach<'_>) -> io::Result<()> {
    Ok(())
}

/// Cannot be asked for here; the limit of processor time ends what is left alone.
///
/// # Errors
/// None.
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(())
}
