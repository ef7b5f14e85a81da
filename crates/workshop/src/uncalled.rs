//! Systems without seccomp: nothing is taken away.

use std::io;

/// Takes nothing away: there is no way to.
///
/// # Errors
/// None.
pub(crate) fn decode_only() -> io::Result<()> {
    Ok(())
}

/// As [`decode_only`].
///
/// # Errors
/// None.
pub(crate) fn convert_only() -> io::Result<()> {
    Ok(())
}
