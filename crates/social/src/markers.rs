//! How far somebody has read, the same on all their devices.

use phiomia_model::{AccountId, Error, Refusal};
use phiomia_store::{
    Tx,
    db::markers::{self, Marked, MarkerView},
};

/// Notes how far timelines were read; gives the markers that were named, as they are now. What says nothing new changes
/// nothing.
///
/// # Errors
/// Refused when another device was faster (`409`).
pub fn put(tx: &Tx<'_>, me: AccountId, read: &[(Marked, i64)]) -> Result<Vec<MarkerView>, Error> {
    let known = markers::list(tx, me)?;
    for (timeline, last_read_id) in read {
        let old = known.iter().find(|marker| marker.timeline == *timeline);
        if old.is_some_and(|old| old.last_read_id == *last_read_id) {
            continue;
        }
        if !markers::put(tx, me, *timeline, *last_read_id, old.map(|old| old.version))? {
            return Err(Refusal::Conflict("Conflict during update, please try again".to_owned()).into());
        }
    }
    let mut now = markers::list(tx, me)?;
    now.retain(|marker| read.iter().any(|(timeline, _)| *timeline == marker.timeline));
    Ok(now)
}
