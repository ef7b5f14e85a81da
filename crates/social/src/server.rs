//! What whoever runs the server says about it and offers to everybody.

use phiomia_model::{Event, Fault};
use phiomia_store::{Tx, db::settings};

/// Sets a setting; an empty value counts as never set. Whether it makes sense, the caller has looked at.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, key: &str, value: &str) -> Result<(), Fault> {
    settings::set(tx, key, value)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}
