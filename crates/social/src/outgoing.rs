//! Leaving word for other servers, in the transaction of what there is to tell.

use phiomia_model::{Error, Job, Outgoing};
use phiomia_store::{Tx, db::federation::actors};

/// Leaves word; `false` when nobody elsewhere is known, and so nobody is to be told anything.
pub(crate) fn tell(tx: &Tx<'_>, what: Outgoing) -> Result<bool, Error> {
    if !actors::is_anybody_known(tx)? {
        return Ok(false);
    }
    tx.enqueue(&Job::Federate { what })?;
    Ok(true)
}
